"""Born digital PDF pages: plain prose, fonts, columns, tables, formulas, headers and links."""

from typing import Any

import pymupdf

from tests.documents.corpus.case import Case, Leaf, leaves
from tests.documents.corpus.sheets import MARGIN, encoded, figure, pdf, prose_page, write
from tests.documents.corpus.words import prose

ROWS = 14
COLUMNS = (MARGIN, 300), (312, 539)
FORMULAS = "Energy equals mass times c squared. α β γ ∑ ∫ √ ≤ ≥ ≠ π λ"


def cases() -> tuple[Case, ...]:
    return (
        _plain(),
        _fonts(),
        _columns("two-columns.pdf", 2),
        _columns("three-columns.pdf", 3),
        _ruled(),
        _unruled(),
        _formulas(),
        _running_heads(),
        _ligatures(),
        _figure(),
        _empty_page(),
        _sizes(),
        _thousand(),
    )


def _plain() -> Case:
    texts = [prose(f"plain {number}", 220) for number in range(8)]
    return Case(name="plain.pdf", make=lambda: pdf(*map(prose_page, texts)), leaves=leaves(*texts))


def _fonts() -> Case:
    fonts = ("helv", "hebo", "tiro", "tibi", "cour")
    texts = [prose(f"font {font}", 120) for font in fonts]
    draws = [prose_page(text, font=font, size=9) for text, font in zip(texts, fonts, strict=True)]
    return Case(name="fonts.pdf", make=lambda: pdf(*draws), leaves=leaves(*texts))


def _columns(name: str, count: int) -> Case:
    titles = [prose(f"{name} title {page}", 6) for page in range(3)]
    texts = [[prose(f"{name} {page} {at}", 150) for at in range(count)] for page in range(3)]

    def draw(title: str, columns: list[str]) -> Any:
        def on(page: Any) -> None:
            write(page, title, (MARGIN, 40, 540, 80), font="hebo", size=14)
            wide = (595 - 2 * MARGIN + 14) / count
            for at, text in enumerate(columns):
                left = MARGIN + at * wide
                write(page, text, (left, 90, left + wide - 14, 790), size=9)

        return on

    return Case(
        name=name,
        make=lambda: pdf(*(draw(*each) for each in zip(titles, texts, strict=True))),
        leaves=leaves(*(" ".join((t, *c)) for t, c in zip(titles, texts, strict=True))),
    )


def _cells(name: str) -> list[list[str]]:
    return [[prose(f"{name} {row} {column}", 2) for column in range(4)] for row in range(ROWS)]


def _place(row: int, column: int) -> pymupdf.Rect:
    left, top = MARGIN + column * 120, 120 + row * 28
    return pymupdf.Rect(left, top, left + 120, top + 28)


def _ruled() -> Case:
    cells = _cells("ruled")

    def draw(page: Any) -> None:
        write(page, "Ruled table", (MARGIN, 60, 400, 100))
        for row, texts in enumerate(cells):
            for column, text in enumerate(texts):
                page.draw_rect(_place(row, column), color=(0, 0, 0), width=0.5)
                write(page, text, _place(row, column) + (4, 6, -2, 0), size=8)

    words = "Ruled table " + " ".join(" ".join(row) for row in cells)
    return Case(name="ruled-table.pdf", make=lambda: pdf(draw), leaves=leaves(words), ordered=False)


def _unruled() -> Case:
    cells = _cells("unruled")

    def draw(page: Any) -> None:
        for row, texts in enumerate(cells):
            for column, text in enumerate(texts):
                write(page, text, _place(row, column) + (4, 6, -2, 0), size=8)

    words = " ".join(" ".join(row) for row in cells)
    return Case(
        name="unruled-table.pdf", make=lambda: pdf(draw), leaves=leaves(words), ordered=False
    )


def _formulas() -> Case:
    text = prose("formulas", 80)

    def draw(page: Any) -> None:
        write(page, text, (MARGIN, 60, 540, 300))
        page.insert_htmlbox((MARGIN, 320, 540, 500), f"<p>{FORMULAS}</p>")
        write(page, "x", (100, 520, 130, 560), size=18)
        write(page, "2", (112, 514, 130, 540), size=9)
        page.draw_line((140, 540), (200, 540))
        page.draw_bezier((210, 560), (220, 500), (230, 580), (240, 510))

    return Case(
        name="formulas.pdf",
        make=lambda: pdf(draw, garbage=3, deflate=True),
        leaves=leaves(f"{text} {FORMULAS}"),
    )


def _running_heads() -> Case:
    texts = [prose(f"heads {number}", 100) for number in range(4)]

    def draw(number: int, text: str) -> Any:
        def on(page: Any) -> None:
            write(page, "Annual report", (MARGIN, 20, 300, 40), size=8)
            write(page, text, (MARGIN, 60, 540, 780))
            write(page, f"Sheet {number + 1}", (280, 810, 360, 830), size=8)

        return on

    return Case(
        name="running-heads.pdf",
        make=lambda: pdf(*(draw(number, text) for number, text in enumerate(texts))),
        leaves=leaves(*texts),
    )


def _ligatures() -> Case:
    """Typeset as books are: one glyph stands for two letters."""
    shown = "The oﬃce ﬁnds a ﬂow of ﬁles and aﬀairs."
    return Case(
        name="ligatures.pdf",
        make=lambda: pdf(
            lambda page: page.insert_htmlbox((60, 60, 500, 200), f"<p>{shown}</p>"),
            garbage=3,
            deflate=True,
        ),
        leaves=leaves("The office finds a flow of files and affairs."),
    )


def _figure() -> Case:
    text = prose("figure", 120)

    def draw(page: Any) -> None:
        write(page, text, (MARGIN, 60, 540, 300))
        page.insert_image((MARGIN, 320, 540, 720), stream=encoded(figure((480, 400))))

    return Case(name="figure.pdf", make=lambda: pdf(draw), leaves=(Leaf(words=text, picture=True),))


def _empty_page() -> Case:
    first, last = prose("before nothing", 60), prose("after nothing", 60)
    return Case(
        name="empty-page.pdf",
        make=lambda: pdf(prose_page(first), lambda page: None, prose_page(last)),
        leaves=(Leaf(words=first), Leaf(), Leaf(words=last)),
    )


def _sizes() -> Case:
    """From a stamp to a wall: a page is a page."""
    sizes = ((120, 120), (14400, 14400), (842, 595), (2000, 130))
    texts = [prose(f"size {size}", 5) for size in sizes]

    def make() -> bytes:
        with pymupdf.open() as document:
            for (width, height), text in zip(sizes, texts, strict=True):
                write(document.new_page(width=width, height=height), text, (6, 6, 114, 114), size=7)
            return bytes(document.tobytes(no_new_id=True))

    return Case(name="sizes.pdf", make=make, leaves=leaves(*texts))


def _thousand() -> Case:
    texts = [prose(f"thousand {number}", 40) for number in range(1000)]
    return Case(
        name="thousand.pdf",
        make=lambda: pdf(*map(prose_page, texts), deflate=True),
        leaves=leaves(*texts),
    )
