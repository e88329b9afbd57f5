"""Draw the pictures pico can see: one to three coloured shapes, or a number.

Needs Pillow, a random generator and the DejaVu fonts; gives a picture and what is in it. For
training, `image.info` also says what lies in each cell of 28×28 px, which is one picture token:
`cells` holds (colour, shape) numbers, `digits` up to two digits; the highest number means "none".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from tools.pico.fonts import font_path

CELL = 28
"""Pixels a side of one picture token: patches of 14 px, merged two by two."""
COLORS = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 70, 220),
    "yellow": (240, 210, 40),
    "black": (20, 20, 20),
    "orange": (245, 140, 30),
    "purple": (140, 50, 170),
    "pink": (250, 150, 190),
}
SHAPES = ("circle", "square", "triangle", "star")
BACKGROUNDS = ((255, 255, 255), (240, 240, 235), (225, 235, 245), (200, 200, 200))
INKS = ((0, 0, 0), (20, 20, 120), (120, 10, 10))
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf")
SIDE = 112
"""The usual side of a picture; what is drawn grows and shrinks with it."""
SQUARE = (SIDE, SIDE)
OBLONG = ((84, 140), (140, 84), (84, 112), (112, 84), (140, 112), (112, 140))
SIZES = (SQUARE,) * 5 + OBLONG + ((84, 84),)
NO_SHAPE = (len(COLORS), len(SHAPES))
NO_DIGIT = 10

Point = tuple[float, float]
Size = tuple[int, int]
Labels = list[tuple[int, int]]


class Thing(NamedTuple):
    """What a shape in a picture is called."""

    color: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A shape at the place where it is drawn; `spot` is the part of the picture it was given."""

    thing: Thing
    spot: Point
    x: float
    y: float
    radius: float
    fill: tuple[int, ...]


def scene(
    rng: Random, n: int | None = None, easy: bool = False, sizes: Sequence[Size] = SIZES
) -> tuple[Image.Image, list[Thing]]:
    """A picture of `n` shapes (else one to three; one when easy), named in reading order."""
    size = rng.choice(sizes)
    image = Image.new("RGB", size, rng.choice(BACKGROUNDS))
    count = 1 if easy else n or rng.choice((1, 1, 2, 2, 3))
    spots = _spots(rng, count, size)
    kinds = rng.sample(SHAPES, count)
    things = [Thing(*pair) for pair in zip(rng.sample(list(COLORS), count), kinds, strict=True)]
    radii = (15, 24) if count > 1 else (18, 34)
    unit = min(size) / SIDE
    placed = [
        _place(rng, thing, spot, unit * rng.randint(*radii))
        for thing, spot in zip(things, spots, strict=True)
    ]
    draw = ImageDraw.Draw(image)
    for shape in placed:
        _draw(draw, shape)
    image.info["cells"] = _shape_labels(placed, size)
    placed.sort(key=lambda shape: (shape.spot[1] > size[1] / 2, shape.spot[0]))
    return image, [shape.thing for shape in placed]


def digits(
    rng: Random, easy: bool = False, sizes: Sequence[Size] = SIZES
) -> tuple[Image.Image, str]:
    """A picture of a number of two to four digits (one or two when easy), and that number."""
    size = rng.choice(sizes)
    count = rng.randint(1, 2) if easy else rng.randint(2, 4)
    number = "".join(rng.choice("0123456789") for _ in range(count))
    image = Image.new("RGB", size, rng.choice(BACKGROUNDS))
    draw = ImageDraw.Draw(image)
    font = _font(rng, size[0] / SIDE)
    left, top, right, bottom = draw.textbbox((0, 0), number, font=font)
    x = (size[0] - (right - left)) // 2 - left + rng.randint(-3, 3)
    y = (size[1] - (bottom - top)) // 2 - top + rng.randint(-10, 10)
    draw.text((x, y), number, font=font, fill=rng.choice(INKS))
    image.info["digits"] = _digit_labels(number, font, (x, y + (top + bottom) / 2), size)
    return image, number


def _spots(rng: Random, count: int, size: Size) -> list[Point]:
    """Somewhere near the middle for one shape, a quarter of the picture each for more."""
    width, height = size
    if count == 1:
        unit = min(size) / SIDE
        x = width / 2 + unit * rng.randint(-18, 18)
        return [(x, height / 2 + unit * rng.randint(-18, 18))]
    quarters = [(x * width / 4, y * height / 4) for y in (1, 3) for x in (1, 3)]
    return rng.sample(quarters, count)


def _place(rng: Random, thing: Thing, spot: Point, radius: float) -> _Placed:
    """Shift a shape and its colour a little."""
    fill = tuple(max(0, min(255, value + rng.randint(-12, 12))) for value in COLORS[thing.color])
    x, y = (middle + rng.randint(-3, 3) for middle in spot)
    return _Placed(thing=thing, spot=spot, x=x, y=y, radius=radius, fill=fill)


def _draw(draw: ImageDraw.ImageDraw, shape: _Placed) -> None:
    x, y, radius = shape.x, shape.y, shape.radius
    box = (x - radius, y - radius, x + radius, y + radius)
    match shape.thing.kind:
        case "circle":
            draw.ellipse(box, fill=shape.fill)
        case "square":
            draw.rectangle(box, fill=shape.fill)
        case "triangle":
            corners = [(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)]
            draw.polygon(corners, fill=shape.fill)
        case "star":
            draw.polygon([_star_corner(shape, i) for i in range(10)], fill=shape.fill)


def _star_corner(shape: _Placed, i: int) -> Point:
    """Corner `i` of ten, clockwise from the top; the odd ones are the notches."""
    reach = shape.radius if i % 2 == 0 else shape.radius * 0.42
    angle = i * math.pi / 5
    return shape.x + reach * math.sin(angle), shape.y - reach * math.cos(angle)


def _font(rng: Random, unit: float) -> ImageFont.FreeTypeFont:
    name = rng.choice(FONTS)
    return ImageFont.truetype(str(font_path(name)), int(min(1.1, unit) * rng.randint(34, 42)))


def _shape_labels(placed: list[_Placed], size: Size) -> Labels:
    """Colour and shape of each cell that a shape covers."""
    columns, rows = size[0] // CELL, size[1] // CELL
    labels = [NO_SHAPE] * (columns * rows)
    for shape in placed:
        label = (list(COLORS).index(shape.thing.color), SHAPES.index(shape.thing.kind))
        reach = max(shape.radius - 4, CELL / 2)
        for row in range(rows):
            for column in range(columns):
                across = abs((column + 0.5) * CELL - shape.x)
                down = abs((row + 0.5) * CELL - shape.y)
                if max(across, down) <= reach:
                    labels[row * columns + column] = label
    return labels


def _digit_labels(
    number: str, font: ImageFont.FreeTypeFont, left_middle: Point, size: Size
) -> Labels:
    """The digits whose middle lies in each cell; near a border they count for both rows."""
    columns, rows = size[0] // CELL, size[1] // CELL
    left, y = left_middle
    labels = [(NO_DIGIT, NO_DIGIT)] * (columns * rows)
    for i, digit in enumerate(number):
        x = left + font.getlength(number[:i]) + font.getlength(digit) / 2
        column = _clamped_cell(x, columns)
        for row in {_clamped_cell(y - 8, rows), _clamped_cell(y + 8, rows)}:
            first, _ = labels[row * columns + column]
            pair = (int(digit), NO_DIGIT) if first == NO_DIGIT else (first, int(digit))
            labels[row * columns + column] = pair
    return labels


def _clamped_cell(at: float, count: int) -> int:
    return min(count - 1, max(0, int(at // CELL)))
