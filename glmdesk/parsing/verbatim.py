"""Find what Markdown takes literally, code and formulas, also in a text that is still growing. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["fence", "ticks", "formula"]


@dataclass(frozen=True, kw_only=True)
class Verbatim:
    """text[start:end] is code in a fence, code between ticks, or a formula, its signs included."""

    start: int
    end: int
    kind: Kind
    language: str = ""
    """Of a fence, in small letters."""


# Up to the next opening sign only: a text of nothing else would be read over and over.
_IN_BRACKETS, _IN_PARENTHESES = r"(?:(?!\\\[).){0,2000}", r"(?:(?!\\\().){0,2000}"
_CLOSED = (
    r"(?P<block>^ {0,3}(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,})(?P<language>[^\n]*)\n.*?"
    r"(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z))"
    r"|(?<![`\\])(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)"
    rf"|(?P<formula>\$\$.{{0,2000}}?\$\$|\\\[{_IN_BRACKETS}?\\\]|\\\({_IN_PARENTHESES}?\\\))"
)
_OPEN = (
    r"|(?P<open>^ {0,3}~{3,}[^\n]*\Z|(?<![`\\])`+[^\n]*\Z)"
    rf"|(?P<begun>\$\$.{{0,2000}}\Z|\\\[{_IN_BRACKETS}\Z|\\\({_IN_PARENTHESES}\Z)"
)
_WHOLE = re.compile(_CLOSED, re.DOTALL | re.MULTILINE)
_GROWING = re.compile(_CLOSED + _OPEN, re.DOTALL | re.MULTILINE)


def find(text: str, *, growing: bool = False) -> tuple[Verbatim, ...]:
    """All of it, in order. Of a `growing` text also what is open at its end and may be closed later."""
    pattern = _GROWING if growing else _WHOLE
    return tuple(_verbatim(found) for found in pattern.finditer(text))


def touched(parts: Sequence[Verbatim], start: int, end: int) -> Verbatim | None:
    """The first of `parts`, as `find` gives them, that has something of text[start:end]."""
    index = bisect_right(parts, start, key=lambda part: part.end)
    return parts[index] if index < len(parts) and parts[index].start < end else None


def _verbatim(found: "re.Match[str]") -> Verbatim:
    groups = found.groupdict()
    if groups["block"] is not None:
        language = groups["language"].strip().casefold()
        return Verbatim(start=found.start(), end=found.end(), kind="fence", language=language)
    is_formula = groups["formula"] is not None or groups.get("begun") is not None
    kind: Kind = "formula" if is_formula else "ticks"
    return Verbatim(start=found.start(), end=found.end(), kind=kind)
