"""Excel files: values of all kinds, hidden sheets, merged cells, pictures, and sheets that are long."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import openpyxl
from openpyxl.drawing.image import Image as SheetImage

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.packed import packed, unpacked
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.words import prose

_CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT[\d:]+Z")


def cases() -> tuple[Case, ...]:
    return (_sheets(), _values(), _long(), _wide(), _merged(), _pictures())


def made(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    buffer = io.BytesIO()
    book.save(buffer)
    members = unpacked(buffer.getvalue())
    members["docProps/core.xml"] = _CLOCK.sub(b"2026-11-25T00:00:00Z", members["docProps/core.xml"])
    return packed(members)


def _sheets() -> Case:
    """A hidden sheet is part of the file: it is read, and the reader may say that it is hidden."""

    def fill(book: Any) -> None:
        first = book.active
        first.title = "Summary"
        first.append(["alpha", "beta"])
        hidden = book.create_sheet("Secret sums")
        hidden.append(["gamma", "delta"])
        hidden.sheet_state = "hidden"
        book.create_sheet("Last").append(["epsilon", "zeta"])

    return Case(
        name="sheets.xlsx",
        make=partial(made, fill),
        leaves=(Leaf(words="alpha beta"), Leaf(words="gamma delta"), Leaf(words="epsilon zeta")),
    )


def _values() -> Case:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet.append(["text", 42, 3.25, True, datetime(2026, 11, 25)])
        sheet.append(["two\nlines", -7, 1e21, False, None])
        sheet["B4"] = "Commented"
        sheet["B4"].comment = openpyxl.comments.Comment("Cellremark", "Ann")

    return Case(
        name="values.xlsx",
        make=partial(made, fill),
        leaves=(Leaf(words="text 42 3.25 2026 11 25 two lines 7 Commented Cellremark"),),
        ordered=False,
    )


def _long() -> Case:
    """Pieces of a long sheet, in order, without a row lost between two of them."""
    rows = [prose(f"row {number}", 5).split() for number in range(1000)]

    def fill(book: Any) -> None:
        for row in rows:
            book.active.append(row)

    words = " ".join(" ".join(row) for row in rows)
    return Case(
        name="long.xlsx", make=partial(made, fill), leaves=(Leaf(words=words),), paged=False
    )


def _wide() -> Case:
    names = [f"column{number}" for number in range(600)]
    return Case(
        name="wide.xlsx",
        make=partial(made, lambda book: book.active.append(names)),
        leaves=(Leaf(words=" ".join(names)),),
        paged=False,
    )


def _merged() -> Case:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet["A1"] = "Mergedtitle"
        sheet.merge_cells("A1:D1")
        sheet["A2"], sheet["D2"] = "lefthand", "righthand"
        sheet["A9"] = "farbelow"

    return Case(
        name="merged.xlsx",
        make=partial(made, fill),
        leaves=(Leaf(words="Mergedtitle lefthand righthand farbelow"),),
    )


def _pictures() -> Case:
    def fill(book: Any) -> None:
        book.active["A1"] = "Picturesheet"
        book.active.add_image(SheetImage(io.BytesIO(encoded(figure((300, 200))))), "C3")

    return Case(
        name="pictures.xlsx",
        make=partial(made, fill),
        leaves=(Leaf(words="Picturesheet", picture=True),),
    )
