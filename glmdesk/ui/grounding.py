"""Show the boxes of an answer on the picture that they are about. Pure.

The Markdown made here is the plain picture; `viewer.js` draws on it what its address says after "#".
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from glmdesk.messages import Attachment
from glmdesk.parsing import boxes
from glmdesk.parsing.boxes import Grounded
from glmdesk.store.conversations import Entry

SIDE = 1080
"""Pixels of the longer side of what is drawn on."""
ALT = "Parts of {name}"

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_THING = r"(?:image|picture|photo|screenshot)"
_NUMBERED = re.compile(rf"(?:{_THING}\s*#?|图片?\s*)(\d{{1,2}})\b", re.IGNORECASE)
_NTH = re.compile(rf"\b({'|'.join(_ORDINALS)})\s+{_THING}", re.IGNORECASE)
_PAGE = re.compile(r"\b(?:pages?|pp?\.)\s*(\d{1,5})\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A picture that a question showed: a file (`page` 0), or a page of a document."""

    sha256: str
    name: str
    page: int = 0

    @property
    def address(self) -> str:
        return f"/files/{self.sha256}/pages/{self.page}?side={SIDE}"


def figures(answer: str, entries: Sequence[Entry]) -> list[str]:
    """Each picture with boxes as Markdown. `entries` are those before the answer."""
    canvases = _canvases(entries)
    grounded = boxes.find(answer) if canvases else ()
    if not grounded:
        return []
    mentions = sorted(_mentions(answer, canvases))
    groups: dict[Canvas, list[Grounded]] = {}
    for one in grounded:
        named = [which for at, which in mentions if at < one.start]
        groups.setdefault(canvases[named[-1] if named else 0], []).append(one)
    return [_figure(canvas, group) for canvas, group in groups.items()]


def _canvases(entries: Sequence[Entry]) -> list[Canvas]:
    """The pictures of the latest question that had any; its pages where it had only documents."""
    for entry in reversed(entries):
        files = [Canvas(sha256=one.sha256, name=one.name) for one in entry.attachments
                 if one.kind == "picture"]  # fmt: skip
        pages = [page for one in entry.attachments for page in _pages(entry, one)]
        if files or pages:
            return files or pages
    return []


def _pages(entry: Entry, attachment: Attachment) -> Iterator[Canvas]:
    for page in entry.sent.get(attachment.sha256, ()):
        if page.mode != "text":
            yield Canvas(sha256=attachment.sha256, name=attachment.name, page=page.number)


def _mentions(answer: str, canvases: Sequence[Canvas]) -> Iterator[tuple[int, int]]:
    """Where the answer says which picture it means, and which of `canvases` that is."""
    numbers = [canvas.page or index for index, canvas in enumerate(canvases, 1)]
    if canvases[0].page:
        said = [(found.start(), int(found[1])) for found in _PAGE.finditer(answer)]
    else:
        said = [(found.start(), int(found[1])) for found in _NUMBERED.finditer(answer)]
        said += [(found.start(), _ORDINALS.index(found[1].casefold()) + 1)
                 for found in _NTH.finditer(answer)]  # fmt: skip
    for at, number in said:
        if number in numbers:
            yield at, numbers.index(number)
    if not canvases[0].page:
        yield from _names(answer.casefold(), canvases)


def _names(answer: str, canvases: Sequence[Canvas]) -> Iterator[tuple[int, int]]:
    for index, canvas in enumerate(canvases):
        at = answer.find(canvas.name.casefold()) if canvas.name else -1
        while at >= 0:
            yield at, index
            at = answer.find(canvas.name.casefold(), at + 1)


def _figure(canvas: Canvas, group: Sequence[Grounded]) -> str:
    drawn = json.dumps([[*one.box, one.label] for one in group], ensure_ascii=False)
    labels = ", ".join(_words(one.label) for one in group if one.label)
    alt = ALT.format(name=_words(canvas.name)) + (f": {labels}" if labels else "")
    return f"![{alt}]({canvas.address}#boxes={quote(drawn, safe='')})"


def _words(said: str) -> str:
    """Letters and numbers only: an alternative text needs no more, and Markdown reads nothing into it."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in said).split())
