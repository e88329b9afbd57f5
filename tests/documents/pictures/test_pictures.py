import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from glmdesk.documents.page import Box
from glmdesk.documents.pictures import pictures, pixels
from glmdesk.documents.sizes import PictureLimits, Raster, model_size
from glmdesk.errors import DocumentDamaged, DocumentTooLarge
from tests.documents.samples import chunk, noise, png, put, saved

LIMITS = PictureLimits(min_tokens=1, max_tokens=1024)
SIDE = 56
RED, GRAY, WHITE = (255, 0, 0), (128, 128, 128), (255, 255, 255)


def read(folder: Path, data: bytes, limits: PictureLimits = LIMITS) -> Image.Image:
    _, raster = pictures.read(put(folder, "a.png", data), "a.png", limits)
    assert len(raster.rgb) == raster.width * raster.height * 3
    return Image.frombytes("RGB", (raster.width, raster.height), raster.rgb)


def near(image: Image.Image, color: tuple[int, int, int], slack: int = 0) -> bool:
    plain = Image.new("RGB", image.size, color)
    return max(ImageChops.difference(image, plain).tobytes()) <= slack


def plain(
    mode: str, color: float | tuple[int, ...], form: str = "PNG", **options: int | str
) -> bytes:
    return saved(Image.new(mode, (SIDE, SIDE), color), form, **options)


