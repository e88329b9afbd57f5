"""Decodes a picture nobody vouches for and brings it to the model's size. The only file that knows PIL."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from glmdesk.documents.sizes import PictureLimits, Raster, model_size
from glmdesk.errors import DocumentDamaged, DocumentTooLarge

MAX_PIXELS = 64_000_000
MAX_RATIO = 50

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
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
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, AttributeError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a picture is: its upright size in pixels, and a sentence if it holds more frames."""

    width: int
    height: int
    note: str


@dataclass(frozen=True, kw_only=True)
class _Opened:
    image: Image.Image
    looked: Looked
    turn: Image.Transpose | None


def look(path: Path, name: str) -> Looked:
    """Decode a whole picture only to know that it can be.

    Raises DocumentDamaged, or DocumentTooLarge when it is too large or too narrow.
    """
    with _opened(path, name) as opened:
        opened.image.load()
        return opened.looked


def read(path: Path, name: str, limits: PictureLimits) -> tuple[Looked, Raster]:
    """Decode a picture, turn it upright and resize it. Raises as `look` does."""
    with _opened(path, name) as opened:
        width, height = model_size(opened.looked.width, opened.looked.height, limits)
        lying = (height, width) if opened.turn in _SIDEWAYS else (width, height)
        image = _resized(to_rgb(opened.image), lying)
        if opened.turn is not None:
            image = image.transpose(opened.turn)
        return opened.looked, Raster(width=width, height=height, rgb=image.tobytes())


def fit(raster: Raster, size: tuple[int, int]) -> Raster:
    """Resize decoded pixels to width and height."""
    image = Image.frombytes("RGB", (raster.width, raster.height), raster.rgb)
    return Raster(width=size[0], height=size[1], rgb=_resized(image, size).tobytes())


def to_rgb(image: Image.Image) -> Image.Image:
    """Eight bits a channel, on white where it is transparent, whatever mode it came in."""
    if image.mode.startswith("I"):
        return _from_16_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    paper = Image.new("RGB", layered.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale to 8 bits: PIL's own conversion clips, which turns nearly everything white."""
    return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[_Opened]:
    """An image within the limits; what PIL raises inside the block becomes a sentence."""
    # PIL's own limit does not know that a large JPEG can be decoded at a fraction of its size.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with Image.open(path, formats=_FORMATS) as image:
                yield _checked(image, name)
    except _BROKEN as error:
        raise DocumentDamaged(
            f"{name} is damaged: the picture ends too early or its data is broken. Nothing was "
            "attached. Open it in another program, save it again, and attach that."
        ) from error


def _checked(image: Image.Image, name: str) -> _Opened:
    width, height = image.size
    if max(width, height) > MAX_RATIO * min(width, height):
        raise DocumentTooLarge(
            f"{name} is too narrow: {width} × {height} pixels, one side more than {MAX_RATIO} times "
            "the other. Nothing was attached. Cut it into pieces and attach those."
        )
    _lighten(image, name)
    turn = _TURNS.get(_orientation(image))
    if turn in _SIDEWAYS:
        width, height = height, width
    looked = Looked(width=width, height=height, note=_frames(image))
    return _Opened(image=image, looked=looked, turn=turn)


def _lighten(image: Image.Image, name: str) -> None:
    """Have a large JPEG decoded at half, a quarter or an eighth; refuse whatever stays too large."""
    width, height = image.size
    part = next((part for part in (1, 2, 4, 8) if width * height <= MAX_PIXELS * part**2), 1)
    if part > 1:
        image.draft(None, (max(1, width // part), max(1, height // part)))
    if image.width * image.height > MAX_PIXELS:
        raise DocumentTooLarge(
            f"{name} is {width} × {height} pixels, {width * height / 1e6:,.0f} megapixels; up to "
            f"{MAX_PIXELS / 1e6:.0f} can be opened safely. Nothing was attached. "
            "Save a smaller copy and attach that."
        )


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1  # broken EXIF says nothing about the pixels
    return value if isinstance(value, int) else 1


def _frames(image: Image.Image) -> str:
    count = getattr(image, "n_frames", 1)
    # A phone's multi-picture JPEG holds previews and depth maps, not frames.
    return f"Using the first of {count} frames." if count > 1 and image.format != "MPO" else ""
