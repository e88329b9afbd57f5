"""What a file must hash to when its own name says so: the Hugging Face cache and Ollama name what they
keep by its SHA-256."""

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from glmdesk.errors import ModelDamaged, ModelMissing

_NAME = re.compile(r"(?:sha256[-:])?([0-9a-f]{64})", re.ASCII)
_CHUNK = 4 * 1024 * 1024


def promised(path: Path) -> str:
    """The SHA-256 in hex that the file, or what its link leads to, is named by; "" for other names."""
    found = _NAME.fullmatch(Path(os.path.realpath(path)).name)
    return found[1] if found else ""


def check(path: Path, digest: str) -> None:
    """Raises ModelDamaged when `digest` is not what the name of the file promises."""
    if promised(path) not in ("", digest):
        raise ModelDamaged(
            f"{path.name} is damaged: it is not what it was when it was fetched. Your chats are safe. "
            "Fetch it again with the program it belongs to."
        )


def verify(
    files: Iterable[Path], report: Callable[[int, int], None], stop: threading.Event
) -> tuple[Path, ...]:
    """The files that are not what their names promise; when `stop` is set, those found so far.

    `report` is told the bytes read and those in all. Raises ModelMissing when no name promises
    anything, or a file cannot be read.
    """
    named = [path for path in files if promised(path)]
    if not named:
        raise ModelMissing(
            "Nothing is known of what these files should hold, since glmdesk did not fetch them. Their "
            "headers are checked whenever they are loaded."
        )
    try:
        return _verify(named, report, stop)
    except OSError as error:
        raise ModelMissing(
            f"{error.filename or named[0]} cannot be read ({os.strerror(error.errno or 0)}). Your chats "
            "are safe. Check the disk and try again."
        ) from error


def _verify(
    named: list[Path], report: Callable[[int, int], None], stop: threading.Event
) -> tuple[Path, ...]:
    total, done = sum(path.stat().st_size for path in named), 0
    damaged: list[Path] = []
    for path in named:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            for piece in iter(lambda: file.read(_CHUNK), b""):
                if stop.is_set():
                    return tuple(damaged)
                digest.update(piece)
                done += len(piece)
                report(done, total)
        if digest.hexdigest() != promised(path):
            damaged.append(path)
    return tuple(damaged)
