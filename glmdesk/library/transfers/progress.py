"""How far a download is: values for whoever shows it, and an honest speed."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

State = Literal[
    "waiting", "checking", "downloading", "verifying", "paused", "failed", "finished", "elsewhere",
    "importing",
]  # fmt: skip
"""`elsewhere`: another glmdesk on this computer fetches it, or has it in its queue. `importing`: it is
taken in from this computer; no download is."""

WINDOW = 5.0
"""Seconds that a speed looks back."""


@dataclass(frozen=True, kw_only=True)
class FileProgress:
    """Bytes of one file; `verified` when its hash was found right."""

    name: str
    done: int
    total: int
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Bytes of all files together. `total` 0: the source has not told yet."""

    done: int
    total: int
    files: tuple[FileProgress, ...] = ()
    bytes_per_s: float = 0.0
    seconds_left: float | None = None
    """None while nothing comes."""
    state: State = "downloading"
    note: str = ""
    """What is waited for, or what happened last, in one sentence."""


class Speed:
    """Bytes a second over the last five seconds; 0 when nothing came in that time. Safe between threads."""

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def add(self, now: float, received: int) -> float:
        """`received`: bytes since the beginning of this run, at `now` seconds of any clock."""
        with self._lock:
            self._seen.append((now, received))
            while len(self._seen) > 2 and self._seen[1][0] <= now - self._window:
                self._seen.popleft()
            (before, first), (after, last) = self._seen[0], self._seen[-1]
        return (last - first) / (after - before) if after > before and last > first else 0.0


def seconds_left(missing: int, bytes_per_s: float) -> float | None:
    return missing / bytes_per_s if bytes_per_s > 0 else None
