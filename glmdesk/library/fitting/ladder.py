"""The next smaller plan after one that ran out of memory while it was loaded, with what it gives up."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from glmdesk.library.fitting.fit import Plan, Wishes, describe
from glmdesk.library.fitting.placement import Placement
from glmdesk.library.fitting.search import Search

_MORE_EXPERTS, _FEWER_LAYERS = 4, 4
"""At a step: each one is a load that may take a minute."""

_WHY = "There was not enough memory to load it as planned."
_KILLED = "SIGKILL"
"""How the system ends a process when the machine's own memory has run out."""


def ladder(plan: Plan, wishes: Wishes, failure: str = "") -> Plan | None:
    """What to try next, or None when there is nothing smaller; `failure` is what the engine said.

    In this order: a smaller context, the projector on the CPU, experts of more layers on the CPU, fewer
    layers on the GPU, the CPU alone. What `wishes` sets stays as it is. `change` says all that differs
    from the plan that was tried first.
    """
    search = Search(plan.search.weights, plan.search.machine, wishes)
    steps: tuple[Callable[[Search, Placement], Iterator[Placement]], ...] = (
        _smaller_context, _projector, _more_experts, _fewer_layers, _processor,
    )  # fmt: skip
    first = plan.first or plan.placement
    for find in steps:
        for placement in find(search, plan.placement):
            if _helps(search, plan.placement, placement, killed=_KILLED in failure):
                largest = min(plan.n_ctx_largest, placement.n_ctx)
                smaller = describe(search, placement, largest)
                return replace(smaller, change=_changes(search, first, placement), first=first)
    return None


def _helps(search: Search, before: Placement, after: Placement, *, killed: bool) -> bool:
    """A step that only moves the shortage into the machine's memory is none."""
    (now, *_), (then, *_) = search.memory(before), search.memory(after)
    return then.used < now.used if killed else then.lacks <= now.lacks


def _smaller_context(search: Search, at: Placement) -> Iterator[Placement]:
    for n_ctx in search.wishes.contexts(search.weights.dimensions):
        if n_ctx < at.n_ctx:
            yield replace(at, n_ctx=n_ctx)


def _projector(search: Search, at: Placement) -> Iterator[Placement]:
    open = search.wishes.mmproj_offload is None and search.weights.projector
    if open and at.mmproj_offload:
        yield replace(at, mmproj_offload=False)


def _more_experts(search: Search, at: Placement) -> Iterator[Placement]:
    layers = len(search.weights.layers)
    open = search.wishes.n_cpu_moe is None and search.weights.has_experts
    if open and at.n_gpu_layers and at.n_cpu_moe < layers:
        yield replace(at, n_cpu_moe=min(layers, at.n_cpu_moe + _MORE_EXPERTS))


def _fewer_layers(search: Search, at: Placement) -> Iterator[Placement]:
    if search.wishes.n_gpu_layers is None and at.n_gpu_layers > _FEWER_LAYERS:
        yield replace(at, n_gpu_layers=at.n_gpu_layers - _FEWER_LAYERS)


def _processor(search: Search, at: Placement) -> Iterator[Placement]:
    if search.wishes.n_gpu_layers is None and at.n_gpu_layers:
        yield replace(at, n_gpu_layers=0, mmproj_offload=bool(search.wishes.mmproj_offload))


def _changes(search: Search, first: Placement, now: Placement) -> str:
    """All that was given up between two placements, a sentence each."""
    return " ".join((_WHY, *_context_change(first, now), *_device_changes(search, first, now)))


def _context_change(first: Placement, now: Placement) -> Iterator[str]:
    if now.n_ctx != first.n_ctx:
        yield f"The context is now {now.n_ctx:,} tokens instead of {first.n_ctx:,}."


def _device_changes(search: Search, first: Placement, now: Placement) -> Iterator[str]:
    if first.n_gpu_layers and not now.n_gpu_layers:
        yield "The model now runs on the processor alone, which is slow."
        return
    if now.mmproj_offload != first.mmproj_offload:
        yield "Pictures are now looked at by the CPU, which takes longer."
    if now.n_cpu_moe != first.n_cpu_moe:
        count = search.expert_layers(now)
        yield f"The experts of {count} layers are now on the CPU, which is slower."
    if now.n_gpu_layers != first.n_gpu_layers:
        yield (
            f"{now.n_gpu_layers} layers are now on the GPU instead of {first.n_gpu_layers}, which is "
            "slower."
        )
