"""PDF pages that are pictures: scans of several kinds, hidden text under them, and mixed files."""

from typing import Any

from PIL import Image

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.sheets import (
    blank,
    encoded,
    finished,
    lines,
    pdf,
    prose_page,
    scan,
    scan_page,
)
from tests.documents.corpus.words import prose

SCAN = Leaf(picture=True)


def cases() -> tuple[Case, ...]:
    return (
        Case(
            name="scanned.pdf",
            make=lambda: pdf(*(scan_page(prose(f"scan {n}", 80)) for n in range(5))),
            leaves=(SCAN,) * 5,
            born=False,
        ),
        _hidden_text(),
        _stripes(),
        _fax(),
        _mixed(),
        _outlines(),
        _stamped(),
    )


def _hidden_text() -> Case:
    """As scanners with text recognition make it: an invisible layer, lying exactly on the dots."""
    text = prose("hidden", 80)

    def draw(page: Any) -> None:
        page.insert_image(page.rect, stream=encoded(scan(text), "JPEG"))
        for row, line in enumerate(lines(text, 14)):
            page.insert_text((50, 78 + row * 24.5), line, fontsize=9, render_mode=3)

    return Case(
        name="scan-with-text.pdf", make=lambda: pdf(draw), leaves=(Leaf(words=text),), born=False
    )


def _stripes() -> Case:
    """Some scanners cut a page into many narrow pictures."""
    image = scan(prose("stripes", 80))

    def draw(page: Any) -> None:
        step = image.height // 12
        for part in range(12):
            band = image.crop((0, part * step, image.width, (part + 1) * step))
            high = page.rect.height / 12
            page.insert_image(
                (0, part * high, page.rect.width, part * high + high), stream=encoded(band)
            )

    return Case(name="stripes.pdf", make=lambda: pdf(draw), leaves=(SCAN,), born=False)


def _fax() -> Case:
    """One bit a dot, packed as a fax packs it."""

    def draw(page: Any) -> None:
        fax = scan(prose("fax", 60)).point(lambda tone: 255 if tone > 128 else 0).convert("1")
        page.insert_image(page.rect, stream=encoded(fax, "TIFF", compression="group4"))

    return Case(name="fax.pdf", make=lambda: pdf(draw), leaves=(SCAN,), born=False)


def _mixed() -> Case:
    texts = {number: prose(f"mixed {number}", 150) for number in (0, 2, 3, 5)}
    draws = [
        prose_page(texts[number]) if number in texts else scan_page(prose(f"dots {number}"), "PNG")
        for number in range(6)
    ]
    return Case(
        name="mixed.pdf",
        make=lambda: pdf(*draws),
        leaves=tuple(Leaf(words=texts[n]) if n in texts else SCAN for n in range(6)),
    )


def _outlines() -> Case:
    """Letters as shapes, without a single character: nothing to copy, all to see."""

    def draw(page: Any) -> None:
        for at in range(160):
            left, top = 60 + at % 16 * 28, 80 + at // 16 * 40
            page.draw_polyline(
                [(left, top + 20), (left + 8, top), (left + 16, top + 20), (left + 4, top + 12)],
                color=(0, 0, 0), fill=(0, 0, 0),
            )  # fmt: skip

    return Case(name="outlines.pdf", make=lambda: pdf(draw), leaves=(SCAN,), born=False)


def _stamped() -> Case:
    """A scan on which an archive printed one line of text: the line is not the page."""

    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            page.insert_image(
                page.rect, stream=encoded(_turned(scan(prose("stamped", 120))), "JPEG")
            )
            page.insert_text((60, 830), "Archive copy 4711", fontsize=8)
            return finished(document)

    return Case(
        name="stamped-scan.pdf",
        make=make,
        leaves=(Leaf(words="Archive copy 4711", picture=True),),
    )


def _turned(image: Image.Image) -> Image.Image:
    return image.rotate(1.5, fillcolor=244)
