"""What was read of chats is written to disk on a thread of its own, when memory has no place for it."""

import queue
import threading
import traceback

from glmdesk.engines.llama.parking import Parked
from glmdesk.engines.llama.saved import Saved, StateFolder

SMALLEST = 256
"""Cells: less than this is read again as fast as it is restored."""


class Saver:
    """Saves and finds the caches of chats; without a folder it does neither."""

    def __init__(self, folder: StateFolder | None) -> None:
        self._folder = folder
        self._jobs: queue.SimpleQueue[Parked | str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)
        self._thread.start()

    @property
    def saves(self) -> bool:
        return self._folder is not None

    def save(self, chat: Parked) -> None:
        """Have a chat written, if it has a name and is worth it."""
        if self._folder and chat.conversation and chat.cells >= SMALLEST:
            self._jobs.put(chat)

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
            try:
                if isinstance(job, str):
                    self._folder.forget(job)
                else:
                    self._folder.save(job.conversation, job.items, job.positions, job.blob)
            except Exception:  # noqa: BLE001 - the next chat must find this thread alive
                traceback.print_exc()

    def close(self) -> None:
        """Wait until everything is written."""
        self._jobs.put(None)
        self._thread.join()
