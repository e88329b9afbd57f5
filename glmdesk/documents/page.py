"""What was read from a file, in frozen values, and how a document is put before the model. Reads nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from glmdesk.messages import Part, Picture, Text


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, numbered from 1; `picture` is what the model sees instead of the text."""

    number: int
    text: str
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """All pages that could be read, and a sentence about those that could not."""

    name: str
    pages: tuple[Page, ...]
    note: str = ""


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


def document_parts(document: Document) -> tuple[Part, ...]:
    """The document as the model reads it: labels, texts and pictures in page order."""
    return tuple(_merged(_wrapped(document)))


def _wrapped(document: Document) -> Iterator[Part]:
    name = attribute(document.name)
    yield Text(text=f'<document name="{name}" pages="{len(document.pages)}">\n')
    for page in document.pages:
        yield Text(text=f"[page {page.number}]\n")
        yield page.picture or Text(text=page.text)
        yield Text(text="\n")
    yield Text(text="</document>\n\n")


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
