"""The next smaller plan after one that ran out of memory while it was loaded, with what it gives up."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from glmdesk.library.fit import Plan, Wishes, describe
from glmdesk.library.placement import Placement
from glmdesk.library.search import Search

_MORE_EXPERTS, _FEWER_LAYERS = 4, 4
"""At a step: each one is a load that may take a minute."""

_WHY = "There was not enough memory to load it as planned."
_KILLED = "SIGKILL"
"""How the system ends a process when the machine's own memory has run out."""

_Step = tuple[Placement, str]


def ladder(plan: Plan, wishes: Wishes, failure: str = "") -> Plan | None:
    """What to try next, or None when there is nothing smaller; `failure` is what the engine said.

    In this order: a smaller context, the projector on the CPU, experts of more layers on the CPU, fewer
    layers on the GPU, the CPU alone. What `wishes` sets stays as it is. `change` says what was changed.
    """
    search = Search(plan.search.weights, plan.search.machine, wishes)
    steps: tuple[Callable[[Search, Placement], Iterator[_Step]], ...] = (
        _smaller_context, _projector, _more_experts, _fewer_layers, _processor,
    )  # fmt: skip
    for find in steps:
        for placement, change in find(search, plan.placement):
            if _helps(search, plan.placement, placement, killed=_KILLED in failure):
                largest = min(plan.n_ctx_largest, placement.n_ctx)
                return describe(search, placement, largest, f"{_WHY} {change}")
    return None


def _helps(search: Search, before: Placement, after: Placement, *, killed: bool) -> bool:
    """A step that only moves the shortage into the machine's memory is none."""
    (now, *_), (then, *_) = search.memory(before), search.memory(after)
    return then.used < now.used if killed else then.lacks <= now.lacks


def _smaller_context(search: Search, at: Placement) -> Iterator[_Step]:
    for n_ctx in search.wishes.contexts(search.weights.dimensions):
        if n_ctx < at.n_ctx:
            smaller = replace(at, n_ctx=n_ctx)
            yield smaller, f"The context is now {n_ctx:,} tokens instead of {at.n_ctx:,}."


def _projector(search: Search, at: Placement) -> Iterator[_Step]:
    open = search.wishes.mmproj_offload is None and search.weights.projector
    if open and at.mmproj_offload:
        moved = replace(at, mmproj_offload=False)
        yield moved, "Pictures are now looked at by the CPU, which takes longer."


def _more_experts(search: Search, at: Placement) -> Iterator[_Step]:
    layers = len(search.weights.layers)
    open = search.wishes.n_cpu_moe is None and search.weights.has_experts
    if open and at.n_gpu_layers and at.n_cpu_moe < layers:
        count = min(layers, at.n_cpu_moe + _MORE_EXPERTS)
        moved = replace(at, n_cpu_moe=count)
        yield moved, f"The experts of {count} layers are now on the CPU, which is slower."


def _fewer_layers(search: Search, at: Placement) -> Iterator[_Step]:
    if search.wishes.n_gpu_layers is None and at.n_gpu_layers > _FEWER_LAYERS:
        count = at.n_gpu_layers - _FEWER_LAYERS
        fewer = replace(at, n_gpu_layers=count)
        yield (
            fewer,
            f"{count} layers are now on the GPU instead of {at.n_gpu_layers}, which is slower.",
        )


def _processor(search: Search, at: Placement) -> Iterator[_Step]:
    if search.wishes.n_gpu_layers is None and at.n_gpu_layers:
        alone = replace(at, n_gpu_layers=0, mmproj_offload=bool(search.wishes.mmproj_offload))
        yield alone, "The model now runs on the processor alone, which is slow."
