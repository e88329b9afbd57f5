"""A Book whose pages are already in memory: words, and the files of the pictures among them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from glmdesk.documents.page import Box, Looks, Sheet, Size
from glmdesk.documents.sizes import Raster
from glmdesk.errors import DocumentDamaged


@dataclass(frozen=True)
class Image:
    """A picture file inside a document, and its upright size in pixels."""

    data: bytes = field(repr=False)
    size: Size


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One page. `images` is the share of its area that pictures cover, where that is known."""

    text: str
    label: str = ""
    pictures: tuple[Image, ...] = ()
    tables: int = 0
    images: float = 0.0
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Pages in order. See `book.Book`."""

    name: str
    leaves: Sequence[Leaf]
    note: str = ""
    encoding: str = ""

    @property
    def total(self) -> int:
        return len(self.leaves)

    def sheet(self, number: int) -> Sheet:
        return sheet(self.leaves[number - 1], number)

    def draw(self, number: int, index: int, size: Size) -> Raster:
        """Raises DocumentDamaged: there are only words here. See `office.album`."""
        raise DocumentDamaged(f"Page {number} of {self.name} has no picture.")

    def find(self, number: int, words: str) -> tuple[Box, ...]:
        """Nowhere: these pages have words, but no places."""
        return ()


def sheet(leaf: Leaf, number: int) -> Sheet:
    letters = sum(letter.isalnum() for letter in leaf.text)
    looks = Looks(
        letters=letters,
        garbled=leaf.text.count("\ufffd") / max(1, len(leaf.text)),
        images=leaf.images,
        tables=leaf.tables,
        ink=bool(leaf.text.strip() or leaf.pictures),
    )
    sizes = tuple(image.size for image in leaf.pictures)
    return Sheet(
        number=number,
        text=leaf.text,
        pictures=sizes,
        label=leaf.label,
        looks=looks,
        fault=leaf.fault,
    )
