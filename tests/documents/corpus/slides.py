"""PowerPoint files: titles, lists, tables, groups, pictures, notes and hidden slides."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pptx
from pptx.util import Inches

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.packed import packed, unpacked
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.words import prose

TITLE_AND_TEXT, TITLE_ONLY, BLANK = 1, 5, 6


def cases() -> tuple[Case, ...]:
    return (_plain(), _notes(), _shapes(), _pictures(), _hidden())


def made(fill: Callable[[Any], None]) -> bytes:
    show = pptx.Presentation()
    fill(show)
    buffer = io.BytesIO()
    show.save(buffer)
    return packed(unpacked(buffer.getvalue()))


def slide(show: Any, title: str, body: str = "") -> Any:
    """Add one with a title, and with a list if there is a body."""
    made = show.slides.add_slide(show.slide_layouts[TITLE_AND_TEXT if body else TITLE_ONLY])
    made.shapes.title.text = title
    if body:
        made.placeholders[1].text = body
    return made


def _case(name: str, fill: Callable[[Any], None], *leaves: Leaf, **more: Any) -> Case:
    return Case(name=name, make=partial(made, fill), leaves=leaves, **more)


def _plain() -> Case:
    texts = [(prose(f"title {n}", 4), prose(f"body {n}", 40)) for n in range(12)]

    def fill(show: Any) -> None:
        for title, body in texts:
            slide(show, title, body)

    return _case("slides.pptx", fill, *(Leaf(words=f"{title} {body}") for title, body in texts))


def _notes() -> Case:
    def fill(show: Any) -> None:
        page = slide(show, "Titleword", "Bodyword")
        page.notes_slide.notes_text_frame.text = "Spokenword"

    return _case("notes.pptx", fill, Leaf(words="Titleword Bodyword Spokenword"))


def _shapes() -> Case:
    """A table, and a box in a group in a group."""

    def fill(show: Any) -> None:
        page = slide(show, "Shapes")
        table = page.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
        for row in range(2):
            for column in range(2):
                table.cell(row, column).text = f"cell{row}{column}"
        inner = page.shapes.add_group_shape().shapes.add_group_shape()
        box = inner.shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1))
        box.text_frame.text = "Groupedword"

    return _case("shapes.pptx", fill, Leaf(words="Shapes cell00 cell01 cell10 cell11 Groupedword"))


def _pictures() -> Case:
    def fill(show: Any) -> None:
        slide(show, "Firstslide", "Without picture")
        page = show.slides.add_slide(show.slide_layouts[BLANK])
        page.shapes.add_picture(io.BytesIO(encoded(figure())), Inches(1), Inches(1))
        page = slide(show, "Thirdslide")
        page.shapes.add_picture(io.BytesIO(encoded(figure(seed=2))), Inches(1), Inches(3))

    return _case(
        "pictures.pptx",
        fill,
        Leaf(words="Firstslide Without picture"),
        Leaf(picture=True),
        Leaf(words="Thirdslide", picture=True),
    )


def _hidden() -> Case:
    """A hidden slide is in the file; the numbers of the others must not shift."""

    def fill(show: Any) -> None:
        for word in ("Firstword", "Hiddenword", "Lastword"):
            page = slide(show, word)
            if word == "Hiddenword":
                page._element.set("show", "0")

    return _case(
        "hidden.pptx",
        fill,
        Leaf(words="Firstword"),
        Leaf(words="Hiddenword"),
        Leaf(words="Lastword"),
    )
