"""Picture files of every kind: turned by EXIF, in other colours, deep, transparent, moving, very wide."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image

from glmdesk.errors import DocumentTooLarge
from tests.documents.corpus.case import Colour, Shown, Spot
from tests.documents.corpus.sheets import encoded

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 180, 40), (30, 40, 210), (128, 128, 128)
WHITE = (255, 255, 255)
SIZE = (240, 160)
CORNERS: dict[Spot, Colour] = {
    (0.2, 0.2): RED,
    (0.8, 0.2): GREEN,
    (0.2, 0.8): BLUE,
    (0.8, 0.8): GREY,
}
_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def cases() -> tuple[Shown, ...]:
    return (*_plain(), *_turned(), *_colours(), *_deep(), *_through(), *_moving(), *_shapes())


def corners(size: tuple[int, int] = SIZE) -> Image.Image:
    """Four colours, so that every turn and flip can be told."""
    image = Image.new("RGB", (2, 2))
    for at, colour in enumerate((RED, GREEN, BLUE, GREY)):
        image.putpixel((at % 2, at // 2), colour)
    return image.resize(size, Image.Resampling.NEAREST)


def _shown(name: str, make: Callable[[], bytes], **more: Any) -> Shown:
    return Shown(name=name, make=make, **{"size": SIZE, "spots": CORNERS, **more})


def _plain() -> tuple[Shown, ...]:
    forms: dict[str, dict[str, Any]] = {
        "PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}, "GIF": {}, "BMP": {},
        "WEBP": {"quality": 95}, "TIFF": {}, "AVIF": {"quality": 90},
    }  # fmt: skip
    found = [
        _shown(f"plain.{form.lower()}", partial(_saved, form, options))
        for form, options in forms.items()
    ]
    found += [
        _shown("lossless.webp", partial(_saved, "WEBP", {"lossless": True})),
        _shown("progressive.jpg", partial(_saved, "JPEG", {"progressive": True, "quality": 95})),
        _shown("packed.tiff", partial(_saved, "TIFF", {"compression": "tiff_lzw"})),
        _shown("photo.heic", heic),
    ]
    return tuple(found)


def _saved(form: str, options: dict[str, Any]) -> bytes:
    return encoded(corners(), form, **options)


def heic() -> bytes:
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(corners()).save(buffer, quality=90)
    return buffer.getvalue()


def _turned() -> tuple[Shown, ...]:
    return tuple(
        _shown(f"exif-{orientation}.{form.lower()}", partial(_lying, orientation, form))
        for form in ("JPEG", "PNG", "WEBP", "TIFF")
        for orientation in range(1, 9)
    )


def _lying(orientation: int, form: str) -> bytes:
    """Stored as a camera holds it, with the note how to turn it upright."""
    image = corners()
    if orientation in _BACK:
        image = image.transpose(_BACK[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if form in ("JPEG", "WEBP") else {}
    return encoded(image, form, exif=exif, **options)


def _colours() -> tuple[Shown, ...]:
    grey: dict[Spot, Colour] = {spot: _as_grey(colour) for spot, colour in CORNERS.items()}
    return (
        _shown(
            "cmyk.jpg", lambda: encoded(corners().convert("CMYK"), "JPEG", quality=95), slack=60
        ),
        _shown("cmyk.tiff", lambda: encoded(corners().convert("CMYK"), "TIFF"), slack=60),
        _shown("jpeg.tiff", partial(_saved, "TIFF", {"compression": "jpeg", "quality": 95})),
        _shown("lab.tiff", _lab, slack=60),
        _shown("palette.png", lambda: encoded(corners().quantize(16))),
        _shown("palette.bmp", lambda: encoded(corners().quantize(16), "BMP")),
        _shown("grey.png", lambda: encoded(corners().convert("L")), spots=grey),
        _shown("grey.jpg", lambda: encoded(corners().convert("L"), "JPEG"), spots=grey),
        _shown("bits.png", _bits, spots={(0.25, 0.5): (0, 0, 0), (0.75, 0.5): WHITE}),
    )


def _as_grey(colour: Colour) -> Colour:
    tone = round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
    return (tone, tone, tone)


def _lab() -> bytes:
    from PIL import ImageCms

    made = ImageCms.profileToProfile(
        corners(),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    if made is None:
        raise ValueError("no LAB picture")
    return encoded(made, "TIFF")


def _bits() -> bytes:
    image = Image.new("1", SIZE, 0)
    image.paste(1, (SIZE[0] // 2, 0, *SIZE))
    return encoded(image)


def _deep() -> tuple[Shown, ...]:
    """Sixteen bits a channel: half is half, not white."""
    middle: dict[Spot, Colour] = {(0.5, 0.5): (128, 128, 128)}
    return tuple(
        _shown(f"deep.{form.lower()}", partial(_half, form), spots=middle, slack=6)
        for form in ("PNG", "TIFF")
    )


def _half(form: str) -> bytes:
    return encoded(Image.new("I;16", SIZE, 32896), form)


def _through() -> tuple[Shown, ...]:
    """Transparent parts lie on white, and half of red over white is rose."""
    spots: dict[Spot, Colour] = {(0.25, 0.5): WHITE, (0.75, 0.5): (255, 128, 128)}
    greys: dict[Spot, Colour] = {(0.25, 0.5): WHITE, (0.75, 0.5): (128, 128, 128)}
    clear: dict[Spot, Colour] = {(0.25, 0.5): WHITE, (0.75, 0.5): (255, 0, 0)}
    return (
        _shown("alpha.png", lambda: encoded(_glass("RGBA", (255, 0, 0, 128))), spots=spots),
        _shown("alpha.webp", lambda: encoded(_glass("RGBA", (255, 0, 0, 128)), "WEBP", lossless=True), spots=spots),
        _shown("alpha.tiff", lambda: encoded(_glass("RGBA", (255, 0, 0, 128)), "TIFF"), spots=spots),
        _shown("la.png", lambda: encoded(_glass("LA", (0, 128))), spots=greys),
        _shown("clear.gif", lambda: encoded(_glass("RGBA", (255, 0, 0, 255)), "GIF"), spots=clear),
    )  # fmt: skip


def _glass(mode: str, colour: tuple[int, ...]) -> Image.Image:
    """Nothing on the left, a colour on the right."""
    image = Image.new(mode, SIZE, (0,) * len(colour))
    image.paste(colour, (SIZE[0] // 2, 0, *SIZE))
    return image


def _moving() -> tuple[Shown, ...]:
    return tuple(
        _shown(f"moving.{ending}", partial(_frames, form), note="first of 6 frames")
        for ending, form in (("gif", "GIF"), ("webp", "WEBP"), ("png", "PNG"))
    )


def _frames(form: str) -> bytes:
    first = corners()
    rest = [Image.new("RGB", SIZE, (shade * 40, 0, 0)) for shade in range(5)]
    options = {"lossless": True} if form == "WEBP" else {}
    return encoded(first, form, save_all=True, append_images=rest, duration=80, **options)


def _shapes() -> tuple[Shown, ...]:
    wide, tall, tiny = (4000, 100), (90, 3600), (1, 1)
    return (
        _shown("panorama.jpg", lambda: encoded(corners(wide), "JPEG"), size=wide),
        _shown("tall.png", lambda: encoded(corners(tall)), size=tall),
        _shown("dot.png", lambda: encoded(Image.new("RGB", tiny, RED)), size=tiny, spots={(0.5, 0.5): RED}),
        _shown("camera.jpg", lambda: encoded(corners((6000, 4000)), "JPEG", quality=80), size=(6000, 4000)),
        _shown("strip.png", lambda: encoded(Image.new("L", (52800, 44))), refused=DocumentTooLarge),
    )  # fmt: skip
