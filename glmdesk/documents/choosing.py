"""Page numbers as people write them, "1-4, 9", and back. Pure."""

import re
from collections.abc import Iterator, Sequence

from glmdesk.errors import DocumentError

_BETWEEN = re.compile(r"[\s,;，、；]+")
_AROUND_DASH = re.compile(r"\s*[-‐‑‒–—−～－]\s*")
_RANGE = re.compile(r"(\d+)(?:(-)(\d*))?")
_SHOWN = 40
"""Letters of what was written that an error repeats."""


def numbers(words: str, total: int) -> tuple[int, ...]:
    """The pages meant, rising and each once; "" is all of `total`, "7-" from page 7 to the end.

    Raises DocumentError with a sentence about the first thing that makes no sense.
    """
    plain = _AROUND_DASH.sub("-", words.strip())
    meant = set[int]()
    for piece in filter(None, _BETWEEN.split(plain)):
        first, last = _range(piece, total)
        meant.update(range(first, last + 1))
    return tuple(sorted(meant)) or tuple(range(1, total + 1))


def _range(piece: str, total: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(piece)
    if not found:
        raise DocumentError(
            f"“{_shortened(piece)}” is not a page number. Write pages like 1-4, 9 or 7-."
        )
    first = _page(found[1], total)
    if not found[2]:
        return first, first
    last = _page(found[3], total) if found[3] else total
    if last < first:
        raise DocumentError(f"“{first}-{last}” runs backwards. Write {last}-{first}.")
    return first, last


def _page(digits: str, total: int) -> int:
    # Longer numbers are slow to convert, and Python refuses to.
    if len(digits.lstrip("0")) > len(str(total)) or int(digits) > total:
        has = "1 page" if total == 1 else f"{total:,} pages"
        raise DocumentError(f"There is no page {_shortened(digits)}; the document has {has}.")
    if int(digits) < 1:
        raise DocumentError("There is no page 0; pages are counted from 1.")
    return int(digits)


def _shortened(words: str) -> str:
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"


def spelled(pages: Sequence[int]) -> str:
    """Rising page numbers as people write them: (1, 2, 3, 4, 9) is "1-4, 9"."""
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in _runs(pages)
    )


def _runs(pages: Sequence[int]) -> Iterator[tuple[int, int]]:
    for place, page in enumerate(pages):
        if place == 0 or page != pages[place - 1] + 1:
            first = page
        if place + 1 == len(pages) or pages[place + 1] != page + 1:
            yield first, page
