"""Reads presentations, a page a slide. The only file that knows python-pptx."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PythonPptxError

from glmdesk.documents import notes
from glmdesk.documents.office import pptx_shapes, repair, tree, zipped
from glmdesk.documents.office.album import draw
from glmdesk.documents.page import Box, Sheet, Size
from glmdesk.documents.sizes import Raster
from glmdesk.documents.text.volume import Leaf, sheet
from glmdesk.errors import DocumentDamaged

_BROKEN = (
    LookupError, AttributeError, ValueError, TypeError, ArithmeticError, PythonPptxError, DocumentDamaged,
    tree.Malformed,
)  # fmt: skip
_KEPT = 4
"""Slides whose pictures stay in memory for being drawn."""


class Slides:
    """An open presentation. See `book.Book`."""

    encoding = ""

    def __init__(self, presentation: Any, name: str, repaired: str = "") -> None:
        self._presentation = presentation
        self._name = name
        self._repaired = repaired
        self._slides = list(presentation.slides)
        self._leaf = lru_cache(_KEPT)(self._read)
        self.total = len(self._slides)

    @property
    def note(self) -> str:
        hidden = [number for number, slide in enumerate(self._slides, 1) if _is_hidden(slide)]
        return notes.joined(self._repaired, _hidden(hidden))

    def sheet(self, number: int) -> Sheet:
        try:
            return sheet(self._leaf(number), number)
        except _BROKEN:
            fault = f"Slide {number} is damaged and could not be read."
            return Sheet(number=number, text="", fault=fault)

    def draw(self, number: int, index: int, size: Size) -> Raster:
        try:
            return draw(self._leaf(number), index, size, self._name)
        except _BROKEN as error:
            raise DocumentDamaged(
                f"A picture on slide {number} of {self._name} is damaged."
            ) from error

    def find(self, number: int, words: str) -> tuple[Box, ...]:
        """Nowhere: nothing here lays slides out."""
        return ()

    def _read(self, number: int) -> Leaf:
        slide = self._slides[number - 1]
        height = int(self._presentation.slide_height or 1)
        area = height * int(self._presentation.slide_width or 1)
        title = slide.shapes.title
        label = " ".join(title.text_frame.text.split()) if title is not None else ""
        found = pptx_shapes.Found(texts=[f"# {label}"] if label else [])
        others = [
            shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id
        ]
        pptx_shapes.walk(others, height, found)
        texts = [*found.texts, *_comments(slide), _spoken(slide)]
        return Leaf(
            text="\n\n".join(text for text in texts if text.strip()),
            label=label,
            pictures=tuple(found.pictures),
            tables=found.tables,
            images=min(1.0, found.covered / area) if area else 0.0,
        )


@contextmanager
def opened(path: Path, name: str) -> Iterator[Slides]:
    """A presentation. Raises DocumentDamaged, DocumentTooLarge."""
    with zipped.opened(path, name) as archive:
        presentation, repaired = repair.opened(
            archive, Presentation, (tree.Malformed, PythonPptxError)
        )
    slides = Slides(presentation, name, repaired)
    if not slides.total:
        raise DocumentDamaged(
            f"{name} holds no slides. Nothing was attached. "
            "If it should have some, open it in PowerPoint or LibreOffice, and save it again."
        )
    yield slides


def _hidden(numbers: list[int]) -> str:
    if not numbers:
        return ""
    shown = notes.ranges(numbers).replace("page", "slide")
    return (
        f"{shown[0].upper()}{shown[1:]} {'is' if len(numbers) == 1 else 'are'} hidden in the show."
    )


def _spoken(slide: Any) -> str:
    """What the speaker wants to say, marked as such."""
    if not slide.has_notes_slide:
        return ""
    frame = slide.notes_slide.notes_text_frame
    words = "" if frame is None else pptx_shapes.body(frame)
    return f"[notes]\n{words}" if words else ""


def _comments(slide: Any) -> Iterator[str]:
    for link in slide.part.rels.values():
        if not link.is_external and (link.reltype or "").endswith("/comments"):
            root = tree.parse(link.target_part.blob, "A comment")
            for comment in root:
                words = " ".join("".join(comment.itertext()).split())
                yield f"[comment: {words}]" if words else ""


def _is_hidden(slide: Any) -> bool:
    return slide._element.get("show") in ("0", "false")
