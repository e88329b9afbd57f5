"""Reads workbooks, every sheet in pages. The only file that knows openpyxl."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from glmdesk.documents import notes
from glmdesk.documents.office import cells, grid, repair, tree, xlsx_parts, zipped
from glmdesk.documents.office.album import Album
from glmdesk.documents.office.xlsx_parts import Parts
from glmdesk.documents.office.zipped import Archive
from glmdesk.documents.text.volume import Leaf
from glmdesk.errors import DocumentDamaged


@contextmanager
def opened(path: Path, name: str) -> Iterator[Album]:
    """A workbook in pages. Raises DocumentDamaged, DocumentTooLarge."""
    with zipped.opened(path, name) as archive:
        volume = _read(archive)
    yield volume


def _load(file: io.BytesIO) -> Any:
    return load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _read(archive: Archive) -> Album:
    leaves: list[Leaf] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        book, repaired = repair.opened(archive, _load, (tree.Malformed, ParseError))
        said, room = [repaired], grid.Room()
        for sheet in book.worksheets:
            leaves += _sheet(sheet, archive, room, said)
        book.close()
    if not leaves:
        raise DocumentDamaged(
            f"{archive.name} holds no sheets with cells. Nothing was attached. "
            "If it should have some, open it in Excel or LibreOffice, and save it again."
        )
    return Album(name=archive.name, leaves=tuple(leaves), note=notes.joined(*said))


def _sheet(sheet: Any, archive: Archive, room: grid.Room, said: list[str]) -> Iterator[Leaf]:
    parts = xlsx_parts.parts(archive, sheet._worksheet_path)
    sheet.reset_dimensions()
    found = grid.read(_whole(_rows(sheet, parts), str(sheet.title), said), room)
    hidden = sheet.sheet_state != "visible"
    said += _said(sheet.title, hidden, found, parts)
    title = f"{sheet.title} (hidden)" if hidden else str(sheet.title)
    for place, text in enumerate(grid.pages(found, title, _extra(parts))):
        pictures = parts.pictures if not place else ()
        yield Leaf(text=text, label=str(sheet.title), pictures=pictures, tables=1)


def _whole(rows: Iterator[grid.Row], title: str, said: list[str]) -> Iterator[grid.Row]:
    """All rows, or those before the place where the sheet is damaged."""
    number = 0
    try:
        for row in rows:
            number = row[0]
            yield row
    except (ParseError, ValueError, LookupError, TypeError):
        said.append(f"The sheet {title} is damaged; its first {number:,} rows were read.")


def _rows(sheet: Any, parts: Parts) -> Iterator[grid.Row]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        words = [
            cells.shown(cell.value, cell.number_format) if cell.value is not None else ""
            for cell in row
        ]
        if parts.formulas:
            names = (f"{cells.letters(place)}{number}" for place in range(1, len(words) + 1))
            words = [
                word or parts.formulas.get(cell, "")
                for word, cell in zip(words, names, strict=True)
            ]
        yield number, words


def _extra(parts: Parts) -> list[str]:
    merged = f"Merged cells: {', '.join(parts.merged)}" if parts.merged else ""
    comments = "\n".join(f"[comment on {words}]" for words in parts.comments)
    return [line for line in (merged, comments, "\n".join(parts.marks)) if line]


def _said(title: str, hidden: bool, found: grid.Grid, parts: Parts) -> list[str]:
    """Sentences about one sheet."""
    sentences = [f"The sheet {title} is hidden; it was read too."] if hidden else []
    if parts.formulas:
        sentences.append(
            f"On the sheet {title}, formulas without a saved result are shown ({len(parts.formulas):,})."
        )
    if found.cut:
        sentences.append(
            f"Of the sheet {title} the first {found.last:,} rows were read; there are more."
        )
    return sentences
