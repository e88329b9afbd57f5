"""What was read from a file, in frozen values, and how a document is put before the model. Reads nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from glmdesk.messages import Part, Picture, SentPage, Text

Size = tuple[int, int]
"""Width and height in pixels."""
Place = tuple[int, int]
"""A page, counted from 1, and which of its pictures, counted from 0."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in thousandths of the page's width and height, as GLM counts them."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What tells whether a page's text is enough. Shares are of its area or its letters, from 0 to 1."""

    letters: int = 0
    """Characters that say something."""
    garbled: float = 0.0
    """Share of the characters that are lost, or that a font without a table made up."""
    images: float = 0.0
    """Share of the area that pictures cover."""
    drawings: int = 0
    """Lines, curves and filled shapes that are more than rules and frames."""
    drawn: float = 0.0
    """Share of the area that those take."""
    tables: int = 0
    """Tables with lines or columns of their own."""
    hidden: float = 0.0
    """Share of the letters that are not painted: the text that a scanner put under its picture."""
    ink: bool = False
    """Whether anything at all can be seen on it."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page as it was found, numbered from 1, whatever model will read it."""

    number: int
    text: str
    pictures: tuple[Size, ...] = ()
    """What can be drawn of it: the page itself (at 150 dpi), or the pictures inside it."""
    whole: bool = False
    """Whether its picture is the page itself, text and all."""
    label: str = ""
    """What it is called where numbers are not all: a slide's title, a table's name."""
    looks: Looks = field(default_factory=Looks)
    fault: str = ""
    """Why it could not be read; such a page has neither text nor picture."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """All pages, and a sentence about what a person should know of them."""

    name: str
    sheets: tuple[Sheet, ...]
    note: str = ""
    encoding: str = ""
    """In which a text was read; "" for what has none."""
    complete: bool = True
    """False when the reading broke off: the rest was never seen."""


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What a file is. Width and height are pixels of a picture turned upright, else 0."""

    kind: Literal["picture", "document"]
    media_type: str
    note: str = ""
    pages: int = 0
    """Of a document; 0 for a picture."""
    width: int = 0
    height: int = 0


SMALLEST = 48
"""Pixels of the shorter side of a picture inside a page, below which it is decoration."""
_BREAKS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
# Spaces of the line itself and no others, so that a thousand empty lines are not tried a million ways.
_TAG = re.compile(r"<(\s*/?\s*document\b)", re.IGNORECASE)
_FORGED = re.compile(rf"(^|[{_BREAKS}])([^\S{_BREAKS}]*)\[(page \d+)\]")


def drawable(sheet: Sheet) -> tuple[int, ...]:
    """Which of a page's pictures are worth sending, as places in `pictures`."""
    return tuple(
        index for index, size in enumerate(sheet.pictures) if sheet.whole or min(size) >= SMALLEST
    )


def page_text(sheet: Sheet, start: int = 0, end: int = 0) -> str:
    """A page's text under its label, as it is sent."""
    return f"[page {sheet.number}]\n{unforged(sheet.text[start : end or None])}\n"


CLOSING = "</document>\n\n"


def opening(name: str, pages: int) -> str:
    """The line before the pages of a document."""
    return f'<document name="{attribute(name)}" pages="{pages}">\n'


def document_parts(
    document: Document, sent: Sequence[SentPage], pictures: Mapping[Place, Picture]
) -> tuple[Part, ...]:
    """The document as the model reads it: labels, texts and pictures in page order.

    `pictures` are those of the pages that are sent as such; one that is missing is left out.
    """
    return tuple(_merged(_wrapped(document, sent, pictures)))


def _wrapped(
    document: Document, sent: Sequence[SentPage], pictures: Mapping[Place, Picture]
) -> Iterator[Part]:
    sheets = {sheet.number: sheet for sheet in document.sheets}
    yield Text(text=opening(document.name, len(document.sheets)))
    for page in sent:
        yield from _page(sheets[page.number], page, pictures)
    yield Text(text=CLOSING)


def _page(sheet: Sheet, sent: SentPage, pictures: Mapping[Place, Picture]) -> Iterator[Part]:
    if sent.mode == "picture":
        yield Text(text=f"[page {sheet.number}]\n")
    else:
        yield Text(text=page_text(sheet, sent.start, sent.end))
    if sent.mode == "text":
        return
    for index in drawable(sheet):
        if picture := pictures.get((sheet.number, index)):
            yield picture
            yield Text(text="\n")


def unforged(text: str) -> str:
    """A page's text that cannot end the document or begin another page."""
    return _FORGED.sub(r"\1\2(\3)", _TAG.sub(r"< \1", text))


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    words: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            words.append(part.text)
            continue
        yield Text(text="".join(words))
        words.clear()
        yield part
    yield Text(text="".join(words))


def attribute(name: str) -> str:
    """A file's name that cannot end the attribute, the tag or the line it stands in."""
    safe = name.translate({ord('"'): "'", ord("<"): "(", ord(">"): ")"})
    return "".join(letter if letter.isprintable() else " " for letter in safe)
