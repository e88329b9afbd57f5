"""What a bomb is, and what several of them are filled with."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from glmdesk.errors import DocumentError
from tests.documents.corpus import tables
from tests.documents.corpus.packed import packed, unpacked

MANY = 120 * 2**20
"""Bytes that a small member unpacks to."""

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@dataclass(frozen=True, kw_only=True)
class Bomb:
    """`refused` is the only ending that is right; None: a document and a sentence are both well."""

    name: str
    make: Callable[[], bytes]
    refused: type[DocumentError] | None = None
    pages: int = 0
    """How many there must be, where it has to be read."""
    note: str = ""
    """A pattern that the note must then match."""


@cache
def zeros(size: int) -> bytes:
    """Spaces, packed."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(b" " * 2**20) for _ in range(size // 2**20)) + packer.flush()


def sheet(body: str, extra: dict[str, str] | None = None) -> bytes:
    """A workbook whose only sheet is this XML."""
    members: dict[str, str | bytes] = dict(
        unpacked(tables.made(lambda book: book.active.append(["a"])))
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    members["xl/worksheets/sheet1.xml"] = f'<worksheet xmlns="{space}">{body}</worksheet>'
    return packed({**members, **(extra or {})})
