"""The GPUs as llama.cpp reports them: asked for ahead of need, and again when what is known may be old."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from glmdesk.errors import GlmdeskError
from glmdesk.library.fitting.hardware import Gpu

Probe = Callable[[], tuple[Gpu, ...]]
"""Asks llama.cpp; it takes up to a second, and may raise EngineError."""
_FRESH_S = 5.0
"""So long, what is free on a GPU is believed when a model is to be loaded."""


class Probing:
    """Safe between threads: who asks while somebody else is asking waits for that answer."""

    def __init__(self, probe: Probe, clock: Callable[[], float] = time.monotonic) -> None:
        self._probe = probe
        self._clock = clock
        self._found: tuple[Gpu, ...] | None = None
        self._asked_at = 0.0
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Ask in the background; `gpus(now=True)` waits for the answer."""
        # No daemon: a child whose parent ends while it starts prints a traceback.
        threading.Thread(target=self._ask, name="devices").start()

    def gpus(self, *, now: bool = False) -> tuple[Gpu, ...]:
        """What is free on them may be old, unless it is asked for `now`. Raises EngineError.

        A machine without any is not asked a second time.
        """
        with self._lock:
            if self._found is None or (now and self._found and self._is_old()):
                self._found = self._probe()
                self._asked_at = self._clock()
            return self._found

    def _is_old(self) -> bool:
        return self._clock() - self._asked_at > _FRESH_S

    def _ask(self) -> None:
        with suppress(GlmdeskError):  # whoever needs the answer asks again, and is told
            self.gpus(now=True)
