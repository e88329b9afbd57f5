"""Pictures are encoded on a thread of their own, while chats go on; what was encoded is remembered.

The memory has a bound; what was not used for the longest time goes first. A picture's id names its
content and its size, and the projector with its limits is one for the whole process.
"""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable

from glmdesk.engines.llama.vision import Embeddings, EncodingCancelled, Vision
from glmdesk.errors import EngineError, GlmdeskError
from glmdesk.messages import Picture

MEMORY = 512 << 20
"""Bytes of embeddings that are kept: 16 KiB a token for GLM's width."""

Outcome = Embeddings | GlmdeskError


class Encoder:
    """One thread around `vision`; `tell` is called there whenever a picture is done."""

    def __init__(self, vision: Vision, tell: Callable[[], None], memory: int = MEMORY) -> None:
        self._vision, self._tell, self._memory = vision, tell, memory
        self._kept: OrderedDict[str, Embeddings] = OrderedDict()
        self._failed: dict[str, GlmdeskError] = {}
        self._wanted: dict[str, int] = {}
        self._current = ""
        self._closing = False
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Picture | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    def want(self, picture: Picture) -> None:
        """Have it encoded, unless it is remembered; each `want` is ended by one `drop`."""
        with self._lock:
            self._wanted[picture.id] = self._wanted.get(picture.id, 0) + 1
            self._failed.pop(picture.id, None)
            if picture.id not in self._kept:
                self._jobs.put(picture)

    def drop(self, picture: Picture) -> None:
        """No longer wanted by one of those who asked; encoding it for nobody is stopped."""
        with self._lock:
            left = self._wanted.get(picture.id, 0) - 1
            if left > 0:
                self._wanted[picture.id] = left
                return
            self._wanted.pop(picture.id, None)
            self._failed.pop(picture.id, None)
            self._forget_oldest()
            if self._current == picture.id:
                self._vision.flag.set()

    def outcome(self, picture: Picture) -> Outcome | None:
        """The embeddings, or why there are none; None while they are being made."""
        with self._lock:
            if found := self._kept.get(picture.id):
                self._kept.move_to_end(picture.id)
                return found
            return self._failed.get(picture.id)

    @property
    def busy(self) -> bool:
        return bool(self._current)

    def _work(self) -> None:
        while picture := self._jobs.get():
            if self._begin(picture):
                outcome = self._encode(picture)
                self._end(picture, outcome)
                self._tell()

    def _begin(self, picture: Picture) -> bool:
        with self._lock:
            needed = picture.id in self._wanted and picture.id not in self._kept
            if needed and not self._closing:
                self._vision.flag.clear()
                self._current = picture.id
                return True
            return False

    def _encode(self, picture: Picture) -> Outcome | None:
        try:
            return self._vision.encode(picture)
        except EncodingCancelled:
            return None
        except GlmdeskError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the chats go on whatever happened here
            return EngineError(f"{picture.name} could not be encoded ({error}). Nothing is lost.")

    def _end(self, picture: Picture, outcome: Outcome | None) -> None:
        with self._lock:
            self._current = ""
            if isinstance(outcome, Embeddings):
                self._kept[picture.id] = outcome
                self._forget_oldest()
            elif outcome is not None:
                self._failed[picture.id] = outcome
            elif picture.id in self._wanted:
                self._jobs.put(picture)  # it was dropped and wanted again meanwhile

    def _forget_oldest(self) -> None:
        """The least recently used of those that nobody waits for."""
        for name in [name for name in self._kept if name not in self._wanted]:
            if sum(e.n_bytes for e in self._kept.values()) <= self._memory:
                return
            del self._kept[name]

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._vision.flag.set()
        self._jobs.put(None)
        self._thread.join()
