"""How large the model sees a picture: the publisher's own formula, on plain numbers."""

import math
from dataclasses import dataclass

from glmdesk.messages import Detail

PATCH = 28
"""Pixels along one side of what becomes one token."""
LOW_TOKENS = 256
"""The most tokens of a picture at low detail."""
_EDGE = 1e-9
"""A square of four tokens is two by two, whatever the last digit of a square root says."""


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


def limits_at(detail: Detail, normal: PictureLimits, ceiling: int) -> PictureLimits:
    """The limits at `detail`, where `normal` are the usual ones of the model.

    Whatever is asked for, a picture has at most `ceiling` tokens and not fewer than the model needs.
    """
    match detail:
        case "low":
            wanted = min(LOW_TOKENS, normal.max_tokens)
        case "normal":
            wanted = normal.max_tokens
        case "high":
            wanted = ceiling
        case int():
            wanted = detail
    # Rounding down can take half of the tokens, and then there would be too few.
    most = min(max(wanted, 2 * normal.min_tokens), ceiling)
    return PictureLimits(min_tokens=normal.min_tokens, max_tokens=most)


def picture_tokens(width: int, height: int, limits: PictureLimits) -> int:
    """What a picture of `width` × `height` pixels costs in cells of context, before it is sent.

    Exact; the two tokens around a picture belong to the message.
    """
    across, down = model_size(width, height, limits)
    return across * down // PATCH**2


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
        across = max(1, math.floor(width / shrink / PATCH + _EDGE))
        down = max(1, math.floor(height / shrink / PATCH + _EDGE))
    # The floor of one token can break the limit for a narrow strip; the engine would then pad it.
    across = max(1, min(across, limits.max_tokens // down))
    down = min(down, limits.max_tokens // across)
    return across * PATCH, down * PATCH
