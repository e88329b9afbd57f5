"""Picture files of several pages, which are documents."""

from functools import partial

from PIL import Image

from tests.documents.corpus.case import Case, Colour, Leaf, Spot
from tests.documents.corpus.sheets import cornered, corners, encoded, scan
from tests.documents.corpus.words import prose


def cases() -> tuple[Case, ...]:
    return tuple(
        Case(
            name=name,
            make=partial(_pages, mode, compression),
            leaves=tuple(Leaf(picture=True, spots=_spots(number, mode)) for number in range(4)),
            born=False,
        )
        for name, mode, compression in (
            ("fax.tiff", "1", "group4"),
            ("grey.tiff", "L", "tiff_lzw"),
            ("colour.tiff", "RGB", "jpeg"),
            ("plain.tif", "L", "raw"),
        )
    )


def _pages(mode: str, compression: str) -> bytes:
    """The pages are of different sizes, as faxes and photographs in one file are."""
    first, *rest = (_page(number, mode) for number in range(4))
    return encoded(first, "TIFF", save_all=True, append_images=rest, compression=compression)


def _page(number: int, mode: str) -> Image.Image:
    image = cornered(scan(prose(f"album {number}", 60), 600 + 40 * number, 800))
    image = image.rotate(-90 * number, expand=True)
    if mode == "1":
        return image.convert("L").point(lambda tone: 255 if tone > 128 else 0).convert("1")
    return image.convert(mode)


def _spots(number: int, mode: str) -> tuple[tuple[Spot, Colour], ...]:
    """What tells the pages apart where they have colours."""
    return corners(number) if mode == "RGB" else ()
