"""Where a model's memory lies when its layers, experts and projector are shared out in a given way."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate

from glmdesk.library.fitting import buffers
from glmdesk.library.fitting.buffers import CacheKind
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.weights import Tower, Weights

RAM = "RAM"
GPU_RESERVE, GPU_RESERVE_SHARE = 500_000_000, 0.05
"""What is left alone on each GPU: its driver's own memory, and the screen."""
RAM_RESERVE, RAM_RESERVE_SHARE = 1_500_000_000, 0.05
"""What is left to the system, the app and the browser."""
PARKED = 1 << 30
"""Bytes that chats may take which nobody answers now: see engines/llama/parking.py."""
SEEN = 512 << 20
"""Bytes of pictures that were looked at: see engines/llama/encoder.py."""
_SEEN_PICTURES = 16
_PIPELINED = 4
"""Micro-batches that llama.cpp works on at once where several GPUs have all layers."""
_CPU = -1


@dataclass(frozen=True, kw_only=True)
class Placement:
    """One way to load a model. Counts as llama.cpp takes them."""

    n_ctx: int
    n_gpu_layers: int
    """From the last layer on, the output among them."""
    n_cpu_moe: int = 0
    """Layers, from the first on, whose experts stay on the CPU."""
    mmproj_offload: bool = True


@dataclass(frozen=True, kw_only=True)
class Options:
    """What else decides about memory, and is the same in every placement that is tried."""

    cache: CacheKind = field(default_factory=CacheKind)
    n_slots: int = 4
    picture_tokens: int = 0
    """The largest picture; 0: llama.cpp's own test picture."""
    tensor_split: tuple[float, ...] = ()
    """Each GPU's share of the layers; none: by their free memory."""
    mtp: bool = False


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one device holds, in bytes, by part; `usable` is what it may hold at most."""

    device: str
    usable: int
    weights: int = 0
    cache: int = 0
    compute: int = 0
    projector: int = 0
    pictures: int = 0
    """What looking at them takes, and those that were looked at."""
    chats: int = 0
    """Chats that wait, outside the cache."""

    @property
    def used(self) -> int:
        return sum(getattr(self, part) for part in PARTS)

    @property
    def free(self) -> int:
        return max(0, self.usable - self.used)

    @property
    def lacks(self) -> int:
        return max(0, self.used - self.usable)


PARTS = tuple(item.name for item in fields(Share) if item.name not in ("device", "usable"))


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Which device has each layer, and the output last; -1 is the processor."""

    layers: tuple[int, ...]
    n_cpu_moe: int

    @classmethod
    def find(
        cls, weights: Weights, gpus: Sequence[Gpu], placement: Placement, options: Options
    ) -> "Homes":
        """As llama.cpp gives them: the last ones to the GPUs, shared by `tensor_split` or free memory."""
        blocks = len(weights.layers) + len(weights.nextn) + 1
        active = min(placement.n_gpu_layers, blocks) if gpus else 0
        ends = _split_ends(gpus, options.tensor_split)
        homes = [_CPU] * (blocks - active) + [
            min(bisect_right(ends, number / active), len(gpus) - 1) for number in range(active)
        ]
        return cls(layers=tuple(homes), n_cpu_moe=placement.n_cpu_moe)

    @property
    def output(self) -> int:
        return self.layers[-1]

    def experts(self, layer: int) -> int:
        return _CPU if layer < self.n_cpu_moe else self.layers[layer]


def _split_ends(gpus: Sequence[Gpu], split: Sequence[float]) -> list[float]:
    shares = list(split) or [float(gpu.free) for gpu in gpus]
    total = sum(shares) or 1.0
    return [end / total for end in accumulate(shares)]


def all_layers(weights: Weights) -> int:
    """`n_gpu_layers` that puts everything on the GPU."""
    return len(weights.layers) + len(weights.nextn) + 1


def memory(
    weights: Weights, machine: Machine, placement: Placement, options: Options
) -> tuple[Share, ...]:
    """What lies where: the RAM first, then each GPU.

    Where both are one memory, what the GPU holds is taken off the RAM's `usable`.
    """
    gpus = machine.usable_gpus() if placement.n_gpu_layers or placement.mmproj_offload else ()
    homes = Homes.find(weights, gpus, placement, options)
    held: dict[int, Counter[str]] = {device: Counter() for device in range(_CPU, len(gpus))}
    _add_weights(held, weights, homes, mtp=options.mtp)
    _add_cache(held, weights, homes, placement, options)
    _add_compute(held, weights, homes, placement, options)
    if weights.projector:
        seat = 0 if gpus and placement.mmproj_offload else _CPU
        _add_pictures(held, weights, seat, options)
    shared = machine.unified or any(gpu.kind == "igpu" for gpu in gpus)
    on_gpus = sum(held[number].total() for number in range(len(gpus)))
    ram = _usable_ram(machine) - (on_gpus if shared else 0)
    return (
        Share(device=RAM, usable=ram, **held[_CPU]),
        *(
            Share(device=gpu.name, usable=_usable_gpu(gpu, machine), **held[number])
            for number, gpu in enumerate(gpus)
        ),
    )


