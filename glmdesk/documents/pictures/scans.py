"""The pages of a TIFF as a document: pictures, and no text."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from glmdesk.documents import notes
from glmdesk.documents.page import Box, Looks, Sheet, Size
from glmdesk.documents.pictures.pictures import Opened, careful, checked, covering
from glmdesk.documents.pictures.pixels import has_ink, to_raster
from glmdesk.documents.sizes import Raster
from glmdesk.errors import DocumentDamaged, DocumentTooLarge

MAX_PAGES = 2000
_SUBFILE = 0x00FE
_REDUCED = 1
"""A page of a TIFF that is only a smaller copy of another."""


class Scans:
    """An open TIFF. See `book.Book`."""

    encoding = ""

    def __init__(self, image: Image.Image, name: str) -> None:
        self._image = image
        self._name = name
        self._frames = _pages(image)
        self.total = min(len(self._frames), MAX_PAGES)
        self.note = notes.cut(self.total, len(self._frames))

    def sheet(self, number: int) -> Sheet:
        """Decode page `number` only to know that it can be."""
        try:
            with self._page(number) as page:
                size = page.looked.size
                ink = has_ink(page.image)
        except (DocumentDamaged, DocumentTooLarge) as error:
            return Sheet(number=number, text="", fault=error.message)
        looks = Looks(images=1.0 if ink else 0.0, ink=ink)
        return Sheet(number=number, text="", pictures=(size,), whole=True, looks=looks)

    def draw(self, number: int, index: int, size: Size) -> Raster:
        """Page `number` at `size` or somewhat larger. Raises DocumentDamaged."""
        if index:
            raise DocumentDamaged(f"Page {number} of {self._name} has one picture only.")
        with self._page(number) as page:
            return to_raster(page.upright(covering(page.looked.size, size)))

    def find(self, number: int, words: str) -> tuple[Box, ...]:
        return ()

    @contextmanager
    def _page(self, number: int) -> Iterator[Opened]:
        name = f"Page {number} of {self._name}"
        with careful(name):
            self._image.seek(self._frames[number - 1])
            yield checked(self._image, name)


@contextmanager
def opened(path: Path, name: str) -> Iterator[Scans]:
    """Open a TIFF as a document. Raises DocumentDamaged."""
    with careful(name), Image.open(path, formats=["TIFF"]) as image:
        yield Scans(image, name)


def _pages(image: Image.Image) -> list[int]:
    frames = []
    for frame in range(getattr(image, "n_frames", 1)):
        image.seek(frame)
        tags: dict[int, object] = dict(getattr(image, "tag_v2", {}))
        if tags.get(_SUBFILE, 0) != _REDUCED:
            frames.append(frame)
    return frames or [0]
