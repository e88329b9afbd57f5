"""Reads the pages of a PDF: their text in reading order, or their pixels. The only file that knows pymupdf."""

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glmdesk.documents.order import Block, in_reading_order
from glmdesk.documents.sizes import Raster
from glmdesk.errors import DocumentDamaged, DocumentLocked

# They come with pymupdf and bring onnxruntime: 0.4 s and 450 MB of address space for nothing used here.
for _name in ("pymupdf.layout", "pymupdf4llm"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]

import pymupdf  # noqa: E402

MAX_PAGES = 2000
FEW_LETTERS = 20
"""A page with fewer of them and something drawn on it is taken for a scan."""

_DPI = 150
_SPARE = 1.5
"""How much larger than asked for a page is drawn, so that resizing has something to average."""
_MAX_DRAWN = 32_000_000
_FLAGS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
_WORDS = ("fill-text", "stroke-text", "clip-text", "clip-stroke-text", "ignore-text")
_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, OSError)
_BROKEN = (*_ERRORS, pymupdf.mupdf.FzErrorBase)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page. `width` and `height` are what it would measure in pixels at 150 dpi."""

    number: int
    text: str
    scanned: bool
    width: int
    height: int


class Book:
    """An open PDF; its methods raise DocumentDamaged for one page, the others stay readable."""

    def __init__(self, document: Any, name: str) -> None:
        self._document = document
        self._name = name
        self.total: int = document.page_count
        """Pages in the file, of which MAX_PAGES may be read."""

    @property
    def repaired(self) -> bool:
        """Whether pages had to be searched for, which may come out while they are read."""
        return bool(self._document.is_repaired)

    def sheet(self, number: int) -> Sheet:
        """Read page `number`, counted from 1."""
        pymupdf.TOOLS.reset_mupdf_warnings()
        with self._page(number) as page:
            text = _text(page)
            scanned = _letters(text) < FEW_LETTERS and _has_drawing(page)
            if not text and not scanned and pymupdf.TOOLS.mupdf_warnings():
                raise DocumentDamaged(f"Page {number} of {self._name} is damaged.")
            scale = _DPI / 72
            return Sheet(
                number=number,
                text=text,
                scanned=scanned,
                width=max(1, round(page.rect.width * scale)),
                height=max(1, round(page.rect.height * scale)),
            )

    def draw(self, number: int, size: tuple[int, int]) -> Raster:
        """Draw page `number` somewhat larger than `size`, in its own proportions."""
        with self._page(number) as page:
            width, height = page.rect.width, page.rect.height
            zoom = _SPARE * max(size[0] / width, size[1] / height)
            zoom = min(zoom, (_MAX_DRAWN / (width * height)) ** 0.5)
            pixels = _pixels(page, zoom)
            return Raster(width=pixels.width, height=pixels.height, rgb=bytes(pixels.samples))

    @contextmanager
    def _page(self, number: int) -> Iterator[Any]:
        try:
            yield self._document.load_page(number - 1)
        except _BROKEN as error:
            raise DocumentDamaged(f"Page {number} of {self._name} is damaged.") from error


@contextmanager
def opened(path: Path, name: str) -> Iterator[Book]:
    """Open a PDF. Raises DocumentLocked or DocumentDamaged."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    with _document(path, name) as document:
        if document.needs_pass:
            raise DocumentLocked(
                f"{name} needs a password; glmdesk cannot open it. Nothing was attached. "
                "Save a copy without the password and attach that."
            )
        try:
            book = Book(document, name)
        except _BROKEN as error:
            raise _damaged(name, "its pages cannot be counted") from error
        if book.total < 1:
            raise _damaged(name, "it has no pages")
        yield book


@contextmanager
def _document(path: Path, name: str) -> Iterator[Any]:
    try:
        document = pymupdf.open(path, filetype="pdf")
    except _BROKEN as error:
        raise _damaged(name, "its structure cannot be read") from error
    try:
        yield document
    finally:
        document.close()


def _damaged(name: str, why: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} is damaged: {why}. Nothing was attached. "
        "Open it in another program, save it as a new PDF, and attach that."
    )


def _text(page: Any) -> str:
    found = page.get_text("blocks", flags=_FLAGS)
    blocks = [
        Block(x0=x0, y0=y0, x1=x1, y1=y1, text=tidy(text))
        for x0, y0, x1, y1, text, _, kind in found
        if kind == 0 and text.strip()
    ]
    return "\n\n".join(block.text for block in in_reading_order(blocks) if block.text)


def tidy(text: str) -> str:
    """Composed letters, no control characters or soft hyphens, no spaces at the ends of lines."""
    whole = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    kept = "".join(letter for letter in whole if letter in "\n\t" or _shows(letter))
    return "\n".join(line.rstrip() for line in kept.splitlines()).strip("\n")


def _shows(letter: str) -> bool:
    return letter != "\xad" and unicodedata.category(letter) != "Cc"


def _letters(text: str) -> int:
    """How many characters say something: fonts without a table of letters give U+FFFD."""
    lost = text.count("\ufffd")
    said = sum(not letter.isspace() for letter in text) - lost
    return said if said > lost else 0


def _has_drawing(page: Any) -> bool:
    """Whether a picture or a line can be seen, or letters that have no text behind them."""
    drawn = [kind for kind, *_ in page.get_bboxlog()]
    if all(kind in _WORDS for kind in drawn) and "\ufffd" not in page.get_text(flags=_FLAGS):
        return False
    width, height = page.rect.width, page.rect.height
    return not _pixels(page, min(1.0, 200 / max(width, height))).is_unicolor


def _pixels(page: Any, zoom: float) -> Any:
    matrix = pymupdf.Matrix(zoom, zoom)
    return page.get_pixmap(matrix=matrix, colorspace=pymupdf.csRGB, alpha=False)
