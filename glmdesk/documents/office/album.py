"""A Book of words and of the pictures among them. The files of the pictures are in memory, their pixels are not."""

from dataclasses import dataclass

from glmdesk.documents.page import Size
from glmdesk.documents.pictures import pictures
from glmdesk.documents.sizes import Raster
from glmdesk.documents.text.volume import Leaf, Volume
from glmdesk.errors import DocumentDamaged


@dataclass(frozen=True, kw_only=True)
class Album(Volume):
    """Pages in order. See `book.Book`."""

    def draw(self, number: int, index: int, size: Size) -> Raster:
        return draw(self.leaves[number - 1], index, size, self.name)


def draw(leaf: Leaf, index: int, size: Size, name: str) -> Raster:
    """A picture of a page, at `size` or somewhat larger. Raises DocumentDamaged."""
    if not 0 <= index < len(leaf.pictures):
        raise DocumentDamaged(f"A picture of {name} is not there. The text of its page was read.")
    return pictures.decode(leaf.pictures[index].data, name, size)
