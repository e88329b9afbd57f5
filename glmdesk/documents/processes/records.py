"""A document's pages as bytes for the disk, and back; what cannot be right is as good as nothing."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any

from glmdesk.documents.page import Document, Looks, Sheet

VERSION = 1
"""Changes when pages read today differ from those kept before; what is kept in another is read again."""

_LEVEL = 1


def pack(document: Document) -> bytes:
    """Without its name, which is the person's and not the file's."""
    content = {
        "version": VERSION,
        "note": document.note,
        "encoding": document.encoding,
        "sheets": [_row(sheet) for sheet in document.sheets],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(data: bytes, name: str) -> Document | None:
    """None when it is damaged, or of another version."""
    try:
        content = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
        if content["version"] != VERSION:
            return None
        sheets = tuple(map(_sheet, content["sheets"]))
        note, encoding = content["note"], content["encoding"]
    except (zlib.error, ValueError, KeyError, TypeError, IndexError):
        return None
    if not sheets or [sheet.number for sheet in sheets] != list(range(1, len(sheets) + 1)):
        return None
    return Document(name=name, sheets=sheets, note=str(note), encoding=str(encoding))


def _row(sheet: Sheet) -> list[Any]:
    looks = list(astuple(sheet.looks))
    return [sheet.number, sheet.text, sheet.pictures, sheet.whole, sheet.label, looks, sheet.fault]


def _sheet(row: Sequence[Any]) -> Sheet:
    number, text, pictures, whole, label, looks, fault = row
    names = [field.name for field in fields(Looks)]
    if not all(isinstance(words, str) for words in (text, label, fault)):
        raise TypeError("text is not text")
    return Sheet(
        number=int(number),
        text=text,
        pictures=tuple((int(width), int(height)) for width, height in pictures),
        whole=bool(whole),
        label=label,
        looks=Looks(**dict(zip(names, looks, strict=True))),
        fault=fault,
    )
