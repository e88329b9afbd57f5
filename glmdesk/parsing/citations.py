"""Find the pages that an answer cites, and the words that each is cited for. Pure.

`[p. 7]`, `[pp. 3-5]`, `[page 7, 9]`, `[report.pdf, p. 7]`. A citation counts once its bracket is closed,
so a text that is still growing never shows one that its end would take back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.parsing import verbatim

LONGEST_WORDS = 300
"""Characters of what is cited."""
_FEW_WORDS = 3
"""Fewer than these before a citation ("As stated in") do not say what it is for."""

_PAGE = r"(?:pages?|pp?)(?:\.[^\S\n]*|[^\S\n]+)"
_SPAN = r"\d{1,5}(?:[^\S\n]?[-–—][^\S\n]?\d{1,5})?"
_BETWEEN = r"[^\S\n]*(?:[,;&]|\band\b)[^\S\n]*"
_CITATION = re.compile(
    rf"(?<!\\)\[(?:(?P<name>[^\[\]\n`]{{1,200}}?)[,:;]?[^\S\n]+)??{_PAGE}"
    rf"(?P<spans>{_SPAN}(?:{_BETWEEN}(?:{_PAGE})?{_SPAN})*)[^\S\n]?\]",
    re.IGNORECASE,
)
_NO_NAMES = ("see", "see also", "cf", "from", "on", "source", "document", "ref")
_NUMBERS = re.compile(r"(\d{1,5})(?:[^\S\n]?[-–—][^\S\n]?(\d{1,5}))?")
_STOP = re.compile(r"\n|[.!?…](?=\s)|[。！？]|(?<=[.!?])[\"'”’)](?=\s)")
_MARKUP = re.compile(r"^\s*(?:[-*+•>#]+|\d+[.)])\s+|[*_`#|~]+|<\|[a-z_]+\|>", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Pages `first` to `last`, as they are written at text[start:end]."""

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Citation:
    """What stands at text[start:end], brackets included; `name` is "" where no document is named."""

    start: int
    end: int
    pages: tuple[Pages, ...]
    name: str = ""
    words: str = ""
    """What it is cited for, without markup, at most LONGEST_WORDS characters."""


def find(text: str, *, growing: bool = False) -> tuple[Citation, ...]:
    """All citations in order; none inside code or formulas. `growing`: more of the text will come."""
    literal = verbatim.find(text, growing=growing)
    found = [one for one in _CITATION.finditer(text)
             if not verbatim.touched(literal, one.start(), one.end())]  # fmt: skip
    edges = [one.span() for one in found]
    return tuple(
        Citation(
            start=one.start(),
            end=one.end(),
            pages=pages,
            name=_name(one),
            words=_words(text, edges, index),
        )
        for index, one in enumerate(found)
        if (pages := _pages(one))
    )


def _name(found: "re.Match[str]") -> str:
    """The document's; words that only lead to the page are none."""
    name = (found["name"] or "").strip()
    return "" if name.casefold().rstrip(".") in _NO_NAMES else name


def _pages(found: "re.Match[str]") -> tuple[Pages, ...]:
    offset = found.start("spans")
    spans = (_span(one, offset) for one in _NUMBERS.finditer(found["spans"]))
    return tuple(span for span in spans if 1 <= span.first <= span.last)


def _span(found: "re.Match[str]", offset: int) -> Pages:
    first = int(found[1])
    last = int(found[2]) if found[2] else first
    return Pages(first=first, last=last, start=offset + found.start(), end=offset + found.end())


def _words(text: str, edges: Sequence[tuple[int, int]], index: int) -> str:
    """The clause before the citation; where that says nothing, the rest of its sentence."""
    first = last = index
    while first and not _letters(text[edges[first - 1][1] : edges[first][0]]):
        first -= 1
    while last + 1 < len(edges) and not _letters(text[edges[last][1] : edges[last + 1][0]]):
        last += 1
    since = edges[first - 1][1] if first else 0
    begin, end = edges[first][0], edges[last][1]
    before = _last_sentence(text[max(since, begin - 4 * LONGEST_WORDS) : begin])
    if len(before.split()) >= _FEW_WORDS or len(before) > 4 * _FEW_WORDS:
        return before[-LONGEST_WORDS:]
    until = edges[last + 1][0] if last + 1 < len(edges) else len(text)
    after = _first_sentence(text[end : min(until, end + LONGEST_WORDS)])
    return f"{before} {after}".strip()[:LONGEST_WORDS]


def _last_sentence(text: str) -> str:
    """The sentence in which the text ends, or that has just ended."""
    text = text.rstrip(" \t([\n")
    stops = [stop.end() for stop in _STOP.finditer(text) if _letters(text[stop.end() :])]
    return _plain(text[stops[-1] if stops else 0 :])


def _first_sentence(text: str) -> str:
    stop = _STOP.search(text)
    return _plain(text[: stop.end()] if stop else text)


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub(" ", text).split()).strip(" ,;:()[]-–—")


def _letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
