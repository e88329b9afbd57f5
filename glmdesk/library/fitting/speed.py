"""How fast a placed model may write, in words: what one token reads ÷ how fast typical memory is read."""

from typing import Literal

from glmdesk.library.fitting.buffers import CacheKind, cache_bytes
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.fitting.placement import Homes, Options, Placement
from glmdesk.library.fitting.weights import Weights

Speed = Literal["fast: faster than reading", "about reading speed", "slow", "very slow"]

GPU_BANDWIDTH, UNIFIED_BANDWIDTH, RAM_BANDWIDTH = 350e9, 200e9, 40e9
"""Bytes a second that usual hardware reaches: a graphics card, an Apple chip, two channels of RAM."""
FAST, READING, SLOW = 15.0, 5.0, 2.0
"""Tokens a second from which on a word is used. People read about 5."""
_CELLS = 4096
"""Cells of a chat of usual length, which each token looks at."""


def tokens_per_s(
    weights: Weights, machine: Machine, placement: Placement, options: Options
) -> float:
    """A rough guess, for words and for comparing placements; nothing to print."""
    gpus = machine.usable_gpus() if placement.n_gpu_layers else ()
    homes = Homes.find(weights, gpus, placement, options)
    own = [gpu.kind == "gpu" and not machine.unified for gpu in gpus]
    shared = UNIFIED_BANDWIDTH if machine.unified else RAM_BANDWIDTH
    rates = [*(GPU_BANDWIDTH if one else shared for one in own), shared]
    head = weights.output + (weights.embedding if weights.tied else 0)
    seconds = head / rates[homes.output]
    part = _used_part(weights)
    for number, layer in enumerate(weights.layers):
        cells = cache_bytes(weights.dimensions, number, _CELLS, CacheKind())
        seconds += (layer.dense + cells) / rates[homes.layers[number]]
        seconds += part * layer.experts / rates[homes.experts(number)]
    return 1 / max(seconds, 1e-6)


def _used_part(weights: Weights) -> float:
    """Of the experts, those that one token passes through."""
    dimensions = weights.dimensions
    return dimensions.n_expert_used / dimensions.n_expert if dimensions.n_expert else 1.0


def in_words(tokens: float) -> Speed:
    """`tokens` a second."""
    if tokens >= FAST:
        return "fast: faster than reading"
    if tokens >= READING:
        return "about reading speed"
    return "slow" if tokens >= SLOW else "very slow"
