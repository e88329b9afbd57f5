"""The seam that every format fills: an open document gives its pages one by one."""

from typing import Protocol

from glmdesk.documents.page import Box, Sheet, Size
from glmdesk.documents.sizes import Raster


class Book(Protocol):
    """An open document. A page that cannot be read is a Sheet with a `fault`, never an error."""

    @property
    def total(self) -> int:
        """Pages that can be read."""
        ...

    @property
    def note(self) -> str:
        """What a person should know of the whole, best asked for after all pages were read."""
        ...

    @property
    def encoding(self) -> str:
        """In which a text was read; "" for what has none."""
        ...

    def sheet(self, number: int) -> Sheet:
        """Read page `number`, counted from 1."""
        ...

    def draw(self, number: int, index: int, size: Size) -> Raster:
        """Draw picture `index` of page `number` at `size` or somewhat larger, in its own proportions.

        Raises DocumentDamaged.
        """
        ...

    def find(self, number: int, words: str) -> tuple[Box, ...]:
        """Where on the page the passage most like `words` stands, line by line; () if nowhere."""
        ...
