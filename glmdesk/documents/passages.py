"""Cuts a document into passages to search in: some sentences each, never across pages. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glmdesk.documents.page import Document, Sheet

MOST = 220
"""Words of a passage; a letter of a script without spaces counts for half of one."""
ENOUGH = 120
"""A passage of so many words ends with its paragraph."""
_FEW = 40
"""Fewer words at the end of a page belong to the passage before."""

_LETTERS = 12
"""A word that is longer counts for several."""
_WORD = re.compile(r"\w+")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
_END = re.compile(
    r"(?P<paragraph>\n\s*\n\s*)"
    r"|(?P<sentence>(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])[”’」』）]*\s*)"
    r"|\n\s*"
)
_HEADING = 70
"""Letters that a heading has at most."""
_SPACE = re.compile(r"\s+")
_LONGEST = 1_200
"""Letters without any end of a sentence, after which one is cut at a space, or anywhere."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The characters from `start` to `end` of the text of a page."""

    page: int
    start: int
    end: int


@dataclass(frozen=True)
class _Piece:
    """A sentence or a part of one, and the white space after it."""

    start: int
    end: int
    words: float
    ends: str | None = None
    """What ends with it: "paragraph", "sentence", or only a line."""


def split(document: Document) -> tuple[Passage, ...]:
    """Passages in reading order; together they hold every character that is not white space."""
    return tuple(
        passage for sheet in document.sheets for passage in _of_page(sheet.number, sheet.text)
    )


def searched(sheet: Sheet, passage: Passage) -> str:
    """The words by which a passage is found: its own, and those that stand above its page."""
    own = sheet.text[passage.start : passage.end]
    if not passage.start:
        return f"{sheet.label}\n{own}"
    return "\n".join((sheet.label, *_headings(sheet.text), own))


def _headings(text: str) -> Iterator[str]:
    """The short lines before the first long one."""
    for line in text.split("\n", 4)[:4]:
        if len(line) > _HEADING:
            return
        yield line


def _of_page(page: int, text: str) -> Iterator[Passage]:
    pieces = [piece for piece in _pieces(text) if text[piece.start : piece.end].strip()]
    for group in _groups(pieces):
        start, end = group[0].start, group[-1].end
        end = start + len(text[start:end].rstrip())
        start = end - len(text[start:end].lstrip())
        yield Passage(page=page, start=start, end=end)


def _groups(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    group: list[_Piece] = []
    for piece in pieces:
        if group and _sum(group) + piece.words > MOST:
            cut = _best_end(group)
            groups.append(group[:cut])
            group = group[cut:]
        elif group and group[-1].ends == "paragraph" and _sum(group) >= ENOUGH:
            groups.append(group)
            group = []
        group.append(piece)
    if groups and _sum(group) < _FEW:
        groups[-1] += group
    elif group:
        groups.append(group)
    return groups


def _best_end(group: Sequence[_Piece]) -> int:
    """How many pieces to keep so that the last one ends a sentence, if that leaves enough."""
    for count in range(len(group), 0, -1):
        if _sum(group[:count]) < ENOUGH:
            break
        if group[count - 1].ends:
            return count
    return len(group)


def _sum(group: Sequence[_Piece]) -> float:
    return sum(piece.words for piece in group)


def _pieces(text: str) -> Iterator[_Piece]:
    start = 0
    for found in _END.finditer(text):
        if found.end() > start:
            yield from _cut(text, start, found.end(), found.lastgroup)
            start = found.end()
    if start < len(text):
        yield from _cut(text, start, len(text), "paragraph")


def _cut(text: str, start: int, end: int, ends: str | None) -> Iterator[_Piece]:
    """One piece, or several when it is longer than sentences are."""
    while end - start > _LONGEST:
        middle = _space_before(text, start + _LONGEST // 2, start + _LONGEST)
        yield _Piece(start, middle, _words(text, start, middle))
        start = middle
    yield _Piece(start, end, _words(text, start, end), ends)


def _space_before(text: str, least: int, most: int) -> int:
    spaces = [found.end() for found in _SPACE.finditer(text, least, most)]
    return spaces[-1] if spaces else most


def _words(text: str, start: int, end: int) -> float:
    spaceless = _SPACELESS.findall(text, start, end)
    found = len(_WORD.findall(text, start, end)) + len(spaceless) / 2
    return max(found, (end - start) / _LETTERS)
