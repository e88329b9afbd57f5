"""What tests draw on pages with pymupdf and PIL: charts, tables, maps, scribbles, photographs. Seeded."""

import io
import math
from random import Random
from typing import Any

import pymupdf
from PIL import Image, ImageDraw, ImageFilter

Rect = tuple[float, float, float, float]
DARK, GREY, BLUE, RED = (0, 0, 0), (0.85, 0.85, 0.85), (0.1, 0.3, 0.7), (0.75, 0.1, 0.1)


def jpeg(image: Image.Image, quality: int = 60) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def photograph(rng: Random, width: int = 400, height: int = 300) -> Image.Image:
    """Soft colours with shapes in them."""
    spots = Image.new("RGB", (6, 5))
    spots.putdata([tuple(rng.randrange(30, 230) for _ in range(3)) for _ in range(30)])
    image = spots.resize((width, height), Image.Resampling.BICUBIC)
    brush = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.randrange(8, 60)
        colour = tuple(rng.randrange(255) for _ in range(3))
        brush.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(1))


def logo(rng: Random) -> Image.Image:
    image = Image.new("RGB", (180, 80), "white")
    brush = ImageDraw.Draw(image)
    brush.ellipse((5, 5, 75, 75), fill=tuple(rng.randrange(200) for _ in range(3)))
    brush.rectangle((90, 30, 175, 50), fill=(40, 40, 40))
    return image


