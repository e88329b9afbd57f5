"""Pages whose text says all there is: nothing is lost without their picture. Seeded."""

from random import Random
from typing import Any

import pymupdf

from tests.documents import page_drawings as draw
from tests.documents import routed_words as words
from tests.documents.leaf import HEIGHT, MARGIN, WIDTH, unicode_font, write


def prose(page: Any, rng: Random) -> None:
    write(page, words.title(rng), 60, 90, fontsize=16)
    write(page, words.prose(rng, rng.randint(3, 7)))


def columns(page: Any, rng: Random) -> None:
    write(page, words.title(rng), 50, 85, fontsize=17)
    write(page, words.prose(rng, 6), right=288, fontsize=9.5)
    write(page, words.prose(rng, 6), left=307, fontsize=9.5)


def logo(page: Any, rng: Random) -> None:
    left = rng.choice((MARGIN, WIDTH - 180))
    page.insert_image((left, 20, left + rng.randint(60, 120), 62), stream=draw.png(draw.logo(rng)))
    prose(page, rng)


def rules(page: Any, rng: Random) -> None:
    page.draw_rect((30, 30, WIDTH - 30, HEIGHT - 30), width=rng.choice((0.5, 1, 2)))
    for y in (84, HEIGHT - 62):
        page.draw_line((MARGIN, y), (WIDTH - MARGIN, y), width=0.8)
    prose(page, rng)
    page.insert_text((280, HEIGHT - 48), f"- {rng.randint(2, 300)} -", fontsize=9)


def letterhead(page: Any, rng: Random) -> None:
    page.draw_rect((0, 0, WIDTH, rng.randint(20, 46)), color=None, fill=draw.BLUE)
    page.insert_image((WIDTH - 160, 52, WIDTH - 60, 96), stream=draw.png(draw.logo(rng)))
    write(page, f"{words.title(rng)}\nHigh Street {rng.randint(1, 99)}\n\nDear reader,", 110, 190)
    write(page, words.prose(rng, 3), 210)
    page.draw_line((MARGIN, 790), (WIDTH - MARGIN, 790))
    page.insert_text((MARGIN, 804), "Bank 12 34 56  Account 7890123", fontsize=7.5)


def tinted(page: Any, rng: Random) -> None:
    tint = (0.93, 0.95 + rng.uniform(-0.03, 0.03), 0.98)
    page.draw_rect(page.rect, color=None, fill=tint)
    prose(page, rng)


def boxed_notes(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 7), 90, 260)
    page.draw_rect((MARGIN - 8, 270, WIDTH - MARGIN + 8, 372), color=draw.RED, fill=(1, 0.96, 0.9))
    write(page, "Warning. " + words.paragraph(rng, 4), 278, 366)
    write(page, words.prose(rng, 3), 392)


def watermark(page: Any, rng: Random) -> None:
    turn = (pymupdf.Point(200, 500), pymupdf.Matrix(rng.choice((30, 45, 60))))
    page.insert_text((200, 500), "DRAFT", fontsize=80, color=(0.9, 0.9, 0.9), morph=turn)
    prose(page, rng)


def bullets(page: Any, rng: Random) -> None:
    write(page, words.title(rng), 60, 90, fontsize=16)
    for number in range(rng.randint(8, 20)):
        y = 110 + 30 * number
        page.draw_circle((MARGIN + 4, y - 3), 1.8, color=None, fill=draw.DARK)
        write(page, words.sentence(rng), y - 12, y + 20, left=MARGIN + 16, fontsize=9)


def contents(page: Any, rng: Random) -> None:
    write(page, "Contents", 60, 90, fontsize=16)
    for number in range(1, rng.randint(14, 32)):
        name = words.title(rng)
        line = f"{number} {name} {'. ' * (42 - len(name))} {number * 7}"
        page.insert_text((MARGIN, 90 + 21 * number), line, fontsize=10)


def code(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 4), 80, 180)
    page.draw_rect((MARGIN - 6, 190, WIDTH - MARGIN, 720), color=None, fill=(0.95, 0.95, 0.95))
    lines = [
        f"{'    ' * rng.randint(0, 3)}{words.noun(rng)}_{number} = {words.noun(rng)}[{number}] + "
        f"call({rng.randint(0, 999)})"
        for number in range(rng.randint(20, 40))
    ]
    write(page, "\n".join(lines), 196, 716, fontname="cour", fontsize=9)


