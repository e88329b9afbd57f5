"""What a Word paragraph is by its styles: a heading, an item of a list, and the number before it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from glmdesk.documents.office import tree
from glmdesk.documents.office.tree import Node

_DEEPEST = 20
"""Styles that stand on one another."""
_LEVELS = 9


@dataclass(frozen=True)
class Item:
    """A paragraph's place in a list."""

    list: str
    level: int


class Styles:
    """Reads `styles.xml` and `numbering.xml`; counts the items of lists as they come."""

    def __init__(self, styles: Node | None, numbering: Node | None) -> None:
        self._styles = (
            {} if styles is None else {_id(s, "styleId"): s for s in styles.iterfind("{*}style")}
        )
        self._default = next(
            (key for key, style in self._styles.items() if tree.attribute(style, "default") in ("1", "true")
             and tree.attribute(style, "type") == "paragraph"), ""
        )  # fmt: skip
        self._levels = {} if numbering is None else _levels(numbering)
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * _LEVELS)

    def heading(self, paragraph: Node) -> int:
        """1 for the highest, 0 when it is none."""
        for properties in self._properties(paragraph):
            outline = _value(properties, "outlineLvl")
            if outline.isdigit():
                return int(outline) + 1 if int(outline) < _LEVELS else 0
        return next((level for name in self._names(paragraph) if (level := _named(name))), 0)

    def item(self, paragraph: Node) -> Item | None:
        """Its place in a list, None when it has none."""
        level = ""
        for properties in self._properties(paragraph):
            numbers = tree.child(properties, "numPr")
            if numbers is None:
                continue
            level = level or _value(numbers, "ilvl")
            if found := _value(numbers, "numId"):
                depth = int(level) if level.isdigit() else 0
                return Item(found, min(depth, _LEVELS - 1)) if found != "0" else None
        return None

    def mark(self, item: Item) -> str:
        """What stands before the next paragraph of a list: "-" or its number, as Word counts it."""
        levels = self._levels.get(item.list)
        if not levels or levels[item.level].form in ("bullet", "none", ""):
            return "-"
        counts = self._counts[levels[item.level].list]
        counts[item.level] += 1
        counts[item.level + 1 :] = [0] * (_LEVELS - item.level - 1)
        words = levels[item.level].words
        for place in range(_LEVELS, 0, -1):
            level = levels[place - 1]
            number = level.start - 1 + max(1, counts[place - 1])
            words = words.replace(f"%{place}", _FORMS.get(level.form, str)(number))
        return words.strip() or "-"

    def breaks(self, paragraph: Node) -> bool:
        """Whether it begins a page."""
        for properties in self._properties(paragraph):
            found = tree.child(properties, "pageBreakBefore")
            if found is not None:
                return is_on(found)
        return False

    def _properties(self, paragraph: Node) -> Iterator[Node]:
        own = tree.child(paragraph, "pPr")
        if own is not None:
            yield own
        for style in self._chain(paragraph):
            found = tree.child(style, "pPr")
            if found is not None:
                yield found

    def _names(self, paragraph: Node) -> Iterator[str]:
        for style in self._chain(paragraph):
            yield _value(style, "name").lower()

    def _chain(self, paragraph: Node) -> Iterator[Node]:
        own = tree.child(paragraph, "pPr")
        name = ("" if own is None else _value(own, "pStyle")) or self._default
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = _value(style, "basedOn")


@dataclass(frozen=True)
class _Level:
    list: str
    form: str
    words: str
    start: int


def is_on(switch: Node | None) -> bool:
    """Whether a property that is there is switched on."""
    return switch is not None and tree.attribute(switch, "val") not in ("0", "false", "off", "none")


def _levels(numbering: Node) -> dict[str, list[_Level]]:
    abstract = {_id(one, "abstractNumId"): one for one in numbering.iterfind("{*}abstractNum")}
    found: dict[str, list[_Level]] = {}
    for number in numbering.iterfind("{*}num"):
        key = _value(number, "abstractNumId")
        # Two lists of one kind are counted apart only when one of them begins anew.
        own = any(True for _ in number.iterfind("{*}lvlOverride"))
        name = _id(number, "numId") if own else f"a{key}"
        if key in abstract:
            found[_id(number, "numId")] = _of(abstract[key], name)
    return found


def _of(abstract: Node, name: str) -> list[_Level]:
    levels = [_Level(name, "", "", 1)] * _LEVELS
    for level in abstract.iterfind("{*}lvl"):
        place = _id(level, "ilvl")
        if place.isdigit() and int(place) < _LEVELS:
            start = _value(level, "start")
            levels[int(place)] = _Level(
                name, _value(level, "numFmt") or "decimal", _value(level, "lvlText"),
                int(start) if start.isdigit() else 1,
            )  # fmt: skip
    return levels


def _named(name: str) -> int:
    """By the names that Word gives its own styles, whatever language they are shown in."""
    if name == "title":
        return 1
    word, _, number = name.partition(" ")
    return int(number) if word == "heading" and number.isdigit() else 0


def _id(node: Node, name: str) -> str:
    return tree.attribute(node, name)


def _value(node: Node, name: str) -> str:
    found = tree.child(node, name)
    return "" if found is None else tree.attribute(found, "val")


def _letters(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _roman(number: int) -> str:
    signs = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
             (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
    written = ""
    for value, sign in signs:
        count, number = divmod(number, value)
        written += sign * min(count, 9)
    return written


_FORMS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "bullet": lambda number: "-",
}
