"""Reads the pages of a PDF or an EPUB: text in reading order, what a page looks like, its pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

from glmdesk.documents import notes
from glmdesk.documents.page import Box, Sheet, Size
from glmdesk.documents.pdf import epub, layout, matching, mupdf, pdf_page
from glmdesk.documents.pdf.mupdf import Leaf, Paper
from glmdesk.documents.sizes import Raster
from glmdesk.errors import DocumentDamaged, DocumentLocked

MAX_PAGES = 2000

_DPI = 150
_SPARE = 1.5
"""How much larger than asked for a page is drawn, so that resizing has something to average."""
_MAX_DRAWN = 32_000_000
_NAMED = 5


class Book:
    """An open PDF or EPUB; see `book.Book`."""

    encoding = ""

    def __init__(self, paper: Paper, name: str) -> None:
        self._paper = paper
        self._name = name
        self._files = dict.fromkeys(paper.files())
        self.total = min(paper.pages, MAX_PAGES)

    @property
    def note(self) -> str:
        """Whether it was cut or repaired, and which files are inside it."""
        repaired = notes.REPAIRED if self._paper.repaired else ""
        return notes.joined(notes.cut(MAX_PAGES, self._paper.pages), repaired, self._inside())

    def sheet(self, number: int) -> Sheet:
        """Read page `number`, counted from 1."""
        by_lines = self._by_lines  # its warnings are not this page's
        try:
            self._paper.forget_warnings()
            leaf = self._paper.leaf(number)
            text, looks = pdf_page.read(leaf, by_lines=by_lines)
            self._files.update(dict.fromkeys(leaf.files()) if leaf.has_remarks() else {})
        except mupdf.BROKEN:
            return self._broken(number)
        if not text and not looks.ink and self._paper.warned():
            return self._broken(number)
        return Sheet(
            number=number,
            text=text,
            pictures=((_at_150_dpi(leaf.width), _at_150_dpi(leaf.height)),),
            whole=True,
            label=self._paper.chapter(number),
            looks=looks,
        )

    def draw(self, number: int, index: int, size: Size) -> Raster:
        """Draw page `number`; its only picture is 0. Raises DocumentDamaged."""
        try:
            return _drawn(self._paper.leaf(number), size)
        except mupdf.BROKEN as error:
            raise DocumentDamaged(
                f"Page {number} of {self._name} is damaged and cannot be drawn. The other pages "
                "are safe. Open the file in another program and save it again."
            ) from error

    def find(self, number: int, words: str) -> tuple[Box, ...]:
        """Where on the page the passage most like `words` stands, line by line; () if nowhere."""
        try:
            leaf = self._paper.leaf(number)
            return matching.find(leaf.words(), words, leaf.width, leaf.height)
        except mupdf.BROKEN:
            return ()

    @cached_property
    def _by_lines(self) -> bool:
        """Whether whoever made the file wrote lines from the last to the first, as a few pages tell."""
        return any(map(self._is_upwards, {1, self.total // 2 + 1, self.total}))

    def _is_upwards(self, number: int) -> bool:
        try:
            return layout.any_upwards(self._paper.leaf(number).lines())
        except mupdf.BROKEN:
            return False

    def _broken(self, number: int) -> Sheet:
        fault = f"Page {number} of {self._name} is damaged and could not be read."
        return Sheet(number=number, text="", fault=fault)

    def _inside(self) -> str:
        names = [name for name in self._files if name]
        if not names:
            return ""
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        which = "a file" if len(names) == 1 else f"{len(names)} files"
        return f"It has {which} inside ({', '.join(names[:_NAMED])}{more}), not read."


@contextmanager
def opened(path: Path, name: str, format: Literal["pdf", "epub"] = "pdf") -> Iterator[Book]:
    """Open a document. Raises DocumentLocked, DocumentDamaged, of an EPUB also what `epub.check` does."""
    if format == "epub":
        epub.check(path, name)
    with _paper(path, name, format) as paper:
        if paper.locked:
            raise DocumentLocked(
                f"{name} needs a password. Nothing was attached. "
                "Type its password, or attach a copy that has none."
            )
        try:
            book = Book(paper, name)
        except mupdf.BROKEN as error:
            raise _damaged(name, "its pages cannot be counted") from error
        if book.total < 1:
            raise _damaged(name, "it has no pages")
        yield book


def unlock(path: Path, name: str, password: str, target: Path) -> None:
    """Write a copy that needs no password to `target`. Raises DocumentLocked, DocumentDamaged."""
    with _paper(path, name, "pdf") as paper:
        if paper.locked and not paper.unlock(password):
            raise DocumentLocked(
                f"This password does not open {name}. Nothing was attached and the file is "
                "unchanged. Type it again; capitals matter."
            )
        try:
            paper.save(target)
        except mupdf.BROKEN as error:
            raise _damaged(name, "it cannot be copied without its password") from error


@contextmanager
def _paper(path: Path, name: str, format: str) -> Iterator[Paper]:
    try:
        paper = Paper(path, format)
    except mupdf.BROKEN as error:
        raise _damaged(name, "its structure cannot be read") from error
    try:
        yield paper
    finally:
        paper.close()


def _drawn(leaf: Leaf, size: Size) -> Raster:
    zoom = _SPARE * max(size[0] / leaf.width, size[1] / leaf.height)
    return leaf.raster(min(zoom, (_MAX_DRAWN / (leaf.width * leaf.height)) ** 0.5))


def _at_150_dpi(points: float) -> int:
    return max(1, round(points * _DPI / 72))


def _damaged(name: str, why: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} is damaged: {why}. Nothing was attached. "
        "Open it in another program, save it again, and attach that."
    )
