"""Whether a grammar is safe to hand to llama.cpp: read it as llama.cpp does, and weigh what it would do.

Pure. llama.cpp itself takes grammars on which it never ends, or overflows its stack: a range that runs
backwards, a rule that comes back to itself behind something empty, thousands of nested groups. One
thing is not found here: a grammar with very many ways to read the same text stays slow.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from glmdesk.errors import EngineError

MAX_LENGTH = 200_000
"""Characters."""
MAX_NESTING = 100
MAX_REPEAT = 2000
MAX_ELEMENTS = 400_000
"""Characters and references after all repetitions are written out."""
MAX_DEPTH = 2000
"""Rules that begin with one another, in a row."""
MAX_STARTS = 4000
"""Ways in which one rule can begin."""

_TOKEN = re.compile(
    r"(?P<skip>[ \t]+|\#[^\r\n]*)"
    r"|(?P<line>[\r\n]+)"
    r"|(?P<is>::=)"
    r'|(?P<one>"(?:[^"\\]|\\.)*"|\[\^?(?:[^\]\\]|\\.)*\]|!?<[^>]*>|\.)'
    r"|(?P<name>[A-Za-z0-9-]+)"
    r"|(?P<repeat>[*+?]|\{\s*\d{1,9}\s*(?:,\s*(?:\d{1,9}\s*)?)?\})"
    r"|(?P<mark>[()|])",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class _Item:
    """`rule` is None for characters. It comes `times` times at most, in the beginning of its rule."""

    rule: str | None
    size: int
    empty: bool = False
    times: int = 1


_Rules = dict[str, list[list[_Item]]]


def check_grammar(grammar: str) -> None:
    """Raises EngineError, saying what is wrong with a GBNF grammar."""
    if len(grammar) > MAX_LENGTH:
        _refuse(f"it is longer than {MAX_LENGTH:,} characters")
    if "\0" in grammar or any("\ud800" <= character <= "\udfff" for character in grammar):
        _refuse("it holds characters that are no text")
    rules = _Reader(grammar).rules()
    if "root" not in rules:
        _refuse("it has no rule named root")
    named = (item.rule for bodies in rules.values() for body in bodies for item in body)
    if missing := {name for name in named if name is not None} - rules.keys():
        _refuse(f"the rule {min(missing)} is missing")
    if (
        sum(item.size for bodies in rules.values() for body in bodies for item in body)
        > MAX_ELEMENTS
    ):
        _refuse("its repetitions are too many")
    _weigh(rules, _empty_rules(rules))


def _refuse(reason: str) -> None:
    raise EngineError(f"The grammar for the answer cannot be used: {reason}. Nothing is lost.")


class _Reader:
    """A grammar's text into rules; a group becomes a rule of its own."""

    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "")]
        self._place = 0
        self._rules: _Rules = {}

    def rules(self) -> _Rules:
        self._skip_lines()
        while self._kind != "end":
            name = self._take("name")
            self._take("is")
            self._skip_lines()
            self._rules[name] = self._bodies(0)
            if self._kind != "end":
                self._take("line")
            self._skip_lines()
        return self._rules

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0]

    @property
    def _word(self) -> str:
        return self._tokens[self._place][1]

    def _take(self, kind: str) -> str:
        found, word = self._tokens[self._place]
        if found != kind:
            _refuse(
                f"there should be a {kind} before “{word[:20]}”" if word else "it ends too early"
            )
        self._place += 1
        return word

    def _skip_lines(self) -> None:
        while self._kind == "line":
            self._place += 1

    def _bodies(self, nesting: int) -> list[list[_Item]]:
        if nesting > MAX_NESTING:
            _refuse("its groups are nested too deep")
        bodies = [self._body(nesting)]
        while self._word == "|":
            self._place += 1
            self._skip_lines()
            bodies.append(self._body(nesting))
        return bodies

    def _body(self, nesting: int) -> list[_Item]:
        body: list[_Item] = []
        while (item := self._item(nesting)) is not None:
            if nesting:
                self._skip_lines()
            while self._kind == "repeat":
                item = _repeated(item, self._take("repeat"))
                if nesting:
                    self._skip_lines()
            body.append(item)
        return body

    def _item(self, nesting: int) -> _Item | None:
        if self._kind == "one":
            word = self._take("one")
            return _Item(rule=None, size=len(word), empty=word == '""')
        if self._kind == "name":
            return _Item(rule=self._take("name"), size=1)
        if self._word != "(":
            return None
        self._place += 1
        self._skip_lines()
        name = f"({self._place}"
        self._rules[name] = self._bodies(nesting + 1)
        if self._word != ")":
            _refuse("a group is not closed")
        self._place += 1
        return _Item(rule=name, size=2)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            _refuse(f"“{text[place : place + 20]}” is no part of a grammar")
        assert found is not None
        place = found.end()
        if found.lastgroup and found.lastgroup != "skip":
            yield found.lastgroup, found.group()


