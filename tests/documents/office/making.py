"""Makes Office files for the tests: with the libraries that write them, and raw ZIP members."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import docx
from docx.oxml import parse_xml

from tests.documents.samples import noise, saved

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PNG = saved(noise(120, 90), "PNG")


def picture(width: int = 120, height: int = 90, seed: int = 1) -> io.BytesIO:
    return io.BytesIO(saved(noise(width, height, seed), "PNG"))


def word(folder: Path, document: Any, name: str = "a.docx") -> Path:
    path = folder / name
    document.save(str(path))
    return path


def add_xml(document: Any, markup: str) -> None:
    """Put a paragraph or table, written as XML, at the end of the body."""
    body = document.element.body
    body.insert(len(body) - 1, parse_xml(markup))


def paragraph(inner: str) -> str:
    return f"<w:p {W}>{inner}</w:p>"


def run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def zipped(folder: Path, name: str, members: Mapping[str, bytes | str]) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in members.items():
            file.writestr(member, data)
    return path


def changed(source: Path, target: Path, members: Mapping[str, bytes]) -> Path:
    """A copy of a ZIP with some members replaced or added."""
    with zipfile.ZipFile(source) as old:
        kept = {name: old.read(name) for name in old.namelist()}
    return zipped(target.parent, target.name, {**kept, **members})


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as file:
        return file.read(name)


def lying(folder: Path, name: str, unpacked: int, said: int) -> Path:
    """A ZIP with one member that says it holds fewer bytes than come out of it."""
    return _raw(folder / name, [(b"word/document.xml", deflated(unpacked), said)])


@cache
def deflated(size: int) -> bytes:
    """So many zeros, packed."""
    pack = zlib.compressobj(1, wbits=-15)
    return b"".join(pack.compress(bytes(2**20)) for _ in range(size // 2**20)) + pack.flush()


def overlapping(folder: Path, name: str, count: int) -> Path:
    """A ZIP in which many entries of the list lead to one and the same member."""
    return _raw(folder / name, [(b"word/document.xml", deflated(2**20), 2**20)], count)


def _raw(path: Path, members: list[tuple[bytes, bytes, int]], copies: int = 1) -> Path:
    out, listed = b"", b""
    for name, data, size in members:
        fields = (20, 0, 8, 0, 0, 0, len(data), size, len(name), 0)
        for copy in range(copies):
            other = name + (b"%d" % copy if copy else b"")
            listed += struct.pack("<4s4B4H3L5H2L", b"PK\x01\x02", 20, 0, 20, 0, 0, 8, 0, 0, 0,
                                  len(data), size, len(other), 0, 0, 0, 0, 0, len(out)) + other  # fmt: skip
        out += struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + name + data
    count = len(members) * copies
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(listed), len(out), 0)
    path.write_bytes(out + listed + end)
    return path


def new_word() -> Any:
    return docx.Document()