def _usable_ram(machine: Machine) -> int:
    reserve = RAM_RESERVE + int(RAM_RESERVE_SHARE * machine.memory_total)
    return max(0, min(machine.memory_free, machine.memory_total - reserve))


def _usable_gpu(gpu: Gpu, machine: Machine) -> int:
    free = min(gpu.free, machine.working_set) if machine.working_set else gpu.free
    return max(0, free - max(GPU_RESERVE, int(GPU_RESERVE_SHARE * gpu.total)))


_Held = dict[int, Counter[str]]
"""Bytes by device (-1 is the RAM) and part."""


def _add_weights(held: _Held, weights: Weights, homes: Homes, *, mtp: bool) -> None:
    held[_CPU]["weights"] += weights.embedding
    copy = weights.embedding if weights.tied and homes.output != _CPU else 0
    held[homes.output]["weights"] += weights.output + copy
    for number, layer in enumerate((*weights.layers, *(weights.nextn if mtp else ()))):
        held[homes.layers[number]]["weights"] += layer.dense
        held[homes.experts(number)]["weights"] += layer.experts


def _add_cache(
    held: _Held, weights: Weights, homes: Homes, placement: Placement, options: Options
) -> None:
    total = 0
    for number in range(len(weights.layers)):
        size = buffers.cache_bytes(weights.dimensions, number, placement.n_ctx, options.cache)
        held[homes.layers[number]]["cache"] += size
        total += size
    if options.mtp and weights.nextn:
        last = len(weights.layers) - 1
        size = buffers.cache_bytes(weights.dimensions, last, placement.n_ctx, options.cache)
        held[homes.layers[-2]]["cache"] += size
    held[_CPU]["chats"] += min(PARKED, options.n_slots * total)


def _add_compute(
    held: _Held, weights: Weights, homes: Homes, placement: Placement, options: Options
) -> None:
    """The first GPU computes large batches even for weights that are not on it, one tensor at a time."""
    dimensions, n_ctx, kind = weights.dimensions, placement.n_ctx, options.cache
    whole = buffers.compute_bytes(dimensions, n_ctx, kind)
    used = sorted({home for home in homes.layers if home != _CPU})
    borrowed = _largest_on_cpu(weights, homes)
    copies = _copies(weights, placement, options) if len(used) > 1 and not borrowed else 0
    for device in used:
        held[device]["compute"] += whole + copies
        if copies and device != used[0]:
            held[device]["compute"] += _PIPELINED * buffers.embedded_bytes(dimensions, n_ctx)
    if used and borrowed:
        held[0]["compute"] += borrowed + (0 if used[0] == 0 else whole)
    begin = buffers.input_bytes(n_ctx, kind) + 2 * buffers.embedded_bytes(dimensions, n_ctx)
    held[_CPU]["compute"] += whole if borrowed or not used else begin + copies
    held[_CPU]["compute"] += buffers.output_bytes(dimensions)
    if options.mtp and weights.nextn:
        held[homes.layers[-2]]["compute"] += whole


def _copies(weights: Weights, placement: Placement, options: Options) -> int:
    """What is kept more than once, so that one GPU can begin while another one still computes."""
    n_ctx = placement.n_ctx
    inputs = buffers.input_bytes(n_ctx, options.cache)
    return (_PIPELINED - 1) * (inputs + buffers.embedded_bytes(weights.dimensions, n_ctx))


def _largest_on_cpu(weights: Weights, homes: Homes) -> int:
    dense = [
        layer.largest for number, layer in enumerate(weights.layers) if homes.layers[number] == _CPU
    ]
    experts = [
        layer.largest_expert
        for number, layer in enumerate(weights.layers)
        if homes.experts(number) == _CPU
    ]
    return max((*dense, *experts), default=0)


def _add_pictures(held: _Held, weights: Weights, seat: int, options: Options) -> None:
    held[seat]["projector"] += weights.projector
    tokens = max(options.picture_tokens, buffers.WARM_UP_TOKENS)
    held[seat]["pictures"] += buffers.tower_bytes(weights.tower or Tower(), tokens)
    one = buffers.picture_bytes(weights.dimensions, tokens)
    held[_CPU]["pictures"] += min(SEEN, _SEEN_PICTURES * one)
