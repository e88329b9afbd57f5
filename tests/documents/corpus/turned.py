"""PDF pages that are turned, shifted or cut: what is on them is the same."""

from typing import Any

import pymupdf

from tests.documents.corpus.case import Case, Leaf, leaves
from tests.documents.corpus.sheets import (
    blank,
    cornered,
    corners,
    encoded,
    finished,
    pdf,
    scan,
    write,
)
from tests.documents.corpus.words import prose

TURNS = (0, 90, 180, 270)


def cases() -> tuple[Case, ...]:
    return (_turned_pages(), _turned_letters(), _turned_scans(), _shifted(), _cropped())


def _turned_pages() -> Case:
    """The page is turned, and its text with it: a person sees it lying or upside down."""
    texts = [prose(f"turned {turn}", 150) for turn in TURNS]

    def make() -> bytes:
        with blank() as document:
            for turn, text in zip(TURNS, texts, strict=True):
                page = document.new_page()
                write(page, text)
                page.set_rotation(turn)
            return finished(document)

    return Case(name="turned-pages.pdf", make=make, leaves=leaves(*texts))


def _turned_letters() -> Case:
    """A page of a landscape table: text turned in the content, and the page turned back."""
    texts = [prose(f"letters {turn}", 100) for turn in TURNS]

    def draw(turn: int, text: str) -> Any:
        def on(page: Any) -> None:
            page.insert_textbox(page.rect + (60, 60, -60, -60), text, rotate=turn, fontsize=11)
            page.set_rotation(turn)

        return on

    draws = [draw(turn, text) for turn, text in zip(TURNS, texts, strict=True)]
    return Case(name="turned-letters.pdf", make=lambda: pdf(*draws), leaves=leaves(*texts))


def _turned_scans() -> Case:
    def make() -> bytes:
        with blank() as document:
            for turn in TURNS:
                page = document.new_page()
                image = cornered(scan(prose(f"turned scan {turn}")))
                page.insert_image(page.rect, stream=encoded(image, "JPEG"))
                page.set_rotation(turn)
            return finished(document)

    spotted = tuple(Leaf(picture=True, spots=corners(turn // 90)) for turn in TURNS)
    return Case(name="turned-scans.pdf", make=make, leaves=spotted, born=False)


def _shifted() -> Case:
    """The page does not begin at nought."""
    text = prose("shifted", 100)

    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            write(page, text)
            document.xref_set_key(page.xref, "MediaBox", "[-100 -200 595 842]")
            return finished(document)

    return Case(name="shifted.pdf", make=make, leaves=leaves(text))


def _cropped() -> Case:
    """Printers' marks lie outside of what a reader shows."""
    text = prose("cropped", 100)

    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            write(page, text, (150, 150, 450, 600))
            page.insert_text((10, 20), "outsideofall")
            page.set_cropbox(pymupdf.Rect(100, 100, 500, 700))
            return finished(document)

    return Case(name="cropped.pdf", make=make, leaves=(Leaf(words=text, absent=("outsideofall",)),))
