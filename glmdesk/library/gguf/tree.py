"""Walk a folder that other people and other programs fill: bounded, and never twice through one folder.

Links are followed to regular files and to folders; what is hidden, has a name that is no text, or cannot be read, is passed
over without a word.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from unicodedata import category

_MAX_FOLDERS = 4_000
_MAX_ENTRIES = 100_000
_MAX_FILES = 2_000


def files(root: Path, depth: int = 6, suffix: str = ".gguf", most: int = _MAX_FILES) -> list[Path]:
    """At most `most` regular files below `root`, `depth` folders down, in the order of their names."""
    found = (
        Path(entry.path)
        for entry in _entries(root, depth)
        if entry.name.endswith(suffix) and is_true(entry.is_file)
    )
    return sorted(islice(found, most))


def folders(root: Path, prefix: str = "") -> list[Path]:
    """The folders right in `root` whose names begin with `prefix`, in the order of their names."""
    return sorted(
        Path(entry.path)
        for entry in islice(_listing(root), _MAX_FOLDERS)
        if entry.name.startswith(prefix) and is_true(entry.is_dir)
    )


def is_true(question: Callable[[], bool]) -> bool:
    """The answer; no, where the system cannot tell (a loop of links, no permission)."""
    try:
        return question()
    except OSError:
        return False


def read_small(path: Path, limit: int) -> bytes:
    """What is in a regular file of at most `limit` bytes; empty for every other one."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        return b""
    return data if len(data) <= limit else b""


def _entries(root: Path, depth: int) -> Iterator["os.DirEntry[str]"]:
    waiting, entered, left = deque([(root, 0)]), set[tuple[int, int]](), _MAX_ENTRIES
    while waiting and left > 0 and len(entered) < _MAX_FOLDERS:
        folder, down = waiting.popleft()
        place = _place(folder)
        if place is None or place in entered:
            continue
        entered.add(place)
        for entry in islice(_listing(folder), left):
            left -= 1
            if is_true(entry.is_dir):
                waiting += [(Path(entry.path), down + 1)] if down < depth else []
            else:
                yield entry


def _place(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _listing(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """What is right in `folder` and not hidden; names that are no text are passed over."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if _is_shown(entry.name))
    except OSError:
        return


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not any(category(one)[0] == "C" for one in name)


def size(path: Path) -> int:
    """Bytes of a file, or of the one its link leads to; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_empty(folder: Path) -> bool:
    """Whether nothing at all is in it, hidden files counted; no, where that cannot be seen."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False
