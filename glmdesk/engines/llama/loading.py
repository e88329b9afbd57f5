"""Everything a worker needs, loaded from the files that a LoadSpec names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from glmdesk.engines.base import ModelInfo
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.mtp import check_block
from glmdesk.engines.llama.native import start_library
from glmdesk.engines.llama.pages import use_large_pages
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.reading import PromptReader
from glmdesk.engines.llama.report import LoadReport
from glmdesk.engines.llama.saved import StateFolder
from glmdesk.engines.llama.vision import Vision
from glmdesk.errors import ModelError, ModelUnsupported
from glmdesk.library.gguf import header, preflight
from glmdesk.library.gguf.fingerprint import fingerprint
from glmdesk.library.gguf.header import Header
from glmdesk.library.gguf.pairs import check_pair
from glmdesk.sampling import Sampling

DEFAULT_MAX_PICTURE = 2048
"""Tokens of one picture where nothing else is said: the vision tower's memory grows with its square."""
DEFAULT_MIN_PICTURE = 8
MEMORY = ("weights", "cache", "compute", "output", "projector", "projector_compute", "total")
"""The parts of the report that are sizes."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model that can answer, and what it is."""

    model: LlamaModel
    vision: Vision | None
    reader: PromptReader
    states: StateFolder | None
    info: ModelInfo
    details: Mapping[str, Any]


def load(spec: LoadSpec, flag: CancelFlag, progress: Callable[[float], None]) -> Loaded:
    """Raises ModelError or EngineError with the reason, LoadCancelled when `flag` is set."""
    report = LoadReport()
    start_library(report)
    head = header.read(spec.model)
    preflight.check(head)
    spec, no_block = _with_usable_block(spec)
    model = LlamaModel(spec, head, flag, progress, report)
    vision, notice = _load_vision(spec, model, head)
    large = use_large_pages()
    vocabulary = model.vocabulary
    template = ChatTemplate(model.chat_template(), bos=vocabulary.bos, eos=vocabulary.eos)
    notices = (spec.notice, notice, model.plan.notice, no_block)
    return Loaded(
        model=model,
        vision=vision,
        reader=PromptReader(template, vocabulary, vision),
        states=_states(spec, model),
        info=_info(spec, model, vision, template, " ".join(filter(None, notices))),
        details={**_details(model, head, report), "large_pages": large},
    )


def _with_usable_block(spec: LoadSpec) -> tuple[LoadSpec, str]:
    """Without MTP when the file's block cannot be used; and a notice that says so."""
    try:
        if spec.mtp:
            check_block(spec.model)
    except ModelUnsupported as error:
        return replace(spec, mtp=False), error.message
    return spec, ""


def _info(
    spec: LoadSpec, model: LlamaModel, vision: Vision | None, template: ChatTemplate, notice: str
) -> ModelInfo:
    limit = spec.image_max_tokens or DEFAULT_MAX_PICTURE
    return ModelInfo(
        id=spec.id,
        name=spec.name,
        n_ctx=model.longest_chat,
        vision=vision is not None,
        thinking=template.has_thinking_switch(),
        image_min_tokens=(spec.image_min_tokens or DEFAULT_MIN_PICTURE) if vision else 0,
        image_max_tokens=limit if vision else 0,
        image_ceiling_tokens=max(limit, spec.image_ceiling_tokens) if vision else 0,
        sampling=spec.sampling or Sampling(),
        notice=notice,
        n_slots=model.n_slots,
        max_tokens=spec.max_tokens,
    )


def _details(model: LlamaModel, head: Header, report: LoadReport) -> Mapping[str, Any]:
    """What was used, as plain values; sizes in bytes under "memory"."""
    said = dict(report.report())
    memory = {part: said.pop(part) for part in MEMORY if said.get(part)}
    return {"architecture": head.architecture, "threads": model.threads, **said, "memory": memory}


def _states(spec: LoadSpec, model: LlamaModel) -> StateFolder | None:
    if spec.state is None:
        return None
    folder = StateFolder(spec.state, _context_key(spec, model))
    folder.prune()
    return folder


def _context_key(spec: LoadSpec, model: LlamaModel) -> str:
    """What gives the bytes of a saved cache their meaning."""
    files = [*preflight.shards(spec.model), *([spec.mmproj] if spec.mmproj else [])]
    plan = model.plan
    facts = (plan.type_k, plan.type_v, plan.flash_attention, version("llama-cpp-python"))
    return " ".join((fingerprint(files), *facts))


def _load_vision(spec: LoadSpec, model: LlamaModel, head: Header) -> tuple[Vision | None, str]:
    """A projector that does not fit costs the pictures, never the chat: the notice says so."""
    if spec.mmproj is None:
        return None, ""
    try:
        projector = header.read(spec.mmproj)
        preflight.check(projector)
        check_pair(head, projector)
        return Vision(model, spec), ""
    except ModelError as error:
        return None, error.message
