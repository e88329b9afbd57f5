"""Find the best placement of a model on a machine, kind by kind. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from glmdesk.library.fitting import speed
from glmdesk.library.fitting.buffers import CONTEXT_STEP
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.fitting.placement import RAM, Options, Placement, Share, all_layers, memory
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.fitting.wishes import Wishes

Kind = Literal["gpu", "experts", "cpu", "slow", "lacks"]
KINDS: tuple[Kind, ...] = ("gpu", "experts", "cpu", "slow")
"""Those that run, from the best to the worst."""


@dataclass(frozen=True)
class Search:
    """Every placement that the wishes allow, on one machine."""

    weights: Weights
    machine: Machine
    wishes: Wishes

    @cached_property
    def options(self) -> Options:
        return self.wishes.options(self.weights.dimensions)

    @cached_property
    def everything(self) -> int:
        """`n_gpu_layers` that puts all layers on the GPU."""
        return all_layers(self.weights)

    def memory(self, placement: Placement) -> tuple[Share, ...]:
        return memory(self.weights, self.machine, placement, self.options)

    def tokens_per_s(self, placement: Placement) -> float:
        return speed.tokens_per_s(self.weights, self.machine, placement, self.options)

    def kind(self, placement: Placement) -> Kind:
        """What a placement is, if there is room for it."""
        if placement.n_gpu_layers >= self.everything:
            return "experts" if self.expert_layers(placement) else "gpu"
        return "cpu" if self.tokens_per_s(placement) >= speed.READING else "slow"

    def expert_layers(self, placement: Placement) -> int:
        """Layers that have experts, and have them on the CPU though they are on the GPU themselves."""
        first = placement.n_cpu_moe if placement.n_gpu_layers else 0
        return sum(1 for layer in self.weights.layers[:first] if layer.experts)

    def first_fitting(self, kind: Kind, n_ctx: int) -> Placement | None:
        """The best one of this kind with this context. What is slow may turn out not to be."""
        for placement in self._placements(kind, n_ctx):
            if self.lacks(placement) or (kind == "cpu" and self.kind(placement) != "cpu"):
                continue
            return placement
        return None

    def largest(self, kind: Kind, n_ctx: int) -> int:
        """The largest context of this kind that fits, where `n_ctx` does; more than the model was trained
        for is of no use."""
        low, high = n_ctx, max(n_ctx, self.weights.dimensions.n_ctx_train)
        while low < high:
            middle = min(high, (low + high) // 2 // CONTEXT_STEP * CONTEXT_STEP + CONTEXT_STEP)
            if self.first_fitting(kind, middle):
                low = middle
            else:
                high = max(low, middle - CONTEXT_STEP)
        return low

    def closest(self) -> Placement:
        """The one that lacks least, where none fits."""
        n_ctx = self.wishes.contexts(self.weights.dimensions)[-1]
        found = [
            one for kind in ("gpu", "experts", "slow") for one in self._placements(kind, n_ctx)
        ]
        return min(found, key=self.lacks)

    def lacks(self, placement: Placement) -> int:
        """Bytes, on all devices together."""
        return sum(share.lacks for share in self.memory(placement))

    def _placements(self, kind: str, n_ctx: int) -> Iterator[Placement]:
        """All of one kind, from the best to the worst."""
        on_gpu = self._gpu_layers
        if kind in ("gpu", "experts"):
            if on_gpu in (None, self.everything):
                yield from self._whole(kind, n_ctx)
        elif on_gpu != self.everything:
            yield from self._partial(n_ctx)

    def _whole(self, kind: str, n_ctx: int) -> Iterator[Placement]:
        for offload in self._projectors(True, False):
            for moved in self._moved_experts(kind, n_ctx, offload):
                yield Placement(
                    n_ctx=n_ctx,
                    n_gpu_layers=self.everything,
                    n_cpu_moe=moved,
                    mmproj_offload=offload,
                )

    def _moved_experts(self, kind: str, n_ctx: int, offload: bool) -> Iterator[int]:
        """For how many layers. Moving more only helps as long as the GPU lacks something."""
        wish = self._cpu_moe
        if kind == "gpu":
            yield from (0,) if not wish else ()
        elif wish is not None:
            yield from (wish,) if wish else ()
        elif self.weights.has_experts:
            low, high = 1, len(self.weights.layers)
            while low < high:
                middle = (low + high) // 2
                placement = Placement(
                    n_ctx=n_ctx, n_gpu_layers=self.everything, n_cpu_moe=middle,
                    mmproj_offload=offload,
                )  # fmt: skip
                short = any(one.lacks for one in self.memory(placement) if one.device != RAM)
                low, high = (middle + 1, high) if short else (low, middle)
            yield low

    def _partial(self, n_ctx: int) -> Iterator[Placement]:
        """Some layers on the GPU, with none of their experts; at last none."""
        moved = self._cpu_moe
        if moved is None:
            moved = len(self.weights.layers) if self.weights.has_experts else 0
        wish = self._gpu_layers
        for layers in range(self.everything - 1, -1, -1) if wish is None else (wish,):
            for offload in self._projectors(False):
                yield Placement(
                    n_ctx=n_ctx, n_gpu_layers=layers, n_cpu_moe=moved, mmproj_offload=offload
                )

    def _projectors(self, *usual: bool) -> tuple[bool, ...]:
        """Whether it goes to the GPU, from the best to the worst."""
        if not self.machine.usable_gpus():
            return (False,)
        wish = self.wishes.mmproj_offload
        if wish is None:
            return usual if self.weights.projector else usual[:1]
        return (wish,)

    @cached_property
    def _gpu_layers(self) -> int | None:
        """The wish, from 0 to `everything`."""
        wish = self.wishes.n_gpu_layers
        if not self.machine.usable_gpus():
            return 0
        return (
            wish if wish is None else min(wish, self.everything) if wish >= 0 else self.everything
        )

    @cached_property
    def _cpu_moe(self) -> int | None:
        wish, layers = self.wishes.n_cpu_moe, len(self.weights.layers)
        if not self.weights.has_experts:
            return 0
        return wish if wish is None else min(wish, layers) if wish >= 0 else layers
