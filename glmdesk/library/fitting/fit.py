"""Whether a model runs on a machine, and how to load it there: a verdict, a plan, one sentence. Pure."""

import math
from dataclasses import dataclass, field

from glmdesk.library.fitting import speed
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.fitting.placement import Placement, Share
from glmdesk.library.fitting.search import KINDS, Kind, Search
from glmdesk.library.fitting.speed import Speed
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.fitting.wishes import Wishes

__all__ = ["Kind", "Plan", "Wishes", "plan"]

_ANSWERS: dict[Speed, str] = {
    "fast: faster than reading": "Answers come faster than one reads.",
    "about reading speed": "Answers come about as fast as one reads.",
    "slow": "Answers come slowly.",
    "very slow": "Answers come very slowly.",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The best way to load a model here; of the kind "lacks", the one that lacks least."""

    kind: Kind
    verdict: str
    """A few words, for a pill."""
    sentence: str
    """The same for a person, with context and speed."""
    n_ctx: int
    n_ctx_largest: int
    """The largest context with a verdict of the same kind, in tokens; 0 where nothing fits."""
    n_gpu_layers: int
    """As LoadSpec takes it: -1 is all; with 0 the engine should be given no GPU at all."""
    n_cpu_moe: int
    mmproj_offload: bool
    memory: tuple[Share, ...]
    """The RAM first, then the GPUs."""
    lacks: int
    """Bytes that are missing; 0 where it fits."""
    speed: Speed
    exact: bool
    """False: from an estimate, before the header is known."""
    change: str = ""
    """What `ladder` has changed since the first try, for a person."""
    first: Placement | None = field(default=None, repr=False)
    """What was tried first, where `ladder` has changed it."""
    placement: Placement = field(repr=False)
    search: Search = field(repr=False)

    @property
    def fits(self) -> bool:
        return self.kind != "lacks"


def plan(weights: Weights, machine: Machine, wishes: Wishes | None = None) -> Plan:
    """The best that `machine` can do: rather the GPU than a long context, rather a long context than a
    short one, then as few layers and experts as possible off the GPU.

    `machine.gpus` are those that may be used; `machine.at_rest()` asks what it could do with nothing
    else running.
    """
    search = Search(weights, machine, wishes or Wishes())
    for kind in KINDS:
        for n_ctx in search.wishes.contexts(weights.dimensions):
            if placement := search.first_fitting(kind, n_ctx):
                return describe(search, placement, search.largest(kind, n_ctx))
    return describe(search, search.closest(), 0)


def describe(search: Search, placement: Placement, largest: int) -> Plan:
    """The plan that a placement is."""
    memory = search.memory(placement)
    lacks = sum(share.lacks for share in memory)
    kind: Kind = "lacks" if lacks else search.kind(placement)
    words = speed.in_words(search.tokens_per_s(placement))
    whole = placement.n_gpu_layers >= search.everything
    return Plan(
        kind=kind,
        verdict=_verdict(search, placement, kind, lacks),
        sentence=_sentence(search, placement, memory, words),
        n_ctx=placement.n_ctx,
        n_ctx_largest=largest,
        n_gpu_layers=-1 if whole else placement.n_gpu_layers,
        n_cpu_moe=placement.n_cpu_moe if placement.n_gpu_layers else 0,
        mmproj_offload=placement.mmproj_offload,
        memory=memory,
        lacks=lacks,
        speed=words,
        exact=search.weights.exact,
        placement=placement,
        search=search,
    )


def _verdict(search: Search, placement: Placement, kind: Kind, lacks: int) -> str:
    if kind == "lacks":
        return f"does not fit: lacks {_gigabytes(lacks)} GB"
    if kind == "slow":
        return "slow: mostly CPU"
    if kind == "experts":
        return f"runs with experts of {search.expert_layers(placement)} layers on the CPU"
    if kind == "gpu":
        return "runs on the GPU"
    return "runs on the CPU and the GPU" if placement.n_gpu_layers else "runs on the CPU"


def _gigabytes(size: int) -> str:
    """Rounded up: what lacks 10 MB does not lack nothing."""
    return f"{math.ceil(size / 1e8) / 10:,.1f}"


def _sentence(search: Search, placement: Placement, memory: tuple[Share, ...], words: Speed) -> str:
    missing = [f"{_gigabytes(one.lacks)} GB {_where(one)}" for one in memory if one.lacks]
    if missing:
        return (
            f"It needs {' and '.join(missing)} more than there is, for a context of "
            f"{placement.n_ctx:,} tokens. {_advice(search)}"
        )
    pictures = ""
    if search.weights.projector and placement.n_gpu_layers and not placement.mmproj_offload:
        pictures = " Pictures are looked at by the CPU, which takes a while."
    return (
        f"{_place(search, placement)}, with a context of {placement.n_ctx:,} tokens. "
        f"{_ANSWERS[words]}{pictures}"
    )


def _where(share: Share) -> str:
    return "of memory" if share.device == "RAM" else f"on {share.device}"


def _advice(search: Search) -> str:
    wishes = search.wishes
    if wishes.n_ctx or wishes.n_gpu_layers or wishes.n_cpu_moe is not None or wishes.mmproj_offload:
        return "Take a setting back, choose a smaller file of the model, or close other programs."
    return "Choose a smaller file of the model, or another model."


def _place(search: Search, placement: Placement) -> str:
    count = search.expert_layers(placement)
    if not placement.n_gpu_layers:
        return "It runs on the processor alone"
    if placement.n_gpu_layers < search.everything:
        return f"{placement.n_gpu_layers} of its {search.everything} layers run on the GPU"
    if count:
        return f"It runs on the GPU, with the experts of {count} layers in the machine's memory"
    return "All of it runs on the GPU"
