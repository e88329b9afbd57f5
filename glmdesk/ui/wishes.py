"""What the script of the page wants done with attached files: read from JSON, each wish once."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 500
"""Pages whose last number is kept."""
LONGEST = 4_096
"""Characters of a word in a wish; a path may be that long."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`chat` is the one that was shown when it was made; `values` hold what else was said."""

    do: str
    chat: str = ""
    number: int = 0
    """Counts the wishes of one page; 0 is done whenever it comes."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """A password may be among them."""

    def word(self, name: str) -> str:
        """A text value; "" when it is missing."""
        return str(self.values.get(name, ""))[:LONGEST]

    def whole(self, name: str) -> int:
        """A number; 0 when it is missing or none."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0


def read(action: str) -> tuple[Wish, ...]:
    """The wishes in a field's value; what is none is left out.

    A list comes from the script that repeats and numbers its wishes, a single object from elsewhere.
    """
    try:
        found = json.loads(action)
    except (ValueError, RecursionError):
        return ()
    if isinstance(found, list):
        return tuple(_wish(one, one.get("number")) for one in found if _is(one))
    return (_wish(found, 0),) if _is(found) else ()


def _is(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("do"), str)


def _wish(one: dict[str, Any], number: Any) -> Wish:
    counted = number if type(number) is int and number > 0 else 0
    return Wish(do=one["do"], chat=str(one.get("chat", "")), number=counted, values=one)


@dataclass
class _Page:
    done: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


class Numbers:
    """Which wishes of each page were done: the page repeats them until it hears that they were."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str], _Page] = OrderedDict()
        self._lock = threading.Lock()

    def done(self, page: tuple[str, str]) -> int:
        """The number of the last wish of `page`, which is an owner and one open page."""
        return self._find(page).done

    def each(self, page: tuple[str, str], wishes: Sequence[Wish]) -> Iterator[Wish]:
        """Those that were not done yet, in their order; they count as done when the caller went on.

        Callers for one page wait for each other.
        """
        found = self._find(page)
        with found.turn:
            for wish in wishes:
                if not wish.number:
                    yield wish
                elif wish.number > found.done:
                    yield wish
                    found.done = wish.number

    def _find(self, page: tuple[str, str]) -> _Page:
        with self._lock:
            found = self._pages.setdefault(page, _Page())
            self._pages.move_to_end(page)
            while len(self._pages) > REMEMBERED:
                self._pages.popitem(last=False)
            return found
