"""How long to wait before another try, and when it has been enough."""

import math
import random
from collections.abc import Callable

from glmdesk.errors import BusyError, DownloadError, UnreachableError
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.transfers.answers import Setback
from glmdesk.library.transfers.connection import LineError
from glmdesk.library.transfers.limits import Limits
from glmdesk.sizes import duration

_FIRST_S = 0.5


class Patience:
    """For one thread that tries one thing again and again."""

    def __init__(
        self, limits: Limits, name: str, wait: Callable[[float], object], say: Callable[[str], None]
    ) -> None:
        """`wait` sleeps that many seconds or less; `say` is told what is waited for, and "" after it."""
        self._limits = limits
        self._name = name
        self._wait = limits.sleep or wait
        self._say = say
        self._tries = 0

    def reset(self) -> None:
        """Something came: failures count from one again."""
        self._tries = 0

    def bear(self, setback: Setback | LineError) -> None:
        """Wait, the longer the oftener. Raises DownloadError when it has been enough."""
        self._tries += 1
        if isinstance(setback, LineError) and setback.final:
            raise setback.error
        if isinstance(setback, Setback) and setback.wait > self._limits.most_asked_s:
            raise asked_too_long(setback, self._name)
        if self._tries >= self._limits.tries:
            raise given_up(setback, self._name)
        wait = min(self._limits.most_wait_s, _FIRST_S * 2 ** (self._tries - 1))
        wait *= random.uniform(0.5, 1.0)
        if isinstance(setback, Setback):
            wait = max(wait, setback.wait)
        self._say(f"{_sentence(setback)} Trying again in {math.ceil(wait)} s; what came is kept.")
        self._wait(wait)
        self._say("")


def _sentence(setback: Setback | LineError) -> str:
    if isinstance(setback, LineError):
        return "The connection was lost."
    return f"{setback.reason[:1].upper()}{setback.reason[1:]}."


def asked_too_long(setback: Setback, name: str) -> BusyError:
    """The error for a wait that nobody should sit through."""
    return BusyError(
        f"{name} cannot be fetched now: the server asks to wait {duration(setback.wait)}. {NOTHING} "
        "Go on then; a token (HF_TOKEN) raises the limit.",
        setback.wait,
    )


def given_up(setback: Setback | LineError, name: str) -> DownloadError:
    """The error after too many tries."""
    if isinstance(setback, LineError):
        return setback.error
    if setback.kind == "line":
        return UnreachableError(
            f"The connection was lost again and again while {name} came. {NOTHING} Check the "
            "network, then go on."
        )
    if setback.kind == "busy":
        return BusyError(
            f"{name} cannot be fetched now: {setback.reason}, again and again. {NOTHING} Go on in "
            "some minutes.",
            setback.wait,
        )
    return DownloadError(
        f"{name} cannot be fetched: {setback.reason}, again and again. {NOTHING} Go on later, or "
        "take another source."
    )
