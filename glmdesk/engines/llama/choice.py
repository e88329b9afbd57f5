"""Choose a token from its logits; the filters in llama.cpp's order, made for large vocabularies.

Pure: numbers in, a token out. Nothing is sorted that need not be: the best few of 150,000 are found
with the maxima of blocks, so a choice costs a tenth of a millisecond.
"""

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from glmdesk.errors import EngineError
from glmdesk.sampling import Sampling

Logits = NDArray[np.float32]
Ids = NDArray[np.intp]

_ROWS = 64
_BLOCK = 512
_NUCLEI = (64, 1024)
"""How many of the best tokens are looked at, in turns, before all of them."""


def choose(logits: Logits, sampling: Sampling, draw: float) -> int:
    """The token that `draw`, from 0 to 1, falls on; without temperature the best one.

    Of equal logits the first token counts as the best. Raises EngineError when no token is possible.
    """
    if sampling.temperature <= 0:
        token = int(logits.argmax())
        _check(float(logits[token]))
        return token
    top = float(logits.max())
    _check(top)
    ids = _candidates(logits, sampling, top)
    values = logits if ids is None else logits[ids]
    place = _fall(_weights(values, top, sampling.temperature), draw)
    return place if ids is None else int(ids[place])


def _check(logit: float) -> None:
    if not math.isfinite(logit):
        raise EngineError(
            "The model gave no token that can come next. The chat is saved. Send the message again; "
            "if that does not help, load another file of this model, or ask for another format."
        )


def _candidates(logits: Logits, sampling: Sampling, top: float) -> Ids | None:
    """What top-k, top-p and min-p leave, in this order; None: all."""
    ids = None
    if sampling.top_k > 0:
        ids = best(logits, sampling.top_k)
        if sampling.top_p < 1:
            weights = _weights(logits[ids], top)
            ids = ids[: _reach(weights, sampling.top_p * float(weights.sum()))]
    elif sampling.top_p < 1:
        ids = _nucleus(logits, sampling.top_p, top)
    if sampling.min_p > 0:
        least = top + np.log(min(sampling.min_p, 1.0))
        return ids[logits[ids] >= least] if ids is not None else np.flatnonzero(logits >= least)
    return ids


def _weights(values: Logits, top: float, temperature: float = 1.0) -> Logits:
    with np.errstate(over="ignore"):  # far below the best at a low temperature: weighs nothing
        weights: Logits = np.exp((values - np.float32(top)) / np.float32(temperature))
    return weights


def _fall(weights: Logits, draw: float) -> int:
    """Where `draw` falls on weights laid end to end; summed by blocks first, for they may be many."""
    starts = np.arange(0, len(weights), _BLOCK)
    sums = np.add.reduceat(weights, starts, dtype=np.float64).cumsum()
    goal = draw * sums[-1]
    block = min(int(sums.searchsorted(goal, side="right")), len(sums) - 1)
    before = float(sums[block - 1]) if block else 0.0
    inside = weights[block * _BLOCK : (block + 1) * _BLOCK].cumsum(dtype=np.float64)
    place = int(inside.searchsorted(goal - before, side="right"))
    if place == len(inside):  # by rounding; the last one that weighs anything
        place = int(inside.searchsorted(inside[-1]))
    return block * _BLOCK + place


def _reach(weights: Logits, wanted: float) -> int:
    """How many of the first weights it takes to have `wanted` together: at least one, or one too many."""
    return int(weights.cumsum(dtype=np.float64).searchsorted(wanted)) + 1


def _nucleus(logits: Logits, top_p: float, top: float) -> Ids:
    wanted = top_p * float(_weights(logits, top).sum(dtype=np.float64))
    for count in _NUCLEI:
        ids = best(logits, count)
        reach = _reach(_weights(logits[ids], top), wanted)
        if reach <= len(ids):
            return ids[:reach]
    values = np.sort(logits)[::-1]
    reach = min(_reach(_weights(values, top), wanted), len(values))
    return np.flatnonzero(logits >= values[reach - 1])


def best(logits: Logits, count: int) -> Ids:
    """The tokens with the `count` highest logits, the highest first; of equal ones the first token."""
    width = len(logits) // _ROWS
    if count < width // 2:
        # Each of `count` columns has a logit as high as this, so the best ones are no lower.
        maxima = logits[: width * _ROWS].reshape(_ROWS, width).max(axis=0)
        ids = np.flatnonzero(logits >= np.partition(maxima, width - count)[width - count])
    elif count < len(logits):
        ids = np.sort(np.argpartition(logits, -count)[-count:])
    else:
        ids = np.arange(len(logits))
    return ids[np.argsort(-logits[ids], kind="stable")[:count]]


def penalised(logits: Logits, tokens: Collection[int], penalty: float) -> Logits:
    """A copy in which each of `tokens` is less likely by `penalty`, as llama.cpp does it."""
    changed, factor = logits.copy(), np.float32(penalty)
    ids = np.fromiter(tokens, np.intp, len(tokens))
    values = changed[ids]
    changed[ids] = np.where(values <= 0, values * factor, values / factor)
    return changed
