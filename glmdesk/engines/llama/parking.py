"""What was read of chats that nobody answers now, kept in memory outside llama.cpp's cache.

Attention runs over all cells in use, also those of other chats, so a chat that only waits would slow
down the one that writes. Copying its cells out and back takes a moment. Pure: bytes in, bytes out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glmdesk.engines.llama.prefix import Item, common, count_cells
from glmdesk.engines.llama.slots import Slot, goes_on

MEMORY = 1 << 30
"""Bytes that parked chats may take; a chat that needs more stays in its slot."""


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A sequence taken out of the cache: `blob` is what llama.cpp gave for it."""

    conversation: str
    items: tuple[Item, ...]
    positions: int
    asked: int
    """See Slot."""
    blob: memoryview

    @property
    def cells(self) -> int:
        return count_cells(self.items)


def parked(slot: Slot, blob: memoryview) -> Parked:
    return Parked(
        conversation=slot.conversation,
        items=tuple(slot.items),
        positions=slot.positions,
        asked=slot.asked,
        blob=blob,
    )


class Parking:
    """The parked chats, the least recently used first."""

    def __init__(self, memory: int = MEMORY) -> None:
        self.memory = memory
        self._kept: list[Parked] = []

    def __iter__(self) -> Iterator[Parked]:
        return iter(list(self._kept))

    def add(self, chat: Parked) -> list[Parked]:
        """Keep `chat`. Gives the ones that had to go for it."""
        self._kept.append(chat)
        gone: list[Parked] = []
        while len(self._kept) > 1 and sum(len(one.blob) for one in self._kept) > self.memory:
            gone.append(self._kept.pop(0))
        return gone

    def find(self, wanted: Sequence[Item], conversation: str) -> Parked | None:
        """The one that holds most of a prompt, if it is the same chat."""
        found: Parked | None = None
        most = 0
        for one in self._kept:
            gain = count_cells(wanted[: common(one.items, wanted)])
            mine = bool(conversation) and one.conversation == conversation
            if gain > most and (mine or goes_on(gain, one.asked, one.cells)):
                found, most = one, gain
        return found

    def remove(self, chat: Parked) -> None:
        self._kept = [one for one in self._kept if one is not chat]

    def forget(self, conversation: str) -> None:
        self._kept = [one for one in self._kept if one.conversation != conversation]

    def holds(self, conversation: str) -> bool:
        return any(one.conversation == conversation for one in self._kept)
