"""Which chat's tokens lie in which sequence of the cache, and who gets which slot. Pure.

A slot is one sequence of llama.cpp's cache. `items` is always what that sequence really holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from glmdesk.engines.llama.prefix import Item, common, count_cells, count_positions, reusable

SAME_CHAT = 0.75
"""The share of a prompt that another one has in common with it when it goes on with the same chat."""


@dataclass(kw_only=True)
class Slot:
    """One sequence of the cache and what it holds."""

    sequence: int
    items: list[Item] = field(default_factory=list)
    positions: int = 0
    """The position the next item will get."""
    cells: int = 0
    conversation: str = ""
    used: int = 0
    """When it was last taken, as a growing number; 0: never."""
    busy: bool = False
    asked: int = 0
    """Cells of the last prompt; what lies behind it is its answer."""

    def took(self, items: Sequence[Item]) -> None:
        """The sequence was given `items`."""
        self.items.extend(items)
        self.positions += count_positions(items)
        self.cells += count_cells(items)

    def took_tokens(self, tokens: Sequence[int]) -> None:
        """As `took`, where no picture is among them."""
        self.items.extend(tokens)
        self.positions += len(tokens)
        self.cells += len(tokens)

    def cut(self, count: int) -> None:
        """Only the first `count` items are left."""
        gone = self.items[count:]
        del self.items[count:]
        self.positions -= count_positions(gone)
        self.cells -= count_cells(gone)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A slot for a prompt, how many of its items stay, and whether another chat loses its place."""

    slot: Slot
    kept: int
    evicts: bool


def choose(slots: Iterable[Slot], wanted: Sequence[Item], conversation: str) -> Choice | None:
    """The idle slot for a prompt; None when all are busy.

    It is the one that holds most of it, when that is the same chat or most of what was asked there;
    else another chat would lose more than this one gains, so it is an empty slot, or the one that was
    not used for the longest time.
    """
    idle = [slot for slot in slots if not slot.busy]
    if not idle:
        return None
    best = max(idle, key=lambda slot: (_gain(slot, wanted), slot.conversation == conversation))
    gain = _gain(best, wanted)
    mine = conversation and best.conversation == conversation
    if gain and (mine or goes_on(gain, best.asked, best.cells)):
        return Choice(slot=best, kept=reusable(best.items, wanted), evicts=False)
    oldest = min(idle, key=lambda slot: (bool(slot.items), slot.used))
    return Choice(slot=oldest, kept=reusable(oldest.items, wanted), evicts=bool(oldest.items))


def goes_on(gain: int, asked: int, cells: int) -> bool:
    """Whether a prompt that has `gain` cells in common with what is held goes on with the same chat:
    `asked` of the `cells` held were its last prompt, the rest is the answer."""
    return gain >= SAME_CHAT * min(asked or cells, cells)


def _gain(slot: Slot, wanted: Sequence[Item]) -> int:
    """Cells of `wanted` that the slot holds."""
    return count_cells(wanted[: common(slot.items, wanted)])


def least_used(slots: Iterable[Slot]) -> Slot | None:
    """The idle slot with something in it that was not used for the longest time."""
    held = [slot for slot in slots if slot.items and not slot.busy]
    return min(held, key=lambda slot: slot.used, default=None)
