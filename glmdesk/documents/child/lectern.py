"""Keeps the last documents open in the child, so that the next pages of one need no new beginning."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents.book import Book
from glmdesk.documents.child import formats
from glmdesk.documents.child.kinds import Kind

ROOM = 2
"""Documents that are open at once."""

_Key = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class _Open:
    key: _Key
    book: Book
    closing: ExitStack


class Lectern:
    """Books by file, name and encoding; a file that was changed is another one."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def book(self, kind: Kind, path: Path, name: str, encoding: str = "") -> Book:
        """The open document. Raises DocumentError or OSError; it is then not kept."""
        key = (*_identity(path), kind.format, name, encoding)
        for place, found in enumerate(self._open):
            if found.key == key:
                self._open.append(self._open.pop(place))
                return found.book
        while len(self._open) >= ROOM:
            self._open.pop(0).closing.close()
        with ExitStack() as closing:
            book = closing.enter_context(formats.opened(kind, path, name, encoding))
            self._open.append(_Open(key=key, book=book, closing=closing.pop_all()))
        return book

    def clear(self) -> None:
        """Close everything."""
        while self._open:
            self._open.pop().closing.close()


def _identity(path: Path) -> _Key:
    """The file itself, wherever it is moved."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
