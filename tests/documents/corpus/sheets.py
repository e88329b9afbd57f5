"""Draws PDF pages for the corpus: paragraphs, scans and whole files."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymupdf
from PIL import Image, ImageDraw

from tests.documents.corpus.case import Colour, Spot

MARGIN = 56
Draw = Callable[[Any], None]


@contextmanager
def blank() -> Iterator[Any]:
    document = pymupdf.open()
    try:
        yield document
    finally:
        document.close()


def finished(document: Any, **options: Any) -> bytes:
    """The file, the same bytes every time: without dates and with an identity of zeros."""
    document.set_metadata({})
    document.xref_set_key(-1, "ID", f"[<{'00' * 16}> <{'00' * 16}>]")
    return bytes(document.tobytes(no_new_id=True, **options))


def pdf(*pages: Draw, **options: Any) -> bytes:
    """A file of A4 pages, each drawn by its function."""
    with blank() as document:
        for draw in pages:
            draw(document.new_page())
        return finished(document, **options)


def write(
    page: Any, text: str, box: Sequence[float] = (), *, font: str = "helv", size: float = 10
) -> None:
    """Set text into a box (left, top, right, bottom in points); all of it must fit."""
    place = pymupdf.Rect(*box) if box else page.rect + (MARGIN, MARGIN, -MARGIN, -MARGIN)
    left = page.insert_textbox(place, text, fontname=font, fontsize=size)
    if left < 0:
        raise ValueError(f"{-left:.0f} points too little room for {text[:40]}")


def prose_page(text: str, **options: Any) -> Draw:
    return lambda page: write(page, text, **options)


def scan(text: str, width: int = 827, height: int = 1169) -> Image.Image:
    """A grey photograph of a page, with the words as dots."""
    image = Image.new("L", (width, height), 244)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines(text, 14)):
        draw.text((width // 12, height // 14 + row * 34), line, fill=20, font_size=24)
    return image


def lines(text: str, per_line: int) -> list[str]:
    words = text.split()
    return [" ".join(words[at : at + per_line]) for at in range(0, len(words), per_line)]


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def scan_page(text: str, form: str = "JPEG") -> Draw:
    """A page that is one picture and nothing else."""
    return lambda page: page.insert_image(page.rect, stream=encoded(scan(text), form))


RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 180, 40), (30, 40, 210), (128, 128, 128)
_CORNERS = ((0.06, 0.06), (0.94, 0.06), (0.94, 0.94), (0.06, 0.94))


def cornered(image: Image.Image) -> Image.Image:
    """The same in colour, with red, green, blue and grey in its corners, clockwise."""
    marked = image.convert("RGB")
    draw = ImageDraw.Draw(marked)
    for (across, down), colour in zip(_CORNERS, (RED, GREEN, BLUE, GREY), strict=True):
        left, top = round(across * image.width), round(down * image.height)
        reach = round(0.05 * min(image.size))
        draw.rectangle((left - reach, top - reach, left + reach, top + reach), colour)
    return marked


def corners(quarters: int = 0) -> tuple[tuple[Spot, Colour], ...]:
    """Where `cornered` put what, after so many quarter turns to the right."""
    colours = (RED, GREEN, BLUE, GREY)
    return tuple((spot, colours[(at - quarters) % 4]) for at, spot in enumerate(_CORNERS))


def figure(size: tuple[int, int] = (240, 180), seed: int = 1) -> Image.Image:
    """A picture with something to see in it: bands, a disc and a bar."""
    image = Image.new("RGB", size, (250, 250, 240))
    draw = ImageDraw.Draw(image)
    width, height = size
    for band in range(8):
        tone = (40 + band * 25, (seed * 67 + band * 31) % 256, (seed * 29) % 256)
        draw.rectangle((0, band * height // 8, width // 2, (band + 1) * height // 8 - 1), tone)
    draw.ellipse((width * 5 // 9, height // 6, width * 8 // 9, height * 2 // 3), (200, 30, 40))
    draw.rectangle(
        (width * 5 // 9, height * 3 // 4, width * 8 // 9, height * 7 // 8), (20, 60, 160)
    )
    return image
