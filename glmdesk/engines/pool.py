"""Which engine is live: load it when it is needed, switch it, unload it."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from glmdesk.engines.base import Engine
from glmdesk.errors import EngineError, GlmdeskError

ASK_EVERY_S = 0.1
Progress = Callable[[float], None]
Load = Callable[[str, Progress], Engine]
"""Make the engine for a model id. Raises ModelError or EngineError."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """What the pool is doing; `progress` runs from 0 to 1 while loading."""

    model: str
    state: Literal["empty", "loading", "ready", "failed"]
    progress: float = 0.0
    message: str = ""


def _always() -> bool:
    return True


class _Gate:
    """Lets in together who wants the same model; a change of model waits until all have left.

    First come, first served: who wants the present model does not overtake one who waits for another.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._model = ""
        self._inside = 0

    @contextmanager
    def enter(self, model: str, wanted: Callable[[], bool]) -> Iterator[None]:
        """Raises EngineError when `model` is no longer wanted before its turn comes."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not self._may_enter(ticket, model):
                    if not wanted():
                        raise EngineError("Another model was chosen meanwhile.")
                    self._changed.wait(ASK_EVERY_S)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            self._model = model
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _may_enter(self, ticket: object, model: str) -> bool:
        return self._waiting[0] is ticket and (not self._inside or self._model == model)


class Pool:
    """Holds at most one engine. Safe to use from several threads."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._gate = _Gate()
        self._engine: Engine | None = None
        self._status = Status(model="", state="empty")
        self._ending = False

    @property
    def status(self) -> Status:
        return self._status

    @contextmanager
    def use(self, model: str, wanted: Callable[[], bool] = _always) -> Iterator[Engine]:
        """The engine for `model`, which stays loaded until the block ends. Blocks for one model run
        together; another model waits for them, and gives up when it is no longer `wanted`.

        Raises ModelError or EngineError.
        """
        with self._gate.enter(model, wanted):
            if not wanted():
                raise EngineError("Another model was chosen meanwhile.")
            yield self._get(model)

    def engine(self, model: str, wanted: Callable[[], bool] = _always) -> Engine:
        """The engine for `model`, loaded now if it is not live; the one before is unloaded first.

        Waits for `use` blocks to end; gives up when `model` is no longer `wanted` then.
        Raises ModelError or EngineError; then no engine is live.
        """
        with self._gate.enter(model, wanted):
            if not wanted():
                raise EngineError("Another model was chosen meanwhile.")
            return self._get(model)

    def _get(self, model: str) -> Engine:
        with self._lock:
            if self._engine and self._status.model == model:
                return self._engine
            self._status = Status(model=model, state="loading")
            self._unload()
            try:
                self._report(0.0)
                self._engine = self._load(model, self._report)
            except GlmdeskError as error:
                self._status = Status(model=model, state="failed", message=error.message)
                raise
            except BaseException:
                self._status = Status(model="", state="empty")
                raise
            self._status = Status(model=model, state="ready", progress=1.0)
            return self._engine

    def live(self) -> Engine | None:
        """The engine that is ready, if one is."""
        return self._engine if self._status.state == "ready" else None

    def _report(self, progress: float) -> None:
        if self._ending:
            raise EngineError("glmdesk is closing; the model was not loaded.")
        self._status = Status(model=self._status.model, state="loading", progress=progress)

    def _unload(self) -> None:
        if self._engine:
            self._engine.close()
        self._engine = None

    def stop_loading(self) -> None:
        """Give up what is being loaded; from now on nothing is."""
        self._ending = True

    def close(self) -> None:
        with self._lock:
            self._status = Status(model="", state="empty")
            self._unload()
