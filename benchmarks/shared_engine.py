"""An engine that strangers use at the same time, and that is closed and opened again now and then."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from types import TracebackType

from benchmarks.hearing import Heard, hear
from benchmarks.stage import Stage
from glmdesk.engines.base import Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec, StateSpec

STRANGERS = 2
STATES = 1 << 28
"""Bytes that the saved caches may take."""


class SharedEngine:
    """A context manager. `strangers` are the requests that others ask for all the time, in turns."""

    def __init__(self, stage: Stage, spec: LoadSpec, strangers: Sequence[Request]) -> None:
        state = StateSpec(folder=stage.folder / "states", key=b"k" * 32, limit=STATES)
        self._spec = replace(spec, state=state)
        self._log = stage.paths.log
        self._requests = strangers
        self._numbers = count()
        self.restarts = self.answers_of_others = 0

    def __enter__(self) -> "SharedEngine":
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def hear(self, request: Request) -> Heard:
        """Ask while the others ask too."""
        return hear(self._engine, request)

    def restart(self) -> None:
        """Close it, which saves what was read, and load it again."""
        self._close()
        self._open()
        self.restarts += 1

    def _open(self) -> None:
        self._engine = LlamaEngine(self._spec, self._log)
        self._leaving = threading.Event()
        self._threads = [threading.Thread(target=self._stay) for _ in range(STRANGERS)]
        for thread in self._threads:
            thread.start()

    def _stay(self) -> None:
        while not self._leaving.is_set():
            number = next(self._numbers)
            request = self._requests[number % len(self._requests)]
            hear(self._engine, replace(request, conversation=f"stranger {number}"), self._leaving)
            self.answers_of_others += 1

    def _close(self) -> None:
        self._leaving.set()
        for thread in self._threads:
            thread.join()
        self._engine.close()
