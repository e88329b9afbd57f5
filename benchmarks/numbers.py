"""Draw one number on white at any size, as large beside the picture as pico's small pictures have it."""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFont

from tools.pico.fonts import font_path
from tools.pico.scenes import FONTS, INKS, SIDE, Size

PAGE: Size = (1240, 1754)
"""A4 at 150 dots an inch."""
SMALL: Size = (84, 112)
"""What a page becomes for pico: 3 × 4 tokens."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number and how it is written; `height` and the shifts in pixels of a picture 112 wide."""

    digits: str
    font: str
    height: int
    ink: tuple[int, int, int]
    right: int
    down: int


def draw_lot(rng: Random) -> Number:
    """Two to four digits, written as `tools.pico.scenes.digits` would."""
    return Number(
        digits="".join(rng.choice("0123456789") for _ in range(rng.randint(2, 4))),
        font=rng.choice(FONTS),
        height=rng.randint(34, 42),
        ink=rng.choice(INKS),
        right=rng.randint(-3, 3),
        down=rng.randint(-10, 10),
    )


def draw(number: Number, size: Size) -> Image.Image:
    """A white picture with the number in its middle, filling the same share of its width."""
    unit = size[0] / SIDE
    image = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(font_path(number.font)), round(unit * number.height))
    left, top, right, bottom = pen.textbbox((0, 0), number.digits, font=font)
    x = (size[0] - (right - left)) / 2 - left + unit * number.right
    y = (size[1] - (bottom - top)) / 2 - top + unit * number.down
    pen.text((round(x), round(y)), number.digits, font=font, fill=number.ink)
    return image
