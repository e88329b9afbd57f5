"""A place for one reader process: starts it when needed, asks it one thing at a time, ends it when it fails."""

import pickle
import threading
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from glmdesk.child import Child, Limits, Pipe
from glmdesk.documents.protocol import Answer, Ready, Request, ends

LIMITS = Limits(memory=2 * 2**30, file_size=256 * 2**20)
"""No limit of processor time: it would count over a child's whole life, and the clock ends it."""

START_S = 120.0
"""Seconds a child may take to load its libraries from a slow disk."""

KEPT_OPEN = 2
"""Files that a child has open after it was asked about them; see `lectern`."""

_GARBLED = (pickle.UnpicklingError, ValueError, AttributeError, ImportError, IndexError)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds that a child may take for one answer, and for all to one request."""

    answer_s: float
    whole_s: float


class Lost(Exception):
    """The child gave no answer: it died (`how` says of what), was `slow`, or never `started`."""

    def __init__(self, how: str, *, slow: bool = False, started: bool = True) -> None:
        super().__init__(how)
        self.how = how
        self.slow = slow
        self.started = started


def begin(pipe: Pipe) -> None:
    """What the child runs. The import is here because the app must not load what it loads."""
    from glmdesk.documents.child import worker

    worker.serve(pipe)


class Seat:
    """Holds no child, or one. `close` may be called from any thread, the rest from one at a time."""

    def __init__(self, stderr: Path, limits: Limits = LIMITS) -> None:
        self._stderr = stderr
        self._limits = limits
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._greeted = False
        self._closed = False
        self._asked: deque[Path] = deque(maxlen=KEPT_OPEN)

    @property
    def pid(self) -> int:
        """Of the child that sits here, else 0."""
        child = self._child
        return child.pid if child else 0

    @property
    def ready(self) -> bool:
        """Whether a child sits here that has loaded its libraries."""
        child = self._child
        if child is None or not child.alive:
            return False
        try:
            return self._greeted or child.pipe.ready(0)
        except OSError:
            return False

    def knows(self, path: Path) -> bool:
        """Whether the child still has this file open."""
        return path in self._asked

    def warm(self) -> None:
        """Have a child ready soon, without waiting for it. Raises Lost when that cannot be."""
        with self._lock:
            if self._closed:
                raise Lost("closed")
            if self._child and self._child.alive:
                return
            self._end()
            try:
                self._child = Child(begin, "glmdesk reader", self._stderr, self._limits)
            except OSError as error:
                raise Lost(str(error), started=False) from error

    def empty(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End the child; whoever waits for it gets Lost, and no other ever sits here."""
        with self._lock:
            self._closed = True
            self._end()

    def exchange(self, request: Request, patience: Patience) -> Generator[Answer]:
        """Yield every answer to a request. Raises Lost; the child is then gone."""
        finished = False
        try:
            child = self._ready()
            self._asked.append(request.path)
            child.pipe.send(request)
            end = time.monotonic() + patience.whole_s
            while not finished:
                seconds = min(patience.answer_s, end - time.monotonic())
                answer: Answer = _next(child, seconds)
                finished = ends(request, answer)
                yield answer
        except OSError as error:
            raise Lost(str(error)) from error
        finally:
            if not finished:
                self.empty()

    def _ready(self) -> Child:
        self.warm()
        child = self._child
        if child is None:
            raise Lost("closed")
        if not self._greeted:
            try:
                self._greeted = isinstance(_next(child, START_S), Ready)
            except Lost as lost:
                raise Lost(lost.how, started=False) from lost
        return child

    def _end(self) -> None:
        child, self._child, self._greeted = self._child, None, False
        self._asked.clear()
        if child:
            child.kill()


def _next(child: Child, seconds: float) -> Answer:
    try:
        if not child.pipe.ready(max(0.0, seconds)):
            raise Lost("took too long", slow=True)
        answer: Answer = child.pipe.receive()
        return answer
    except (EOFError, OSError) as error:
        child.wait(2.0)
        raise Lost(child.how_it_ended()) from error
    except _GARBLED as error:
        raise Lost("it sent what cannot be an answer") from error