def _repeated(item: _Item, mark: str) -> _Item:
    least, most = {"*": (0, 0), "+": (1, 0), "?": (0, 1)}.get(mark) or _range(mark)
    if least > MAX_REPEAT or (most and most < least):
        _refuse(f"the repetition {mark} goes backwards or above {MAX_REPEAT:,}")
    times = max(least, most if most <= MAX_REPEAT else 1, 1)
    return _Item(
        rule=item.rule,
        size=item.size * times + 3 * times,
        empty=item.empty or least == 0,
        times=item.times * times,
    )


def _range(mark: str) -> tuple[int, int]:
    """The least and the most of `{2}`, `{2,}` or `{2,5}`; 0 for no most."""
    numbers = [number.strip() for number in mark[1:-1].split(",")]
    least = int(numbers[0])
    if len(numbers) == 1:
        return least, least
    if numbers[1] and int(numbers[1]) < max(least, 1):
        return least, -1
    return least, int(numbers[1] or 0)


def _empty_rules(rules: _Rules) -> set[str]:
    """The rules that may be empty."""
    users: dict[str, set[str]] = defaultdict(set)
    for name, bodies in rules.items():
        for item in (item for body in bodies for item in body):
            if item.rule is not None:
                users[item.rule].add(name)
    empty: set[str] = set()
    todo = list(rules)
    while todo:
        name = todo.pop()
        if name in empty:
            continue
        if any(all(_is_empty(item, empty) for item in body) for body in rules[name]):
            empty.add(name)
            todo += users[name]
    return empty


def _is_empty(item: _Item, empty: set[str]) -> bool:
    return item.empty or item.rule in empty


def _first_items(bodies: Sequence[Sequence[_Item]], empty: set[str]) -> Iterator[_Item]:
    """What a rule may begin with."""
    for body in bodies:
        for item in body:
            yield item
            if not _is_empty(item, empty):
                break


def _weigh(rules: _Rules, empty: set[str]) -> None:
    """Follow the beginnings of all rules: none may come back to itself, or grow beyond the limits."""
    first = {name: list(_first_items(bodies, empty)) for name, bodies in rules.items()}
    weights: dict[str, tuple[int, int]] = {}
    for start in rules:
        open_rules: dict[str, Iterator[_Item]] = {start: iter(first[start])}
        while open_rules and start not in weights:
            name = next(reversed(open_rules))
            rule = next((item.rule for item in open_rules[name] if item.rule), None)
            if rule is None:
                weights[name] = _weight(first[name], weights, empty)
                del open_rules[name]
            elif rule in open_rules:
                _refuse("a rule begins with itself")
            elif rule not in weights:
                open_rules[rule] = iter(first[rule])


def _weight(
    items: Sequence[_Item], weights: Mapping[str, tuple[int, int]], empty: set[str]
) -> tuple[int, int]:
    """The ways in which a rule can begin, and how deep its beginnings are nested."""
    starts, depth = 1, 0
    for item in items:
        inner = weights[item.rule] if item.rule is not None else (1, 0)
        times = item.times if item.rule in empty else 1
        starts += inner[0] * times
        depth = max(depth, inner[1] + times)
    if starts > MAX_STARTS or depth > MAX_DEPTH:
        _refuse("it can begin in too many ways")
    return starts, depth