def footnotes(page: Any, rng: Random) -> None:
    write(page, words.prose(rng, 5), 80, 640)
    page.draw_line((MARGIN, 660), (MARGIN + 120, 660), width=0.6)
    notes = "\n".join(f"{number} {words.sentence(rng)}" for number in range(1, 5))
    write(page, notes, 668, 790, fontsize=8)


def plain_table(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 6), 80, 220)
    draw.table(page, _simple_cells(rng), (MARGIN, 240, WIDTH - MARGIN, 400), ruled=False)
    write(page, words.prose(rng, 2), 430)


def ruled_table(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 6), 80, 220)
    draw.table(page, _simple_cells(rng), (MARGIN, 240, WIDTH - MARGIN, 400), ruled=True)
    write(page, words.prose(rng, 2), 430)


def _simple_cells(rng: Random) -> list[list[str]]:
    heading = [words.noun(rng).title() for _ in range(rng.randint(2, 4))]
    rows = [[words.noun(rng), *(str(rng.randint(1, 900)) for _ in heading[1:])] for _ in range(6)]
    return [heading, *rows]


def chinese(page: Any, rng: Random) -> None:
    write(page, words.chinese(rng, 4)[:12], 60, 100, fontname="china-s", fontsize=16)
    write(page, words.chinese(rng, 40), 110, fontname="china-s")


def greek(page: Any, rng: Random) -> None:
    write(page, words.greek(rng), **unicode_font())


def title_only(page: Any, rng: Random) -> None:
    write(page, f"Chapter {rng.randint(1, 20)}\n\n{words.title(rng)}", 300, 460, fontsize=24)


def blank(page: Any, rng: Random) -> None:
    if rng.random() < 0.5:
        page.draw_rect(page.rect, color=None, fill=(1, 1, 1))


def almost_blank(page: Any, rng: Random) -> None:
    if rng.random() < 0.5:
        page.insert_text((190, 420), "This page is intentionally left blank.", fontsize=11)
    page.insert_text((290, 800), str(rng.randint(2, 400)), fontsize=9)


def slide(page: Any, rng: Random) -> None:
    page.draw_rect((0, 0, WIDTH, 90), color=None, fill=draw.BLUE)
    page.draw_rect((0, 90, WIDTH, 96), color=None, fill=draw.RED)
    write(page, words.title(rng), 30, 80, fontsize=26, color=(1, 1, 1))
    for number in range(rng.randint(4, 7)):
        write(page, "• " + words.sentence(rng), 130 + 70 * number, 200 + 70 * number, fontsize=16)


def form(page: Any, rng: Random) -> None:
    write(page, words.title(rng), 60, 90, fontsize=16)
    for number in range(rng.randint(10, 18)):
        y = 120 + 34 * number
        page.insert_text((MARGIN, y), f"{words.noun(rng).title()}:", fontsize=10)
        page.insert_text((205, y), f"{words.noun(rng)} {rng.randint(1, 999)}", fontsize=10)
        page.draw_line((200, y + 4), (WIDTH - MARGIN, y + 4), width=0.5)


def rounded_boxes(page: Any, rng: Random) -> None:
    for number in range(rng.randint(2, 5)):
        top = 70 + 140 * number
        box = pymupdf.Rect(MARGIN - 10, top, WIDTH - MARGIN + 10, top + 125)
        page.draw_rect(box, color=None, fill=(0.9, 0.93, 0.97), radius=0.08)
        write(page, words.paragraph(rng, 6), top + 10, top + 120)


def some_signs(page: Any, rng: Random) -> None:
    said = words.prose(rng, 5).replace(" the ", f" {rng.randint(2, 90)} ≤ ", rng.randint(1, 3))
    write(page, said.replace(" needs ", " → ", 2), **unicode_font())


def banner(page: Any, rng: Random) -> None:
    """A strip of colours across the top of a letter."""
    strip = draw.photograph(rng, 595, rng.randint(40, 70))
    page.insert_image((0, 0, WIDTH, strip.height), stream=draw.jpeg(strip))
    write(page, words.prose(rng, rng.randint(3, 6)), 110)
