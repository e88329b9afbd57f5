"""The only file that knows pymupdf: opens PDF and EPUB, and takes a page apart into plain values."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from glmdesk.documents.pdf import page_tree
from glmdesk.documents.pdf.evidence import Rect
from glmdesk.documents.pdf.layout import Line
from glmdesk.documents.pdf.matching import Word
from glmdesk.documents.sizes import Raster

# They come with pymupdf and bring onnxruntime: 0.4 s and 450 MB of address space for nothing used here.
for _name in ("pymupdf.layout", "pymupdf4llm"):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]

import pymupdf  # noqa: E402
from pymupdf import extra, mupdf  # noqa: E402

BROKEN = (
    RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, OSError,
    mupdf.FzErrorBase,
)  # fmt: skip
"""What pymupdf raises when bytes are not what they should be."""

_TEXT = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
_PICTURES = pymupdf.TEXT_PRESERVE_IMAGES
_VECTORS = pymupdf.TEXT_COLLECT_VECTORS | pymupdf.TEXT_LAZY_VECTORS
_PAINTED = mupdf.FZ_STEXT_FILLED | mupdf.FZ_STEXT_STROKED
TEXT, PICTURE, SHAPE = 0, 1, 3
"""Kinds of what `Leaf.pieces` gives."""

_EPUB_PAGE = (480.0, 680.0, 12.0)
"""Width, height and size of letters in points, where a book leaves them to the reader."""


Piece = tuple[float, float, float, float, str, int, int]
"""Left, top, right, bottom, text, number, kind."""


class Shape(NamedTuple):
    """A path: whether it is a rectangle, only its outline, and white."""

    box: Rect
    rectangle: bool
    stroked: bool
    white: bool


class Field(NamedTuple):
    """A form field that was filled in."""

    name: str
    value: str


class Paper:
    """An open file. Methods raise BROKEN."""

    def __init__(self, path: Path, format: str) -> None:
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        width, height, size = _EPUB_PAGE
        self._document = pymupdf.open(
            path, filetype=format, width=width, height=height, fontsize=size
        )
        self._chapters: list[tuple[int, str]] | None = None
        self._counted = self._mended = False

    @property
    def locked(self) -> bool:
        return bool(self._document.needs_pass)

    @property
    def pages(self) -> int:
        """How many pages there are; where the file is wrong about it, they are looked for."""
        if not self._counted:
            self._counted = True
            self._mend()
        return int(self._document.page_count)

    def _mend(self) -> None:
        if not self._is_pdf:
            return
        for mend in (page_tree.recount, page_tree.rebuild):
            if self._is_sound():
                return
            self._mended = True
            with suppress(*BROKEN):
                mend(self._document)

    def _is_sound(self) -> bool:
        """Whether the pages can be counted and are as many as they are said to be."""
        try:
            return self._document.page_count > 0 and not page_tree.is_wrong(self._document)
        except BROKEN:
            return False

    @property
    def repaired(self) -> bool:
        """Whether pages had to be searched for, which may come out while they are read."""
        return self._mended or bool(self._document.is_repaired)

    def leaf(self, number: int) -> "Leaf":
        """Page `number`, counted from 1."""
        return Leaf(self._document, number)

    def files(self) -> list[str]:
        """Names of the files inside this one."""
        return [str(name) for name in self._document.embfile_names()] if self._is_pdf else []

    def chapter(self, number: int) -> str:
        """What the page belongs to, where pages have no numbers of their own."""
        if self._is_pdf:
            return ""
        if self._chapters is None:
            self._chapters = [(page, title) for _, title, page in self._document.get_toc()]
        return next((title for page, title in reversed(self._chapters) if page <= number), "")

    def unlock(self, password: str) -> bool:
        """Whether the password was right; the file is open then."""
        return bool(self._document.authenticate(password))

    def save(self, target: Path) -> None:
        """Write a copy without a password."""
        self._document.save(target, encryption=pymupdf.PDF_ENCRYPT_NONE)

    def close(self) -> None:
        self._document.close()

    def forget_warnings(self) -> None:
        pymupdf.TOOLS.reset_mupdf_warnings()

    def warned(self) -> bool:
        """Whether anything was wrong since warnings were forgotten."""
        return bool(pymupdf.TOOLS.mupdf_warnings())

    @property
    def _is_pdf(self) -> bool:
        return bool(self._document.is_pdf)


class Leaf:
    """One page; every measure is in points of the page as it is seen. Methods raise BROKEN."""

    def __init__(self, document: Any, number: int) -> None:
        self._document = document
        self._number = number
        self._page = mupdf.fz_load_page(document.this, number - 1)
        box = mupdf.fz_bound_page(self._page)
        self.width = max(float(box.x1 - box.x0), 1.0)
        self.height = max(float(box.y1 - box.y0), 1.0)

    def pieces(self) -> list[Piece]:
        """All text, pictures and shapes as they were painted."""
        found: list[Piece] = extra.extractBLOCKS(self._read(_TEXT | _PICTURES | _VECTORS))
        return found

    def lines(self) -> list[Line]:
        """All lines of text."""
        return [
            _line(line, block["number"])
            for block in self._blocks(_TEXT)
            if block["type"] == TEXT
            for line in block["lines"]
        ]

    def unpainted(self) -> int:
        """How many letters are in the page without being seen."""
        spans = (
            span
            for block in self._blocks(_TEXT)
            if block["type"] == TEXT
            for line in block["lines"]
            for span in line["spans"]
        )
        return sum(len("".join(span["text"].split())) for span in spans if not _is_painted(span))

    def words(self) -> list[Word]:
        """All words."""
        found = extra.extractWORDS(self._read(_TEXT), None)
        return [
            Word(x0, y0, x1, y1, text, (block, line))
            for x0, y0, x1, y1, text, block, line, _ in found
        ]

    def has_made_up_fonts(self) -> bool:
        """Whether there is a font with numbers for letters and no table that says which they are."""
        fonts = self._document.get_page_fonts(self._number - 1)
        return any(self._is_made_up(xref, encoding) for xref, *_, encoding in fonts)

    def _is_made_up(self, xref: int, encoding: str) -> bool:
        has_table = self._document.xref_get_key(xref, "ToUnicode")[0] != "null"
        return not has_table and encoding not in ("WinAnsiEncoding", "MacRomanEncoding")

    def raster(self, zoom: float) -> Raster:
        """The page drawn at `zoom` pixels a point."""
        pixels = self._pixels(zoom)
        return Raster(width=pixels.width, height=pixels.height, rgb=bytes(pixels.samples))

    def is_plain(self, zoom: float) -> bool:
        """Whether it is of one colour all over."""
        return bool(self._pixels(zoom).is_unicolor)

    def _pixels(self, zoom: float) -> Any:
        page = self._document.load_page(self._number - 1)
        matrix = pymupdf.Matrix(zoom, zoom)
        return page.get_pixmap(matrix=matrix, colorspace=pymupdf.csRGB, alpha=False)

    def has_remarks(self) -> bool:
        """Whether there are form fields or annotations."""
        page = mupdf.pdf_page_from_fz_page(self._page)
        if not page.m_internal:
            return False
        return bool(
            mupdf.pdf_first_annot(page).m_internal or mupdf.pdf_first_widget(page).m_internal
        )

    def fields(self) -> Iterator[Field]:
        """Form fields that are filled in; passwords stay what they are."""
        for widget in self._document.load_page(self._number - 1).widgets():
            name = widget.field_label or widget.field_name or ""
            if value := _value(widget):
                yield Field(name=str(name), value=value)

    def notes(self) -> Iterator[str]:
        """What annotations say."""
        for annotation in self._document.load_page(self._number - 1).annots():
            if said := str(annotation.info.get("content") or "").strip():
                yield said

    def files(self) -> Iterator[str]:
        """Names of the files that hang on the page."""
        for annotation in self._document.load_page(self._number - 1).annots():
            if annotation.type[0] == pymupdf.PDF_ANNOT_FILE_ATTACHMENT:
                yield str(annotation.file_info.get("filename") or "")

    def _read(self, flags: int) -> Any:
        return mupdf.FzStextPage(extra.page_get_textpage(self._page, None, flags, None))

    def _blocks(self, flags: int) -> list[dict[str, Any]]:
        whole: dict[str, Any] = {}
        read = self._read(flags)  # it must outlive the call, which only gets a pointer
        extra.JM_make_textpage_dict(read.m_internal, whole, False)
        blocks: list[dict[str, Any]] = whole["blocks"]
        return blocks


def shape_of(piece: Piece) -> Shape:
    """A piece of the kind SHAPE, whose text says how it was painted."""
    said = piece[4]
    return Shape(
        box=piece[:4],
        rectangle="is-rect: true" in said,
        stroked="vector stroked" in said,
        white="#ffffff" in said,
    )


def _line(line: dict[str, Any], block: int) -> Line:
    x0, y0, x1, y1 = line["bbox"]
    across, down = line["dir"]
    if abs(across) > abs(down):
        turn = 0 if across > 0 else 2
    else:
        turn = 1 if down > 0 else 3
    text = "".join(span["text"] for span in line["spans"])
    return Line(x0, y0, x1, y1, text, turn, block)


def _is_painted(span: dict[str, Any]) -> bool:
    return bool(span["char_flags"] & _PAINTED) and span["alpha"] > 0


_CHOSEN = ("CheckBox", "RadioButton")


def _value(widget: Any) -> str:
    """What was filled in, as words."""
    if widget.field_flags & pymupdf.PDF_TX_FIELD_IS_PASSWORD and widget.field_type_string == "Text":
        return ""
    value = widget.field_value
    if widget.field_type_string in _CHOSEN:
        return "" if value in (None, False, "", "Off") else "chosen"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value or "")
