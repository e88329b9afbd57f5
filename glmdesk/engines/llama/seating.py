"""Who sits in which slot: seats answers, makes room for them, parks who waits, takes back what was."""

from collections.abc import Callable, Sequence

from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.cache import Cache
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.parking import Parked, Parking, parked
from glmdesk.engines.llama.prefix import common, count_cells
from glmdesk.engines.llama.saved import Saved
from glmdesk.engines.llama.saver import SMALLEST, Saver
from glmdesk.engines.llama.slots import Choice, Slot, choose, least_used

GROWTH = 256
"""Cells an answer should find beside its prompt before it begins among others."""
WORTH_RESTORING = 64
"""Cells a saved cache must be ahead of what a slot holds."""


class Seating:
    """Decides over the slots of one cache; belongs to the scheduler's thread."""

    def __init__(
        self, model: LlamaModel, cache: Cache, saver: Saver, parking: Parking | None = None
    ) -> None:
        self._model, self._cache, self._saver = model, cache, saver
        self.parking = parking or Parking()

    def seat(self, answer: Answering, running: Sequence[Answering]) -> bool:
        """Begin `answer` in a slot, if one is free and what it needs fits beside the running ones."""
        items, name = answer.items, answer.conversation
        choice = choose(self._cache.slots, items, name)
        if choice is None or (running and not self._fits(answer, choice, running)):
            return False
        slot = choice.slot
        self._cache.take(slot, slot.conversation)
        if choice.evicts and not self.park(slot):
            self._save(slot)
        for idle in self._cache.slots:
            if not idle.busy and idle.cells >= SMALLEST:
                self.park(idle)
        kept = self._cache.keep(slot, min(choice.kept, len(slot.items)))
        kept = self._take_back(answer, slot, kept)
        slot.conversation, slot.asked = name, answer.total
        answer.begin(slot, kept)
        return True

    def park(self, slot: Slot) -> bool:
        """Take a chat out of the cache into memory, or leave it where it is when it is too large."""
        blob = self._copy(slot)
        if blob is None:
            return False
        for gone in self.parking.add(parked(slot, blob)):
            self._saver.save(gone)
        self._cache.clear(slot)
        return True

    def _copy(self, slot: Slot) -> memoryview | None:
        if slot.cells < SMALLEST or self._model.state_size(slot.sequence) > self.parking.memory:
            return None
        return self._model.copy_state(slot.sequence)

    def _fits(self, answer: Answering, choice: Choice, running: Sequence[Answering]) -> bool:
        """Idle slots may be emptied for it."""
        idle = (slot for slot in self._cache.slots if not slot.busy and slot is not choice.slot)
        kept = count_cells(choice.slot.items[: choice.kept])
        freed = sum(slot.cells for slot in idle) + choice.slot.cells - kept
        growth = min(answer.request.max_tokens or GROWTH, GROWTH)
        needed = count_cells(answer.items) - kept + growth
        needed += sum(max(0, one.total - one.slot.cells) for one in running if one.slot)
        return needed <= self._free(running) + freed

    def _free(self, running: Sequence[Answering]) -> int:
        free = self._cache.free
        for answer in running:
            if answer.showing:
                free -= answer.showing.done
        return free

    def _take_back(self, answer: Answering, slot: Slot, kept: int) -> int:
        """Put back what is parked or saved of this chat when it holds more of the prompt than the slot.
        Gives how many items are kept then."""
        items = answer.items
        found = self.parking.find(items, answer.conversation)
        for chat in (found, answer.saved):
            if chat is None:
                continue
            ahead = common(chat.items, items)
            better = count_cells(items[:ahead]) - count_cells(items[:kept])
            if better >= WORTH_RESTORING and self._restore(slot, chat):
                kept = self._cache.keep(slot, min(ahead, len(items) - 1))
            elif better >= WORTH_RESTORING:
                kept = len(slot.items)
        if found:
            self.parking.remove(found)
        answer.saved = None
        return kept

    def _restore(self, slot: Slot, chat: Parked | Saved) -> bool:
        """False when there is no room for it, or llama.cpp does not take it: the slot may be empty then."""
        if not self._empty_until(count_cells(chat.items) - slot.cells, slot):
            return False
        self._cache.keep(slot, 0)
        if not self._model.restore_state(slot.sequence, chat.blob):
            return False
        slot.took(chat.items)
        return True

    def _empty_until(self, needed: int, but: Slot) -> bool:
        """Empty idle slots until `needed` cells are free."""
        while self._cache.free < needed:
            if not self.evict_one(but):
                return False
        return True

    def make_room(
        self, needed: int, running: Sequence[Answering], suspend: Callable[[Answering], None]
    ) -> bool:
        """Free cells for the next batch: idle chats go first, then the youngest answer is suspended.

        False when an answer was suspended: the batch must be put together again.
        """
        while self._free(running) < needed:
            if self.evict_one():
                continue
            if len(running) < 2:
                return True  # an answer alone ends before it is out of room
            suspended = running[-1]
            slot = suspended.slot
            suspend(suspended)
            if slot and not self.park(slot):
                self._cache.clear(slot)
            return False
        return True

    def evict_one(self, but: Slot | None = None) -> bool:
        """Empty the idle slot that was not used for the longest time; its chat is parked first."""
        slot = least_used(slot for slot in self._cache.slots if slot is not but)
        if slot is None:
            return False
        if not self.park(slot):
            self._save(slot)
            self._cache.clear(slot)
        return True

    def _save(self, slot: Slot) -> None:
        """Straight to the disk."""
        if self._saver.saves and slot.conversation and slot.cells >= SMALLEST:
            blob = self._model.copy_state(slot.sequence)
            if blob is not None:
                self._saver.save(parked(slot, blob))

    def forget(self, conversation: str) -> None:
        """Drop a chat; one that is still answering keeps its slot, and is not saved."""
        for slot in self._cache.slots:
            if slot.conversation == conversation:
                if slot.busy:
                    slot.conversation = ""
                else:
                    self._cache.clear(slot)
        self.parking.forget(conversation)
        self._saver.forget(conversation)

    def holds(self, conversation: str) -> bool:
        """Whether memory has something of a chat. Other threads may ask."""
        in_slot = any(slot.conversation == conversation for slot in self._cache.slots)
        return in_slot or self.parking.holds(conversation)

    def save_all(self) -> None:
        """The chats used last come first: time may be short."""
        for slot in sorted(self._cache.slots, key=lambda slot: -slot.used):
            self._save(slot)
        for chat in reversed(list(self.parking)):
            self._saver.save(chat)