def palette(transparent: bool) -> bytes:
    image = Image.new("P", (SIDE, SIDE), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    return saved(image, "PNG", transparency=1) if transparent else saved(image, "PNG")


@pytest.mark.parametrize(
    ("data", "color", "slack"),
    [
        (plain("RGB", RED), RED, 0),
        (plain("L", 128), GRAY, 0),
        (plain("1", 1), WHITE, 0),
        (plain("1", 0), (0, 0, 0), 0),
        (plain("LA", (0, 128)), (127, 127, 127), 1),
        (plain("LA", (128, 255)), GRAY, 0),
        (plain("RGBA", (255, 0, 0, 255)), RED, 0),
        (plain("RGBA", (255, 0, 0, 128)), (255, 127, 127), 1),
        (plain("RGBA", (0, 0, 0, 0)), WHITE, 0),
        (palette(False), RED, 0),
        (palette(True), WHITE, 0),
        (plain("CMYK", (0, 255, 255, 0), "JPEG", quality=95), RED, 6),
        (plain("CMYK", (0, 0, 0, 0), "JPEG", quality=95), WHITE, 3),
        (plain("L", 128, "JPEG"), GRAY, 2),
        (plain("RGBA", (0, 0, 255, 0), "WEBP"), WHITE, 0),
        (plain("P", 0, "GIF"), (0, 0, 0), 0),
        (plain("RGB", RED, "BMP"), RED, 0),
        (plain("I;16", 128 * 257), GRAY, 0),
        (plain("I;16", 65535), WHITE, 0),
        (plain("RGB", RED, "TIFF", compression="tiff_lzw"), RED, 0),
        (plain("CMYK", (0, 255, 255, 0), "TIFF"), RED, 0),
        (plain("LAB", (138, 209, 198), "TIFF"), RED, 8),
        (plain("1", 1, "TIFF", compression="group4"), WHITE, 0),
        (plain("I;16", 128 * 257, "TIFF"), GRAY, 0),
        (plain("I;16B", 128 * 257, "TIFF"), GRAY, 0),
        (plain("I", 128 * 257, "TIFF"), GRAY, 0),
        (plain("F", 0.5, "TIFF"), GRAY, 1),
        (plain("F", 128.0, "TIFF"), GRAY, 0),
        (plain("RGBA", (0, 0, 0, 0), "TIFF"), WHITE, 0),
        (plain("RGB", RED, "AVIF", quality=95), RED, 6),
        (plain("RGBA", (0, 0, 0, 0), "AVIF"), WHITE, 0),
        (plain("RGB", RED, "HEIF", quality=95), RED, 6),
        (plain("RGBA", (0, 0, 0, 0), "HEIF"), WHITE, 0),
    ],
)
def test_every_mode_keeps_its_colour(
    folder: Path, data: bytes, color: tuple[int, int, int], slack: int
) -> None:
    assert near(read(folder, data), color, slack)


def test_adobe_jpeg_is_written_inverted(folder: Path) -> None:
    data = plain("CMYK", (0, 255, 255, 0), "JPEG")
    assert b"Adobe" in data


@pytest.mark.parametrize("color", [0, 2, 4, 6])
def test_16_bits_keep_their_gradient(folder: Path, color: int) -> None:
    """Clipping instead of scaling turns nearly all of it white."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    alpha = color in (4, 6)
    row = b"\0"
    for x in range(280):
        level = x * 65535 // 279
        shown = [level] * (samples - alpha) + [65535] * alpha
        row += struct.pack(f">{samples}H", *shown)
    image = read(folder, png(280, 28, row * 28, color=color, depth=16))
    for x in range(280):
        pixel = image.getpixel((x, 10))
        assert isinstance(pixel, tuple)
        assert all(abs(channel - x * 255 / 279) <= 1 for channel in pixel)


def test_transparent_colour_of_a_true_colour_png(folder: Path) -> None:
    rows = (b"\0" + bytes((9, 9, 9)) * SIDE) * SIDE
    data = png(SIDE, SIDE, rows, color=2, extra=chunk(b"tRNS", struct.pack(">3H", 9, 9, 9)))
    assert near(read(folder, data), WHITE)


def quarters() -> Image.Image:
    """Red, green / blue, white: every turn of it looks different."""
    image = Image.new("RGB", (112, 56), "white")
    image.paste("red", (0, 0, 56, 28))
    image.paste("lime", (56, 0, 112, 28))
    image.paste("blue", (0, 28, 56, 56))
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(folder: Path, orientation: int) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    lying = quarters() if undo is None else quarters().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(lying, "PNG", exif=exif)
    image = read(folder, data)
    assert image.size == (112, 56)
    assert image.tobytes() == quarters().tobytes()
    looked = pictures.look(put(folder, "b.png", data), "b.png")
    assert (looked.width, looked.height) == (112, 56)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_every_format_stands_upright_once(folder: Path, form: str, orientation: int) -> None:
    lying = quarters().resize((224, 112))
    undo = {3: "ROTATE_180", 6: "ROTATE_90", 7: "TRANSVERSE"}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Of an Exif object pillow_heif would write the tag only, and not the box that turns a HEIC.
    data = saved(lying.transpose(Image.Transpose[undo]), form, exif=exif.tobytes())
    image = read(folder, data)
    assert image.size == (224, 112)
    for x, y, color in ((28, 28, RED), (196, 28, (0, 255, 0)), (28, 84, (0, 0, 255))):
        pixel = image.getpixel((x, y))
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, color, strict=True)) < 12
    path = put(folder, "b", data)
    assert pictures.look(path, "b").size == (224, 112)
    small = pictures.small(path, "b", 56)
    assert (small.width, small.height) == (56, 28)
    part = pictures.crop(path, "b", (0, 0, 500, 500))
    assert (part.width, part.height) == (112, 56)


def test_broken_exif_is_ignored(folder: Path) -> None:
    data = saved(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\x01")
    assert read(folder, data).size == (112, 56)


def test_a_picture_that_fits_is_not_touched(folder: Path) -> None:
    image = noise(84, 112)
    assert read(folder, saved(image, "PNG")).tobytes() == image.tobytes()


def test_a_page_is_stretched_without_bars(folder: Path) -> None:
    image = read(
        folder,
        saved(Image.new("RGB", (1240, 1754), "white"), "PNG"),
        PictureLimits(min_tokens=8, max_tokens=12),
    )
    assert image.size == (56, 112) or image.size == (84, 112)
    assert near(image, WHITE)


def test_shrinking_averages(folder: Path) -> None:
    stripes = Image.new("L", (560, 560))
    stripes.putdata([255 * (x % 2) for _ in range(560) for x in range(560)])
    small = read(folder, saved(stripes, "PNG"), PictureLimits(min_tokens=1, max_tokens=4))
    assert near(small.crop((4, 4, 52, 52)), (127, 127, 127), 4)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_first_frame_of_an_animation(folder: Path, form: str) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), (255, i * 5, 0)) for i in range(48)]
    options = {"lossless": True} if form == "WEBP" else {"quality": 95}
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    looked, raster = pictures.read(put(folder, "a", data), "a", LIMITS)
    assert looked.note == "Using the first of 48 frames."
    assert near(Image.frombytes("RGB", (SIDE, SIDE), raster.rgb), RED, 6)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9])
def test_truncated_picture_is_damaged(folder: Path, form: str, keep: float) -> None:
    data = saved(noise(300, 200), form)
    path = put(folder, "a", data[: int(len(data) * keep)])
    for action in (
        lambda: pictures.look(path, "a.png"),
        lambda: pictures.read(path, "a.png", LIMITS),
    ):
        with pytest.raises(DocumentDamaged, match=r"a\.png is damaged.*Nothing was attached\."):
            action()


def huge_png(width: int, height: int) -> bytes:
    return png(width, height, b"\0" * 100, color=2)


def test_decompression_bomb_is_refused_by_its_header(folder: Path) -> None:
    path = put(folder, "bomb.png", huge_png(40_000, 30_000))
    with pytest.raises(DocumentTooLarge) as caught:
        pictures.look(path, "bomb.png")
    assert "40000 × 30000 pixels, 1,200 megapixels" in caught.value.message


def test_long_strip_is_refused(folder: Path) -> None:
    rows = (b"\0" + b"\0" * (52800 // 8)) * 44
    path = put(folder, "strip.png", png(52800, 44, rows, color=0, depth=1))
    assert path.stat().st_size < 3000
    with pytest.raises(DocumentTooLarge, match="too narrow: 52800 × 44 pixels"):
        pictures.look(path, "strip.png")


def test_a_large_jpeg_is_decoded_smaller(folder: Path) -> None:
    path = put(folder, "big.jpg", saved(Image.new("L", (10_000, 10_000), 128), "JPEG"))
    looked, raster = pictures.read(path, "big.jpg", LIMITS)
    assert (looked.width, looked.height) == (10_000, 10_000)
    assert (raster.width, raster.height) == model_size(10_000, 10_000, LIMITS)
    assert near(Image.frombytes("RGB", (raster.width, raster.height), raster.rgb), GRAY, 1)


def test_a_large_jpeg_is_cut_within_the_limit(folder: Path) -> None:
    path = put(folder, "big.jpg", saved(Image.new("L", (10_000, 10_000), 128), "JPEG"))
    whole = pictures.crop(path, "big.jpg", (0, 0, 1000, 1000))
    assert (whole.width, whole.height) == (4096, 4096)
    part = pictures.crop(path, "big.jpg", (900, 900, 1000, 950))
    assert part.width == 2 * part.height == 500


@pytest.mark.parametrize(
    ("box", "size", "corner"),
    [
        ((0, 0, 1000, 1000), (112, 56), RED),
        ((0, 500, 500, 1000), (56, 28), (0, 0, 255)),
        ((500, 0, 1000, 500), (56, 28), (0, 255, 0)),
        ((1000, 1000, 500, 500), (56, 28), WHITE),
        ((-50, -50, 250, 250), (28, 14), RED),
        ((999, 999, 1000, 1000), (1, 1), WHITE),
        ((1000, 1000, 1000, 1000), (1, 1), WHITE),
        ((5000, 5000, 9000, 9000), (1, 1), WHITE),
    ],
)
def test_a_box_is_cut_out(
    folder: Path, box: Box, size: tuple[int, int], corner: tuple[int, int, int]
) -> None:
    raster = pictures.crop(put(folder, "a", saved(quarters(), "PNG")), "a", box)
    assert (raster.width, raster.height) == size
    assert tuple(raster.rgb[:3]) == corner


def test_a_panorama(folder: Path) -> None:
    data = saved(noise(9000, 600), "JPEG")
    image = read(folder, data, PictureLimits(min_tokens=8, max_tokens=256))
    assert image.width // image.height >= 10
    assert pictures.small(put(folder, "p", data), "p", 160).height == 11


def test_small_ones_are_not_enlarged(folder: Path) -> None:
    raster = pictures.small(put(folder, "a", saved(noise(40, 20), "PNG")), "a", 160)
    assert (raster.width, raster.height) == (40, 20)


def test_for_people_it_is_a_webp(folder: Path) -> None:
    shown = pictures.webp(Raster(width=400, height=200, rgb=noise(400, 200).tobytes()), 160)
    assert (shown.width, shown.height) == (160, 80)
    path = put(folder, "a.webp", shown.data)
    assert pictures.look(path, "a").size == (160, 80)


def test_pictures_inside_documents(folder: Path) -> None:
    data = saved(noise(300, 150), "JPEG")
    assert pictures.measure(data, "a") == (300, 150)
    larger = pictures.decode(data, "a", (60, 60))
    assert (larger.width, larger.height) == (120, 60)
    own = pictures.decode(data, "a", (900, 900))
    assert (own.width, own.height) == (300, 150)
    with pytest.raises(DocumentDamaged):
        pictures.measure(b"junk", "a")
    with pytest.raises(DocumentTooLarge):
        pictures.measure(huge_png(40_000, 30_000), "a")


def test_a_webp_bomb_ends_in_a_sentence(folder: Path) -> None:
    """A canvas of 16384 × 16384 with a frame of one pixel."""
    frame = saved(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    anmf = b"\0" * 6 + b"\0" * 6 + b"\x64\0\0" + b"\0" + frame
    canvas = (16383).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas
    body += b"ANIM" + struct.pack("<I", 6) + b"\0" * 6
    body += b"ANMF" + struct.pack("<I", len(anmf)) + anmf
    path = put(folder, "a.webp", b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises((DocumentTooLarge, DocumentDamaged)):
        pictures.look(path, "a.webp")


def test_fit_resizes_pixels() -> None:
    raster = Raster(width=4, height=2, rgb=bytes(RED) * 8)
    fitted = pixels.fit(raster, (56, 28))
    assert (fitted.width, fitted.height) == (56, 28)
    assert near(Image.frombytes("RGB", (56, 28), fitted.rgb), RED)


def test_bytes_after_the_header_may_be_anything(folder: Path) -> None:
    data = bytearray(saved(noise(64, 64), "PNG"))
    for place in range(16, len(data), 7):
        broken = bytes(data[:place]) + bytes((data[place] ^ 0xFF,)) + bytes(data[place + 1 :])
        path = put(folder, "a", broken)
        try:
            pictures.look(path, "a")
        except (DocumentDamaged, DocumentTooLarge):
            continue


def test_zip_error_in_a_text_chunk(folder: Path) -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 80_000_000, 9))
    data = png(SIDE, SIDE, (b"\0" + bytes(3) * SIDE) * SIDE, color=2, extra=bomb)
    try:
        pictures.look(put(folder, "a", data), "a")
    except DocumentDamaged:
        return
