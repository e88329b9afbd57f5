"""How large the model sees a picture: the publisher's own formula, on plain numbers."""

import math
from dataclasses import dataclass

PATCH = 28
"""Pixels along one side of what becomes one token."""


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """How many tokens one picture may become."""

    min_tokens: int
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Raster:
    """Decoded pixels: `rgb` holds width × height × 3 bytes."""

    width: int
    height: int
    rgb: bytes


def model_size(width: int, height: int, limits: PictureLimits) -> tuple[int, int]:
    """Width and height in pixels after resizing: multiples of 28, the ratio nearly kept.

    Never more than `max_tokens`, and whatever has this size already keeps it.
    """
    across, down = max(1, round(width / PATCH)), max(1, round(height / PATCH))
    if across * down < limits.min_tokens:
        grow = math.sqrt(limits.min_tokens * PATCH**2 / (width * height))
        across, down = math.ceil(width * grow / PATCH), math.ceil(height * grow / PATCH)
    if across * down > limits.max_tokens:
        shrink = math.sqrt(width * height / (limits.max_tokens * PATCH**2))
        across = max(1, math.floor(width / shrink / PATCH))
        down = max(1, math.floor(height / shrink / PATCH))
    # The floor of one token can break the limit for a narrow strip; the engine would then pad it.
    across = max(1, min(across, limits.max_tokens // down))
    down = min(down, limits.max_tokens // across)
    return across * PATCH, down * PATCH
