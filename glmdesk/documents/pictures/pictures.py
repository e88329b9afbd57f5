"""Decodes a picture nobody vouches for and brings it to the size that is wanted, whatever format it is in."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pillow_heif
from PIL import AvifImagePlugin, Image

from glmdesk.documents.page import Box, Size
from glmdesk.documents.pictures.pixels import (
    BROKEN,
    at_most,
    cut,
    cut_out,
    fit,
    png,
    resized,
    to_raster,
    to_rgb,
    webp,
    within,
)
from glmdesk.documents.sizes import PictureLimits, Raster, model_size
from glmdesk.errors import DocumentDamaged, DocumentTooLarge

__all__ = [
    "Looked", "at_most", "crop", "cut", "decode", "fit", "look", "measure", "png", "read", "small", "webp",
]  # fmt: skip

MAX_PIXELS = 64_000_000
MAX_RATIO = 50
MAX_CROP = 4096
"""Pixels of the longer side of what is cut out of a picture."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
_SPARE = 2
"""A JPEG is decoded at this many times the size that is wanted, or more, and resized from there."""
_DRAFTED = ("JPEG", "MPO")
_MOST_DRAFTED = 8
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8])

# Embedded thumbnails may show something else than the picture does.
pillow_heif.register_heif_opener(thumbnails=False, decode_threads=2)
# A thread for every core would need more memory than the child has.
AvifImagePlugin.DEFAULT_MAX_THREADS = 2


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a picture is: its upright size in pixels, and a sentence if it holds more frames."""

    width: int
    height: int
    note: str

    @property
    def size(self) -> Size:
        return self.width, self.height


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An image whose header is within the limits, not decoded yet."""

    image: Image.Image
    looked: Looked
    turn: Image.Transpose | None

    def upright(self, size: Size, gap: float | None = None) -> Image.Image:
        """All of it, at a size as it stands upright; with a `gap` somewhat rougher and quicker."""
        width, height = size
        lying = (height, width) if self.turn in _SIDEWAYS else (width, height)
        _lighten(self.image, (lying[0] * _SPARE, lying[1] * _SPARE))
        image = resized(to_rgb(self.image), lying, gap)
        return image if self.turn is None else image.transpose(self.turn)


def look(path: Path, name: str) -> Looked:
    """Decode a whole picture only to know that it can be.

    Raises DocumentDamaged, or DocumentTooLarge when it is too large or too narrow.
    """
    with _opened(path, name) as opened:
        _lighten(opened.image, (1, 1))
        opened.image.load()
        return opened.looked


def read(path: Path, name: str, limits: PictureLimits) -> tuple[Looked, Raster]:
    """Decode a picture, turn it upright and resize it. Raises as `look` does."""
    with _opened(path, name) as opened:
        size = model_size(*opened.looked.size, limits)
        return opened.looked, to_raster(opened.upright(size))


def small(path: Path, name: str, side: int) -> Raster:
    """A picture for people, about `side` pixels long and never enlarged. Raises as `look` does."""
    with _opened(path, name) as opened:
        size = within(opened.looked.size, side)
        return to_raster(opened.upright(size, 2.0))


def crop(path: Path, name: str, box: Box) -> Raster:
    """What is inside a box of thousandths, in the picture's own pixels. Raises as `look` does."""
    with _opened(path, name) as opened:
        share = max(abs(box[2] - box[0]), abs(box[3] - box[1]), 1) / 1000
        size = within(opened.looked.size, round(MAX_CROP / share))
        return to_raster(cut_out(opened.upright(_bounded(size)), box))


def measure(data: bytes, name: str) -> Size:
    """The upright size of a picture inside a document, by its header. Raises as `look` does."""
    with _opened(io.BytesIO(data), name) as opened:
        return opened.looked.size


def decode(data: bytes, name: str, size: Size) -> Raster:
    """A picture inside a document at `size` or somewhat larger, in its own proportions.

    Never larger than it is by itself. Raises as `look` does.
    """
    with _opened(io.BytesIO(data), name) as opened:
        return to_raster(opened.upright(covering(opened.looked.size, size)))


@contextmanager
def _opened(file: Path | io.BytesIO, name: str) -> Iterator[Opened]:
    """An image within the limits; what PIL raises inside the block becomes a sentence."""
    with careful(name), Image.open(file, formats=_FORMATS) as image:
        yield checked(image, name)


@contextmanager
def careful(name: str) -> Iterator[None]:
    """What PIL raises inside the block becomes a sentence about `name`."""
    # PIL's own limit does not know that a large JPEG can be decoded at a fraction of its size.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except BROKEN as error:
        raise DocumentDamaged(
            f"{name} is damaged: the picture ends too early or its data is broken. Nothing was "
            "attached. Open it in another program, save it again, and attach that."
        ) from error


def checked(image: Image.Image, name: str) -> Opened:
    """Raises DocumentTooLarge, told by the header."""
    width, height = image.size
    if max(width, height) > MAX_RATIO * min(width, height):
        raise DocumentTooLarge(
            f"{name} is too narrow: {width} × {height} pixels, one side more than {MAX_RATIO} times "
            "the other. Nothing was attached. Cut it into pieces and attach those."
        )
    _bound(image, name)
    turn = _TURNS.get(_orientation(image))
    if turn in _SIDEWAYS:
        width, height = height, width
    looked = Looked(width=width, height=height, note=_frames(image))
    return Opened(image=image, looked=looked, turn=turn)


def _bound(image: Image.Image, name: str) -> None:
    """Refuse what would take too much memory; a JPEG can be decoded at an eighth of its size."""
    width, height = image.size
    part = _MOST_DRAFTED if image.format in _DRAFTED else 1
    if (width // part) * (height // part) > MAX_PIXELS:
        raise DocumentTooLarge(
            f"{name} is {width} × {height} pixels, {width * height / 1e6:,.0f} megapixels; up to "
            f"{MAX_PIXELS / 1e6:.0f} can be opened safely. Nothing was attached. "
            "Save a smaller copy and attach that."
        )


def _lighten(image: Image.Image, least: Size) -> None:
    """Have a JPEG decoded at the smallest fraction that is not below `least`, nor above the limit."""
    if image.format in _DRAFTED:
        width, height = _bounded(image.size)
        image.draft(None, (max(1, min(least[0], width)), max(1, min(least[1], height))))


def _bounded(size: Size) -> Size:
    """A size, or the half, quarter or eighth of it that is within the limit."""
    width, height = size
    part = next((part for part in (1, 2, 4) if width * height <= MAX_PIXELS * part**2), 8)
    return width // part, height // part


def covering(own: Size, wanted: Size) -> Size:
    """The own proportions, as large as `wanted` both ways, and never above the own size."""
    share = min(1.0, max(wanted[0] / own[0], wanted[1] / own[1]))
    return max(1, round(own[0] * share)), max(1, round(own[1] * share))


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":
        return 1  # PIL turns these by itself
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except BROKEN:
        return 1  # broken EXIF says nothing about the pixels
    return value if isinstance(value, int) else 1


def _frames(image: Image.Image) -> str:
    count = getattr(image, "n_frames", 1)
    # A phone's multi-picture JPEG holds previews and depth maps, not frames; a TIFF holds pages.
    single = image.format in ("MPO", "TIFF")
    return f"Using the first of {count} frames." if count > 1 and not single else ""
