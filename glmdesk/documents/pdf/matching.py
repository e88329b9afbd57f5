"""Where on a page a passage stands that an answer speaks of, word by word or nearly so. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from glmdesk.documents.page import Box

LIKE_ENOUGH = 0.5
"""The share of the passage's weight that must be found together."""
_MAX_WORDS = 400
_FEW = 2
_TOKENS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]|[^\W_]+")
_CITATION = re.compile(r"\[(?:p|pp|page|pages)\.? ?[\d, \-\u2013]+\]", re.IGNORECASE)


class Word(NamedTuple):
    """A word and its box in points; words of one line have the same `line`."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    line: tuple[int, int]


def find(words: Sequence[Word], passage: str, width: float, height: float) -> tuple[Box, ...]:
    """Boxes in thousandths of the page, line by line, of what is most like `passage`; () if nothing."""
    tokens = [(token, word) for word in words for token in _tokens(word.text)]
    wanted = _tokens(_CITATION.sub(" ", passage))[:_MAX_WORDS]
    window = _window([token for token, _ in tokens], wanted)
    if window is None:
        return ()
    first, last = window
    return tuple(_boxes([word for _, word in tokens[first : last + 1]], width, height))


def _tokens(text: str) -> list[str]:
    return _TOKENS.findall(unicodedata.normalize("NFKC", text).casefold())


def _window(page: Sequence[str], wanted: Sequence[str]) -> tuple[int, int] | None:
    """First and last token of the stretch of the page that holds most of what is wanted."""
    if not page or not wanted:
        return None
    if place := _verbatim(page, wanted):
        return place
    weights = _weights(page, wanted)
    total = sum(weights[token] * count for token, count in Counter(wanted).items())
    score, start = _best(page, wanted, weights)
    if score < LIKE_ENOUGH * total:
        return None
    left = Counter(wanted)
    kept: list[int] = []
    for at in range(start, min(start + len(wanted), len(page))):
        if left[page[at]] > 0:
            left[page[at]] -= 1
            kept.append(at)
    if len(kept) < min(_FEW, len(wanted)):
        return None
    return kept[0], kept[-1]


def _verbatim(page: Sequence[str], wanted: Sequence[str]) -> tuple[int, int] | None:
    size = len(wanted)
    joined, sought = f" {' '.join(page)} ", f" {' '.join(wanted)} "
    at = joined.find(sought)
    if at < 0:
        return None
    first = joined.count(" ", 0, at + 1) - 1
    return first, first + size - 1


def _weights(page: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    """What a word tells: numbers and long words much, short ones and what is all over the page little."""
    counted = Counter(page)
    return {token: _weight(token) / max(counted[token], 1) ** 0.5 for token in set(wanted)}


def _weight(token: str) -> float:
    if token.isdigit() or not token.isascii():
        return 1.0
    return min(len(token), 8) / 8


def _best(
    page: Sequence[str], wanted: Sequence[str], weights: dict[str, float]
) -> tuple[float, int]:
    """The highest weight in a window as long as the passage, and where that begins."""
    need, size = Counter(wanted), len(wanted)
    inside: Counter[str] = Counter()
    best, score = (0.0, 0), 0.0
    for end, token in enumerate(page):
        if token in need:
            inside[token] += 1
            score += weights[token] if inside[token] <= need[token] else 0.0
        gone = end - size
        if gone >= 0 and page[gone] in need:
            score -= weights[page[gone]] if inside[page[gone]] <= need[page[gone]] else 0.0
            inside[page[gone]] -= 1
        if score > best[0] + 1e-9:
            best = score, max(0, gone + 1)
    return best


def _boxes(words: Sequence[Word], width: float, height: float) -> Iterator[Box]:
    lines: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    for line in lines.values():
        yield (
            _thousandths(min(word.x0 for word in line), width),
            _thousandths(min(word.y0 for word in line), height),
            _thousandths(max(word.x1 for word in line), width),
            _thousandths(max(word.y1 for word in line), height),
        )


def _thousandths(value: float, whole: float) -> int:
    return min(max(round(value * 1000 / max(whole, 1.0)), 0), 1000)
