"""From whatever colours PIL decoded to eight bits of RGB, and from those to files. Trusts no size."""

import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageCms

from glmdesk.documents.page import Box, Size
from glmdesk.documents.sizes import Raster

BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError,
    OverflowError, AttributeError, ZeroDivisionError, struct.error, ImageCms.PyCMSError,
)  # fmt: skip
"""What PIL and its plugins raise on broken bytes."""

_QUALITY = 80
_DEEP = ("I", "F")
"""Modes of one channel that is wider than eight bits and says nowhere where its white is."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A picture file."""

    data: bytes
    width: int
    height: int


def to_rgb(image: Image.Image) -> Image.Image:
    """Eight bits a channel, on white where it is transparent, whatever mode it came in."""
    if image.mode.startswith("I;16"):
        # PIL counts only in the first of these modes.
        plain = image if image.mode == "I;16" else image.convert("I")
        return _scaled(plain, 0, 65535).convert("RGB")
    if image.mode in _DEEP:
        return _deep(image).convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    paper = Image.new("RGB", layered.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def resized(image: Image.Image, size: Size, gap: float | None = None) -> Image.Image:
    """At exactly `size`; a `gap` as PIL's `reducing_gap`."""
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=gap)


def fit(raster: Raster, size: Size) -> Raster:
    """Resize decoded pixels to width and height."""
    if (raster.width, raster.height) == size:
        return raster
    return to_raster(resized(_image(raster), size))


def at_most(raster: Raster, side: int) -> Raster:
    """No longer than `side` pixels."""
    return fit(raster, within((raster.width, raster.height), side))


def cut(raster: Raster, box: Box) -> Raster:
    """What is inside a box of thousandths, at least one pixel of it."""
    return to_raster(cut_out(_image(raster), box))


def cut_out(image: Image.Image, box: Box) -> Image.Image:
    across, down = _span(box[0], box[2], image.width), _span(box[1], box[3], image.height)
    return image.crop((across[0], down[0], across[1], down[1]))


def webp(raster: Raster, side: int) -> Encoded:
    """For people: at most `side` pixels long."""
    image = _image(raster)
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    data = io.BytesIO()
    image.save(data, "WEBP", quality=_QUALITY, method=1)
    return Encoded(data=data.getvalue(), width=image.width, height=image.height)


def png(raster: Raster) -> bytes:
    data = io.BytesIO()
    _image(raster).save(data, "PNG", compress_level=1)
    return data.getvalue()


def within(size: Size, side: int) -> Size:
    """The same proportions, at most `side` long."""
    shrink = min(1.0, side / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))


def to_raster(image: Image.Image) -> Raster:
    return Raster(width=image.width, height=image.height, rgb=image.tobytes())


def has_ink(image: Image.Image) -> bool:
    """Whether it is more than one colour all over."""
    bands = image.getextrema()
    pairs = bands if isinstance(bands[0], tuple) else (bands,)
    return any(pair[0] != pair[1] for pair in pairs)


def _image(raster: Raster) -> Image.Image:
    return Image.frombytes("RGB", (raster.width, raster.height), raster.rgb)


def _deep(image: Image.Image) -> Image.Image:
    """Samples of 32 bits: as shares of one, of 255 or of 65535, whichever holds them, else as they lie."""
    least, most = (float(end) for end in image.getextrema() if isinstance(end, int | float))
    for white in (1, 255, 65535):
        if least >= 0 and most <= white and (white > 1 or image.mode == "F"):
            return _scaled(image, 0, white)
    return _scaled(image, least, most)


def _scaled(image: Image.Image, black: float, white: float) -> Image.Image:
    """Scale to 8 bits: PIL's own conversion clips, which turns nearly everything white."""
    factor = 255 / ((white - black) or 1)
    return image.point(lambda value: value * factor + (0.5 - black * factor)).convert("L")


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    made = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if made is None:
        raise ValueError("no conversion from LAB")
    return made


def _span(one: int, other: int, length: int) -> tuple[int, int]:
    """From thousandths to pixels, outwards."""
    low, high = sorted((min(max(one, 0), 1000), min(max(other, 0), 1000)))
    start = min(low * length // 1000, length - 1)
    return start, max(start + 1, -(-high * length // 1000))
