"""One running instance a data folder: hold it, find the one that runs, show its page."""

import json
import os
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from glmdesk.errors import ServerError
from glmdesk.paths import Paths


class Held:
    """The data folder is ours; `announce` tells others where the page is."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock

    def announce(self, url: str) -> None:
        facts = {"pid": os.getpid(), "started": time.time(), "url": url}
        self._lock.write_text(json.dumps(facts), encoding="utf-8")


@contextmanager
def hold(paths: Paths) -> Iterator[Held]:
    """Hold the data folder. Raises ServerError when another glmdesk does.

    The system lets go of the guard when a process dies, so a crash leaves nothing to clean up.
    """
    guard = _guard(paths)
    try:
        guard.acquire(timeout=0)
    except filelock.Timeout:
        url = _told(paths.lock)
        raise ServerError(
            f"glmdesk is already running{f' at {url}' if url else ''} with this data folder. "
            "Use that one, or set GLMDESK_HOME to another folder."
        ) from None
    try:
        paths.lock.unlink(missing_ok=True)
        yield Held(paths.lock)
    finally:
        paths.lock.unlink(missing_ok=True)
        guard.release()


def running(paths: Paths) -> str:
    """The address of the glmdesk that runs on this data folder; empty when none does."""
    if not paths.lock.is_file():
        return ""
    guard = _guard(paths)
    try:
        with guard.acquire(timeout=0):
            return ""
    except filelock.Timeout:
        return _told(paths.lock)


def show(url: str) -> None:
    """Open the page in the default browser."""
    webbrowser.open(url)


def _guard(paths: Paths) -> filelock.FileLock:
    return filelock.FileLock(paths.home / "lock.guard")


def _told(lock: Path) -> str:
    try:
        return str(json.loads(lock.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
