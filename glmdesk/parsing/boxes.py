"""Find the boxes that GLM gives of things in a picture, with their labels. Pure.

`[x1, y1, x2, y2]` in thousandths of the picture's width and height, bare, in a list of lists or in JSON
such as `{"bbox_2d": [...], "label": "cat"}`. Read sign by sign and not as JSON: a text that is still
growing, or JSON that is not quite right, gives the boxes that are complete.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glmdesk.parsing import verbatim
from glmdesk.parsing.stream import BOX_MARKERS

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in thousandths."""
MOST = 100
"""Boxes of one answer; more would be a list of numbers."""
LONGEST_LABEL = 80
_REACH = 1000
"""Characters in which the rest of a JSON object is looked for."""

_NUMBER = r"\s*(\d{1,4}(?:\.\d{1,6})?)\s*"
_BOX = re.compile(rf"(?<![A-Za-z0-9_\]\\])\[{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\](?!\()")
_DATA = ("", "json", "jsonc", "json5")
_LABEL_KEYS = ("label", "name", "text", "caption", "category", "class", "object", "description")
_STRING = r"""(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')"""
_LABELS = {key: re.compile(rf"""["']{key}["']\s*:\s*{_STRING}""") for key in _LABEL_KEYS}
_KEY = re.compile(rf"{_STRING}\s*:\s*\[?\s*\Z")
_BOX_KEY = re.compile(r"(?:b?box|bounding|coord|position|region|rect|location)", re.IGNORECASE)
_SAME = re.compile(r"[\s,\[\]]*\Z")

_MARKUP = re.compile(r"^\s*(?:[-*+•>#]+|\d+[.)])\s+|[*`#|~\"“”\[\]{}]+|<\|[a-z_]+\|>")
_LEAD = re.compile(
    r"^(?:and\s+)?(?:(?:the\s+)?(?:bounding box(?:es)?|box(?:es)?|coordinates?|position|location)"
    r"\s+(?:of|for)\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s:,;(=\-–—|]|\b(?:is|are|was|were|at|in|on|by|with|within|located|found|here|its|the|bounding|"
    r"box(?:es)?|bbox(?:_2d)?|coordinates?|position(?:ed)?|location)\b)+\Z",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[.;!?。；！？]\s*(?=\S)")


@dataclass(frozen=True, kw_only=True)
class Grounded:
    """A box with what it shows; "" where that is not said. It stands at text[start:end]."""

    box: Box
    label: str
    start: int
    end: int


def find(text: str) -> tuple[Grounded, ...]:
    """All boxes in order, each once; none in formulas or in code that is not JSON."""
    skipped = [part for part in verbatim.find(text) if not _may_hold_boxes(part)]
    found: dict[Box, Grounded] = {}
    for one in _labelled(text, skipped):
        known = found.get(one.box)
        if known is None and len(found) < MOST:
            found[one.box] = one
        elif known and one.label and not known.label:
            found[one.box] = replace(known, label=one.label)
    return tuple(found.values())


def without_markers(text: str) -> str:
    """Without the tags that GLM puts around a box or a final answer."""
    for marker in BOX_MARKERS:
        text = text.replace(marker, "")
    return text


def _may_hold_boxes(part: verbatim.Verbatim) -> bool:
    return part.kind == "ticks" or (part.kind == "fence" and part.language in _DATA)


def _labelled(text: str, skipped: Sequence[verbatim.Verbatim]) -> Iterator[Grounded]:
    end, label = 0, ""
    for found in _BOX.finditer(text):
        if verbatim.touched(skipped, found.start(), found.end()):
            continue
        goes_on = end and _SAME.match(text[end : found.start()])
        label = _label(text, found, end) or (label if goes_on else "")
        end = found.end()
        if box := _box(found):
            yield Grounded(box=box, label=label, start=found.start(), end=end)


def _box(found: "re.Match[str]") -> Box | None:
    left, top, right, bottom = (round(float(number)) for number in found.groups())
    fits = left < right <= 1000 and top < bottom <= 1000
    return (left, top, right, bottom) if fits else None


def _label(text: str, found: "re.Match[str]", since: int) -> str:
    opened = text.rfind("{", max(0, found.start() - _REACH), found.start())
    if opened >= 0 and "}" not in text[opened : found.start()]:
        return _short(_from_object(text, opened, found))
    return _short(_from_words(text, found.start(), since))


def _from_object(text: str, opened: int, found: "re.Match[str]") -> str:
    rest = re.split(r"[{}]", text[found.end() : found.end() + _REACH], maxsplit=1)[0]
    inside = text[opened : found.end()] + rest
    for pattern in _LABELS.values():
        if said := pattern.search(inside):
            return _unquoted(said)
    key = _KEY.search(text[max(opened, found.start() - 2 * LONGEST_LABEL) : found.start()])
    words = _unquoted(key) if key else ""
    return "" if _BOX_KEY.search(words) else words


def _unquoted(found: "re.Match[str]") -> str:
    inner = found[1] if found[1] is not None else found[2]
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError:
        return inner


def _from_words(text: str, start: int, since: int) -> str:
    line = text.rfind("\n", 0, start) + 1
    words = _clean(text[max(line, since, start - _REACH) : start])
    if words or since > line:
        return words
    above = text[max(since, line - _REACH) : line].rstrip()
    return _clean(above[above.rfind("\n") + 1 :]) if above.endswith((":", "：")) else ""


def _clean(words: str) -> str:
    words = _MARKUP.sub(" ", _MARKUP.sub(" ", words.strip()).strip())
    words = _TAIL.sub("", _CLAUSE.split(words)[-1])
    return _LEAD.sub("", words.strip(" ,:：()")).strip(" ,:：()")


def _short(words: str) -> str:
    """On one line, without signs that cannot be shown, the end of what is too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return line[:LONGEST_LABEL].rstrip()
