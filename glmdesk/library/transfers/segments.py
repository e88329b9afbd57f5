"""How a file is shared out to several connections: the next hole goes to whoever is free."""

import threading
from dataclasses import dataclass

from glmdesk.library.transfers.spans import Spans

_LEAST = 1024 * 1024
"""Bytes of a segment, where the hole is not smaller."""


@dataclass(eq=False)
class Segment:
    """A range that one connection fetches; `position` is the next byte that it will write."""

    start: int
    stop: int
    position: int
    moved: float = 0.0
    """When the watchdog last saw it move on."""
    seen: int = 0
    """`position` at that time."""


class Segments:
    """The bytes of one file: written, being fetched, missing. Safe between threads."""

    def __init__(self, size: int, done: Spans, step: int, sharers: int = 1) -> None:
        """`step`: most bytes of a segment; smaller towards the end, so that all of the `sharers` end
        together and the hash is not far behind."""
        self.size = size
        self._done = done
        self._step = step
        self._sharers = sharers
        self._active: list[Segment] = []
        self._lock = threading.Lock()

    def take(self, *, whole: bool = False) -> Segment | None:
        """The first hole that nobody fetches; None when there is none. `whole`: to the file's end."""
        with self._lock:
            taken = self._done.copy()
            for segment in self._active:
                taken.add(segment.start, segment.stop)
            gap = next(taken.gaps(self.size), None)
            if gap is None:
                return None
            start, stop = gap
            share = max(_LEAST, (self.size - taken.total) // (2 * self._sharers))
            stop = self.size if whole else min(stop, start + min(self._step, share))
            segment = Segment(start=start, stop=stop, position=start)
            self._active.append(segment)
            return segment

    def release(self, segment: Segment) -> None:
        """What it wrote is kept, the rest is a hole again."""
        with self._lock:
            self._active.remove(segment)
            self._done.add(segment.start, segment.position)

    def drop(self, start: int, stop: int) -> None:
        """These bytes turned out to be wrong: fetch them again."""
        with self._lock:
            self._done.remove(start, stop)

    def written(self) -> Spans:
        """A copy, with what the active segments wrote so far."""
        with self._lock:
            written = self._done.copy()
            for segment in self._active:
                written.add(segment.start, segment.position)
            return written

    def covers(self, start: int, stop: int) -> bool:
        return self.written().covers(start, stop)

    def active(self) -> tuple[Segment, ...]:
        with self._lock:
            return tuple(self._active)
