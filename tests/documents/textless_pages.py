"""Pages without text that can be used: scans, pictures, letters that stand for nothing. Seeded."""

from collections.abc import Callable
from random import Random
from typing import Any

import pymupdf

from tests.documents import page_drawings as draw
from tests.documents import routed_words as words
from tests.documents.leaf import HEIGHT, MARGIN, WIDTH, unicode_font, write


def put_scan(page: Any, rng: Random, text: str, overlay: bool = False) -> None:
    with pymupdf.open() as other:
        leaf = other.new_page(width=WIDTH, height=HEIGHT)
        write(leaf, text)
        image = draw.scanned(leaf, rng, rng.uniform(-0.6, 0.6))
    page.insert_image(
        page.rect, stream=draw.jpeg(image, 40), keep_proportion=False, overlay=overlay
    )


def scan(page: Any, rng: Random) -> None:
    put_scan(page, rng, words.prose(rng, 5))


def crooked_scan(page: Any, rng: Random) -> None:
    with pymupdf.open() as other:
        leaf = other.new_page(width=WIDTH, height=HEIGHT)
        write(leaf, words.prose(rng, 4))
        image = draw.scanned(leaf, rng, rng.uniform(2, 7) * rng.choice((1, -1)))
    page.insert_image((20, 24, WIDTH - 20, HEIGHT - 24), stream=draw.jpeg(image, 35))


def misread_scan(page: Any, rng: Random) -> None:
    text = words.prose(rng, 5)
    write(page, words.misread(text, rng), render_mode=3)
    put_scan(page, rng, text)


def numbered_scan(page: Any, rng: Random) -> None:
    put_scan(page, rng, words.prose(rng, 5))
    page.insert_text((250, 830), f"Scan no. {rng.randint(1, 9999)}", fontsize=8)


def photograph(page: Any, rng: Random) -> None:
    image = draw.jpeg(draw.photograph(rng, 420, 590))
    page.insert_image(page.rect + (20, 20, -20, -20), stream=image, keep_proportion=False)


def map(page: Any, rng: Random) -> None:
    draw.plan(page, rng, (40, 40, WIDTH - 40, HEIGHT - 40), 260)
    for _ in range(rng.randint(0, 3)):
        at = (rng.randint(80, 450), rng.randint(80, 750))
        page.insert_text(at, words.noun(rng).title(), fontsize=9)


def handwritten(page: Any, rng: Random) -> None:
    for number in range(rng.randint(6, 16)):
        draw.scribble(page, rng, (MARGIN, 110 + 42 * number), rng.randint(18, 34), 13)


def outlined(page: Any, rng: Random) -> None:
    sentences = "\n".join(words.sentence(rng)[:80] for _ in range(rng.randint(12, 26)))
    draw.outlines(page, sentences, (MARGIN, 100), 10)


def unnamed_letters(page: Any, rng: Random) -> None:
    """The font has no table from its numbers to letters."""
    write(page, words.prose(rng, 4), **unicode_font())
    for xref, *_ in page.get_fonts():
        page.parent.xref_set_key(xref, "ToUnicode", "null")


def private_letters(page: Any, rng: Random, bottom: int = 700) -> None:
    _lettered(page, words.prose(rng, 4), bottom, lambda number: 0xE000 + number % 0x800)


def shifted_letters(page: Any, rng: Random) -> None:
    shift = rng.randint(0, 60)
    _lettered(page, words.prose(rng, 4), 700, lambda number: 33 + (number + shift) % 90)


def _lettered(page: Any, text: str, bottom: int, letter: Callable[[int], int]) -> None:
    """A font whose table says of each number another letter than is drawn."""
    write(page, text, 90, bottom, **unicode_font())
    named = "".join(f"<{n:04x}> <{letter(n):04x}>\n" for n in range(1, 100))
    head = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "/CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
    )
    table = f"{head}99 beginbfchar\n{named}endbfchar\nendcmap end end"
    for xref, *_ in page.get_fonts():
        where = int(page.parent.xref_get_key(xref, "ToUnicode")[1].split()[0])
        page.parent.update_stream(where, table.encode())
