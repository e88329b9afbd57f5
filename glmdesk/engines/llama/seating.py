"""Who sits in which slot: seats answers, makes room for them, saves what must go, restores what was."""

from collections.abc import Callable, Sequence

from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.cache import Cache
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.prefix import common, count_cells
from glmdesk.engines.llama.saved import Saved
from glmdesk.engines.llama.saver import Saver
from glmdesk.engines.llama.slots import Choice, Slot, choose, least_used

GROWTH = 256
"""Cells an answer should find beside its prompt before it begins among others."""
WORTH_RESTORING = 64
"""Cells a saved cache must be ahead of what a slot holds."""


class Seating:
    """Decides over the slots of one cache; belongs to the scheduler's thread."""

    def __init__(self, model: LlamaModel, cache: Cache, saver: Saver) -> None:
        self._model, self._cache, self._saver = model, cache, saver

    def seat(self, answer: Answering, running: Sequence[Answering]) -> bool:
        """Begin `answer` in a slot, if one is free and what it needs fits beside the running ones."""
        items = answer.items
        choice = choose(self._cache.slots, items, answer.request.conversation)
        if choice is None or (running and not self._fits(answer, choice, running)):
            return False
        if choice.evicts:
            self._saver.save(choice.slot)
        self._cache.take(choice.slot, answer.request.conversation)
        kept = self._cache.keep(choice.slot, choice.kept)
        if answer.saved:
            kept = self._restore(choice.slot, answer.saved, answer, kept)
        choice.slot.asked = answer.total
        answer.begin(choice.slot, kept)
        return True

    def _fits(self, answer: Answering, choice: Choice, running: Sequence[Answering]) -> bool:
        """Idle slots may be emptied for it."""
        idle = (slot for slot in self._cache.slots if not slot.busy and slot is not choice.slot)
        kept = count_cells(choice.slot.items[: choice.kept])
        freed = sum(slot.cells for slot in idle) + choice.slot.cells - kept
        growth = min(answer.request.max_tokens or GROWTH, GROWTH)
        needed = count_cells(answer.items) - kept + growth
        return needed <= self._free(running) + freed

    def _free(self, running: Sequence[Answering]) -> int:
        return self._cache.free - sum(answer.in_flight for answer in running)

    def _restore(self, slot: Slot, saved: Saved, answer: Answering, kept: int) -> int:
        """Put a saved cache into the slot when it holds more of the prompt. Gives what is kept then."""
        items = answer.items
        answer.saved = None
        ahead = common(saved.items, items)
        better = count_cells(items[:ahead]) - count_cells(items[:kept])
        size = count_cells(saved.items)
        if better < WORTH_RESTORING or not self._empty_until(size - slot.cells, slot):
            return kept
        self._cache.keep(slot, 0)
        if not self._model.restore_state(slot.sequence, saved.blob):
            return 0
        slot.took(saved.items)
        return self._cache.keep(slot, min(ahead, len(items) - 1))

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
            if slot:
                self._cache.clear(slot)
            return False
        return True

    def evict_one(self, but: Slot | None = None) -> bool:
        """Empty the idle slot that was not used for the longest time; its chat is saved first."""
        slot = least_used(slot for slot in self._cache.slots if slot is not but)
        if slot is None:
            return False
        self._saver.save(slot)
        self._cache.clear(slot)
        return True

    def save_all(self) -> None:
        for slot in self._cache.slots:
            self._saver.save(slot)
