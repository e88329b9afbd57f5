"""The context of a model as the settings want it: its size, the types of its cache, flash attention."""

from dataclasses import dataclass
from typing import Literal

from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.engines.llama.report import LoadReport
from glmdesk.errors import EngineError, EngineOutOfMemory
from glmdesk.library.gguf.header import Header

MAX_DEFAULT_CONTEXT = 16_384
SMALLEST_CONTEXT = 256
MICRO_BATCH = 512
MAX_OUTPUTS = 32
"""Rows of one batch that may give logits: every answer's next token, or one answer's guesses. With a
row for each of the batch, the logits of a large vocabulary would take 300 MB."""
_TYPES = {
    "f32": llama.GGML_TYPE_F32,
    "f16": llama.GGML_TYPE_F16,
    "bf16": 30,  # ggml.h; the binding has no name for it
    "q8_0": llama.GGML_TYPE_Q8_0,
    "q5_1": llama.GGML_TYPE_Q5_1,
    "q5_0": llama.GGML_TYPE_Q5_0,
    "q4_1": llama.GGML_TYPE_Q4_1,
    "q4_0": llama.GGML_TYPE_Q4_0,
}
_FLASH = {
    "auto": llama.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": llama.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": llama.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_BLOCK = 32
"""Values that a quantised cache packs together; a row must be a multiple of it."""


@dataclass(frozen=True, kw_only=True)
class CachePlan:
    """The types that the cache gets, where the settings cannot all hold; `notice` says what gave way."""

    type_k: str = "f16"
    type_v: str = "f16"
    flash_attention: Literal["auto", "on", "off"] = "auto"
    notice: str = ""


def plan_cache(spec: LoadSpec, header: Header) -> CachePlan:
    """What of the cache settings `header`'s model can have. A wish that it cannot have costs a notice,
    never the chat."""
    if spec.exact:
        return CachePlan(type_k="f32", type_v="f32", flash_attention="off")
    wanted_k, wanted_v = spec.cache_type_k or "f16", spec.cache_type_v or "f16"
    notices = []
    type_k = wanted_k if _fits(wanted_k, _row(header, "key")) else "f16"
    if type_k != wanted_k:
        notices.append(f"The keys of this model cannot be kept as {wanted_k}; f16 is used.")
    type_v = wanted_v
    if _is_latent(header):
        type_v = type_k
        if spec.cache_type_v not in ("", type_k):
            notices.append(f"This model keeps one cache for both; its type is {type_k}.")
    elif not _fits(wanted_v, _row(header, "value")):
        type_v = "f16"
        notices.append(f"The values of this model cannot be kept as {wanted_v}; f16 is used.")
    if _is_quantised(type_v) and spec.flash_attn == "off":
        notices.append(f"A cache of {type_v} needs flash attention, which is off; f16 is used.")
        type_v = "f16"
        type_k = "f16" if _is_latent(header) else type_k
    return CachePlan(
        type_k=type_k, type_v=type_v, flash_attention=spec.flash_attn, notice=" ".join(notices)
    )


def _is_quantised(name: str) -> bool:
    return name.startswith("q")


def _is_latent(header: Header) -> bool:
    return header.value("attention.key_length_mla") is not None


def _row(header: Header, part: str) -> int:
    """Numbers of one head's key or value; 0 where the header does not tell."""
    heads = header.number("attention.head_count")
    own = header.number("embedding_length") // heads if heads else 0
    return header.number(f"attention.{part}_length", own)


def _fits(name: str, row: int) -> bool:
    return not (_is_quantised(name) and row % _BLOCK)


def context_params(
    spec: LoadSpec, plan: CachePlan, trained: int, threads: int, flag: CancelFlag
) -> llama.llama_context_params:
    """`trained` is the longest chat the model knows, in tokens; more than that for each slot is never
    opened. `flag` stops a decode on the CPU."""
    slots = max(1, spec.n_slots)
    params = llama.llama_context_default_params()
    wanted = min(spec.n_ctx or MAX_DEFAULT_CONTEXT, trained * (slots if spec.n_ctx else 1))
    params.n_ctx = max(SMALLEST_CONTEXT, wanted)  # llama.cpp ends the process over a few cells
    params.n_batch = params.n_ubatch = MICRO_BATCH
    params.n_seq_max = slots
    params.kv_unified = True
    params.n_outputs_max = MAX_OUTPUTS
    params.n_threads = params.n_threads_batch = threads
    params.no_perf = True
    params.type_k, params.type_v = _TYPES[plan.type_k], _TYPES[plan.type_v]
    params.flash_attn_type = _FLASH[plan.flash_attention]
    params.abort_callback = flag.callback
    params.abort_callback_data = flag.data
    return params


def open_context(model: object, params: llama.llama_context_params, report: LoadReport) -> object:
    """A context over the weights at `model`. Raises EngineOutOfMemory, or EngineError with llama.cpp's
    reason."""
    context = llama.llama_init_from_model(model, params)
    if context:
        return context
    reason = report.reason()
    if report.lacked_memory or not reason:
        said = f" ({reason})" if reason else ""
        raise EngineOutOfMemory(
            f"There is not enough memory for a context of {params.n_ctx:,} tokens{said}. Your chats are "
            "safe. Set a smaller n_ctx in settings.toml, or a smaller type for the cache, as q8_0."
        )
    raise EngineError(
        f"llama.cpp could not make a context: {reason}. Your chats are safe. Look at n_ctx, "
        "cache_type_k, cache_type_v and flash_attn in settings.toml."
    )
