"""What the slots hold is written to disk on a thread of its own, when a chat loses its slot."""

import queue
import threading
from dataclasses import dataclass

from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.prefix import Item
from glmdesk.engines.llama.saved import Saved, StateFolder
from glmdesk.engines.llama.slots import Slot

SMALLEST = 256
"""Cells: less than this is read again as fast as it is restored."""


@dataclass(frozen=True, kw_only=True)
class _Copy:
    conversation: str
    items: tuple[Item, ...]
    positions: int
    blob: memoryview


class Saver:
    """Saves and finds the caches of chats; without a folder it does neither."""

    def __init__(self, model: LlamaModel, folder: StateFolder | None) -> None:
        self._model, self._folder = model, folder
        self._jobs: queue.SimpleQueue[_Copy | str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)
        self._thread.start()

    def save(self, slot: Slot) -> None:
        """Copy what a slot holds, and have it written. Belongs to the scheduler's thread."""
        if self._folder is None or not slot.conversation or slot.cells < SMALLEST:
            return
        blob = self._model.copy_state(slot.sequence)
        if blob is not None:
            self._jobs.put(
                _Copy(
                    conversation=slot.conversation,
                    items=tuple(slot.items),
                    positions=slot.positions,
                    blob=blob,
                )
            )

    def find(self, conversation: str) -> Saved | None:
        """What was saved of a chat."""
        return self._folder.load(conversation) if self._folder and conversation else None

    def forget(self, conversation: str) -> None:
        """Remove what was saved of a chat, also what is still to be written."""
        if self._folder and conversation:
            self._jobs.put(conversation)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            assert self._folder is not None
            if isinstance(job, str):
                self._folder.forget(job)
            else:
                self._folder.save(job.conversation, job.items, job.positions, job.blob)

    def close(self) -> None:
        """Wait until everything is written."""
        self._jobs.put(None)
        self._thread.join()