def scanned(page: Any, rng: Random, skew: float, dpi: int = 80) -> Image.Image:
    """The page as a scanner sees it: grey, noisy, a little crooked."""
    pixels = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
    image = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    image = image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=250)
    spots = Image.new("L", (image.width // 8, image.height // 8))
    spots.putdata([rng.randrange(200, 256) for _ in range(spots.width * spots.height)])
    grain = spots.resize(image.size, Image.Resampling.BILINEAR)
    return Image.blend(image, grain, 0.15)


def bars(page: Any, rng: Random, rect: Rect) -> None:
    x0, y0, x1, y1 = rect
    count = rng.randint(4, 9)
    step = (x1 - x0) / count
    page.draw_line((x0, y0), (x0, y1))
    page.draw_line((x0, y1), (x1, y1))
    for number in range(count):
        top = y1 - rng.uniform(0.15, 0.95) * (y1 - y0)
        left = x0 + step * (number + 0.2)
        page.draw_rect((left, top, left + 0.6 * step, y1), color=None, fill=BLUE)
        page.insert_text((left, y1 + 10), str(2010 + number), fontsize=7)


def curve(page: Any, rng: Random, rect: Rect) -> None:
    x0, y0, x1, y1 = rect
    page.draw_rect(rect, color=DARK, width=0.7)
    for colour in (BLUE, RED):
        level, points = rng.random(), []
        for number in range(30):
            level = min(1.0, max(0.0, level + rng.uniform(-0.15, 0.15)))
            points.append((x0 + (x1 - x0) * number / 29, y0 + (y1 - y0) * level))
        page.draw_polyline(points, color=colour)
    for number in range(6):
        page.insert_text((x0 + (x1 - x0) * number / 6, y1 + 10), str(number * 10), fontsize=7)


def pie(page: Any, rng: Random, rect: Rect) -> None:
    x0, y0, x1, y1 = rect
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    start = (middle[0], middle[1] - min(x1 - x0, y1 - y0) / 2)
    shares = [rng.uniform(0.5, 2) for _ in range(rng.randint(3, 6))]
    point = pymupdf.Point(start)
    for share in shares:
        fill = tuple(rng.random() for _ in range(3))
        turn = -360 * share / sum(shares)
        point = page.draw_sector(middle, point, turn, color=DARK, fill=fill)


def boxes(page: Any, rng: Random, rect: Rect, labels: list[str]) -> None:
    """A diagram: boxes with names and arrows between them."""
    x0, y0, x1, y1 = rect
    places = []
    for number, label in enumerate(labels):
        x = x0 + (x1 - x0) * (number % 3) / 3 + rng.uniform(0, 20)
        y = y0 + (y1 - y0) * (number // 3) / 3 + rng.uniform(0, 15)
        page.draw_rect((x, y, x + 90, y + 34), color=DARK, fill=GREY)
        page.insert_text((x + 6, y + 20), label, fontsize=9)
        places.append((x, y))
    for (ax, ay), (bx, by) in zip(places, places[1:], strict=False):
        page.draw_line((ax + 90, ay + 17), (bx, by + 17))
        page.draw_polyline([(bx - 6, by + 12), (bx, by + 17), (bx - 6, by + 22)])


def plan(page: Any, rng: Random, rect: Rect, lines: int = 160) -> None:
    """A map: crooked roads, a river, fields."""
    x0, y0, x1, y1 = rect
    for _ in range(8):
        x, y = rng.uniform(x0, x1 - 60), rng.uniform(y0, y1 - 60)
        corners = [(x, y), (x + 60, y + rng.uniform(0, 30)), (x + 50, y + 60), (x, y + 40)]
        page.draw_polyline(corners, color=None, fill=(0.8, 0.9, 0.75), closePath=True)
    for _ in range(lines):
        x, y, turn, points = rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(0, 6), []
        for _ in range(9):
            points.append((min(max(x, x0), x1), min(max(y, y0), y1)))
            turn += rng.uniform(-0.5, 0.5)
            x, y = x + 18 * math.cos(turn), y + 18 * math.sin(turn)
        page.draw_polyline(points, color=BLUE if rng.random() < 0.2 else DARK, width=0.6)


def scribble(
    page: Any, rng: Random, at: tuple[float, float], letters: int, size: float = 12
) -> None:
    """Handwriting: one long curve a letter."""
    x, y = at
    for _ in range(letters):
        for _ in range(rng.randint(1, 3)):
            points = [
                (x + rng.uniform(0, size), y + rng.uniform(-size, size * 0.4)) for _ in range(4)
            ]
            page.draw_bezier(*points, color=(0.05, 0.1, 0.5), width=1.1)
        x += size * rng.uniform(0.7, 1.0)


def stamp(page: Any, rng: Random, at: tuple[float, float], words: str) -> None:
    radius = rng.uniform(38, 60)
    page.draw_circle(at, radius, color=RED, width=2.5)
    page.draw_circle(at, radius - 8, color=RED, width=1.2)
    page.insert_text((at[0] - 30, at[1] + 4), words[:10].upper(), fontsize=11, color=RED)


def stamp_picture(rng: Random, words: str) -> Image.Image:
    image = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    brush = ImageDraw.Draw(image)
    brush.ellipse((10, 10, 290, 290), outline=(180, 20, 20, 255), width=9)
    brush.ellipse((40, 40, 260, 260), outline=(180, 20, 20, 255), width=4)
    brush.text((100, 140), words[:10].upper(), fill=(180, 20, 20, 255))
    return image.rotate(rng.uniform(-30, 30))


def table(page: Any, cells: list[list[str]], rect: Rect, *, ruled: bool, size: float = 9) -> None:
    """Rows of cells; empty ones join the cell to the left when it is ruled."""
    x0, y0, x1, y1 = rect
    high, wide = (y1 - y0) / len(cells), (x1 - x0) / len(cells[0])
    for r, row in enumerate(cells):
        top = y0 + r * high
        for c, text in enumerate(row):
            left = x0 + c * wide
            page.insert_text((left + 3, top + high / 2 + size / 3), text, fontsize=size)
            if ruled and (text or c == 0):
                page.draw_line((left, top), (left, top + high), width=0.6)
        if ruled:
            page.draw_line((x0, top), (x1, top), width=0.6)
    if ruled:
        page.draw_line((x0, y1), (x1, y1), width=0.6)
        page.draw_line((x1, y0), (x1, y1), width=0.6)


def outlines(page: Any, text: str, at: tuple[float, float], size: float) -> None:
    """Text as shapes: what is left of letters that a program turned into paths."""
    with pymupdf.open() as other:
        leaf = other.new_page(width=page.rect.width, height=page.rect.height)
        for number, line in enumerate(text.split("\n")):
            leaf.insert_text((at[0], at[1] + 1.4 * size * number), line, fontsize=size)
        drawn = leaf.get_svg_image(text_as_path=True).encode()
    with (
        pymupdf.open("svg", drawn) as svg,
        pymupdf.open("pdf", svg.convert_to_pdf()) as converted,
    ):
        page.show_pdf_page(page.rect, converted, 0)
