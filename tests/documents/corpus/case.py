"""What a case of the corpus is: a file, how it is made, and what is in each of its pages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from glmdesk.errors import DocumentError

Colour = tuple[int, int, int]
Spot = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One page as it was made. Where neither words nor a picture are named, anything may come."""

    words: str = ""
    """What its text must hold, in this order."""
    once: bool = True
    """Whether its words may come no more often than they are in it."""
    picture: bool = False
    """Whether something that is not in the text must be drawn."""
    absent: tuple[str, ...] = ()
    """Words that nobody who opens the file sees."""
    broken: Literal["no", "may", "must"] = "no"
    """Whether it can or must arrive as a stated fault."""
    spots: tuple[tuple[Spot, Colour], ...] = ()
    """Colours of its picture at places given as shares of width and height."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A document. `make` gives the same bytes every time it is called."""

    name: str
    make: Callable[[], bytes]
    leaves: tuple[Leaf, ...] = ()
    paged: bool = True
    """Whether the file itself says where its pages end; otherwise only the order is compared."""
    born: bool = True
    """Whether its words are text and not a scan, so that they count for the recall."""
    ordered: bool = True
    """Whether the order of the words within a page can be held against the file."""
    note: str = ""
    """A pattern that the note of the document must match."""
    encoding: str = ""
    """In which a person says that a text is written."""
    password: str = ""
    """Without it the file must not open."""
    refused: type[DocumentError] | None = None
    """How it ends when there is nothing to read."""

    @property
    def words(self) -> str:
        return " ".join(leaf.words for leaf in self.leaves)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture file: its upright size, and colours at places given as shares of width and height."""

    name: str
    make: Callable[[], bytes]
    size: tuple[int, int]
    spots: dict[Spot, Colour] = field(default_factory=dict)
    slack: int = 24
    """How far a channel may be off, for formats that lose something."""
    note: str = ""
    refused: type[DocumentError] | None = None


def leaves(*words: str) -> tuple[Leaf, ...]:
    """Pages of nothing but text."""
    return tuple(Leaf(words=text) for text in words)
