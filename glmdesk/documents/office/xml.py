"""Reads XML as it is, in the encoding it declares. Nothing in it is expanded, so nothing can unfold."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glmdesk.documents.text import pieces, text
from glmdesk.documents.text.volume import Leaf, Volume

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})")


@contextmanager
def opened(path: Path, name: str, encoding: str = "") -> Iterator[Volume]:
    """A document as it is written. Raises DocumentTooLarge."""
    data = text.read(path, name)
    decoded = text.decode(data, encoding, declared=declared(data))
    parts = pieces.cut(decoded.text)
    leaves = tuple(Leaf(text=part.rstrip("\n")) for part in parts)
    yield Volume(name=name, leaves=leaves, note=decoded.note, encoding=decoded.encoding)


def declared(data: bytes) -> str:
    """The encoding of its first line, "" when it has none that one byte a letter can be written in."""
    found = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf")[:400])
    encoding = found[1].decode("ascii", "replace").lower() if found else ""
    return "" if encoding.startswith(("utf-16", "utf-32", "ucs")) else encoding
