"""What of a prompt is already in the cache: items in, counts out; no llama.cpp here.

A prompt is a sequence of *items*: a token id, or `Cells` for a picture. Two counts belong to it.
*Cells* are what fills the context: a picture takes one for each of its tokens. *Positions* are what
M-RoPE counts: a picture advances them only by its longer side. A cut never falls inside a picture,
because it is one item.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A picture in the prompt, known by its identity."""

    id: str
    n_tokens: int
    n_pos: int


Item = int | Cells


def count_cells(items: Iterable[Item]) -> int:
    return sum(item.n_tokens if isinstance(item, Cells) else 1 for item in items)


def count_positions(items: Iterable[Item]) -> int:
    return sum(item.n_pos if isinstance(item, Cells) else 1 for item in items)


def common(cached: Sequence[Item], wanted: Sequence[Item]) -> int:
    """How many leading items are the same in both."""
    for index, (have, want) in enumerate(zip(cached, wanted, strict=False)):
        if have != want:
            return index
    return min(len(cached), len(wanted))


def reusable(cached: Sequence[Item], wanted: Sequence[Item]) -> int:
    """How many leading items of `wanted` need no reading; at least the last one is always read.

    The last item must be read again even when it is cached, since only reading gives its logits.
    """
    return min(common(cached, wanted), len(wanted) - 1)
