"""A regular expression as the grammar of the JSON strings that match it; pure.

Characters, classes, groups, alternatives and repetitions are known; what looks around or back is not.
"""

import re
from collections.abc import Iterable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from glmdesk.engines.llama.gbnf import MAX_REPEAT

Interval = tuple[int, int]

_LAST = 0x10FFFF
_SPECIAL: tuple[Interval, ...] = (
    (0, 0x1F),
    (0x22, 0x22),
    (0x5C, 0x5C),
    (0x7F, 0x7F),
    (0xD800, 0xDFFF),
)
"""What no JSON string holds as it is."""
_ESCAPES = {'"': r"\\\"", "\\": r"\\\\", "\n": r"\\n", "\r": r"\\r", "\t": r"\\t", "\f": r"\\f"}
_CATEGORIES: dict[Any, tuple[Interval, ...]] = {
    sre.CATEGORY_DIGIT: ((0x30, 0x39),),
    sre.CATEGORY_WORD: ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    sre.CATEGORY_SPACE: ((0x09, 0x0D), (0x20, 0x20)),
}
_OPPOSITES = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
}


class PatternError(ValueError):
    """What is wrong, as the end of a sentence."""


def pattern_body(pattern: object) -> str:
    """The body of a rule for the inside of the string. Raises PatternError."""
    if not isinstance(pattern, str) or len(pattern) > 2000:
        raise PatternError("is no text, or too long")
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError("is no regular expression") from error
    if parsed.state.flags & ~re.UNICODE:
        raise PatternError("sets flags, which is not supported")
    nodes = list(parsed)
    begins = bool(nodes) and nodes[0] == (sre.AT, sre.AT_BEGINNING)
    ends = bool(nodes) and nodes[-1] == (sre.AT, sre.AT_END)
    body = _sequence(nodes[begins : len(nodes) - ends])
    return f"{'' if begins else 'char* '}{body}{'' if ends else ' char*'}"


def _sequence(nodes: Iterable[Any]) -> str:
    return " ".join(_node(kind, value) for kind, value in nodes) or '""'


def _node(kind: Any, value: Any) -> str:
    if kind is sre.LITERAL:
        return _characters([(value, value)])
    if kind is sre.NOT_LITERAL:
        return _characters(_without([(0, _LAST)], [(value, value)]))
    if kind is sre.ANY:
        return _characters(_without([(0, _LAST)], [(0x0A, 0x0A)]))
    if kind is sre.IN:
        return _characters(_set(value))
    if kind is sre.BRANCH:
        return f"({' | '.join(map(_sequence, value[1]))})"
    if kind is sre.SUBPATTERN:
        return f"({_sequence(value[-1])})"
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _repeated(*value)
    raise PatternError("uses what is not supported: look-around, references or anchors inside")


def _repeated(low: Any, high: Any, nodes: Iterable[Any]) -> str:
    if low > MAX_REPEAT:
        raise PatternError(f"repeats something more than {MAX_REPEAT:,} times")
    unlimited = high is sre.MAXREPEAT or high > MAX_REPEAT
    times = f"{{{int(low)},{'' if unlimited else int(high)}}}" if unlimited or high else "{0}"
    return f"({_sequence(nodes)}){times}"


def _set(items: Iterable[tuple[Any, Any]]) -> list[Interval]:
    found: list[Interval] = []
    negated = False
    for kind, value in items:
        if kind is sre.NEGATE:
            negated = True
        elif kind is sre.LITERAL:
            found.append((value, value))
        elif kind is sre.RANGE:
            found.append(value)
        elif value in _OPPOSITES:
            found += _without([(0, _LAST)], _CATEGORIES[_OPPOSITES[value]])
        else:
            found += _CATEGORIES[value]
    return _without([(0, _LAST)], found) if negated else found


def _without(intervals: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    left = list(intervals)
    for low, high in holes:
        left = [part for interval in left for part in _cut(interval, low, high)]
    return left


def _cut(interval: Interval, low: int, high: int) -> Iterator[Interval]:
    start, end = interval
    if start < low:
        yield start, min(end, low - 1)
    if end > high:
        yield max(start, high + 1), end


def _characters(intervals: list[Interval]) -> str:
    """One character of a JSON string, as it is or escaped."""
    plain = "".join(f"\\U{low:08X}-\\U{high:08X}" for low, high in _without(intervals, _SPECIAL))
    choices = [f"[{plain}]"] if plain else []
    for character, escape in _ESCAPES.items():
        if any(low <= ord(character) <= high for low, high in intervals):
            choices.append(f'"{escape}"')
    if not choices:
        raise PatternError("asks for characters that JSON cannot hold")
    return f"({' | '.join(choices)})" if len(choices) > 1 else choices[0]
