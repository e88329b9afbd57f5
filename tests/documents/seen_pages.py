"""Pages with text, and something to see besides: charts, figures, formulas, handwriting. Seeded."""

from random import Random
from typing import Any

from tests.documents import page_drawings as draw
from tests.documents import routed_words as words
from tests.documents import text_pages, textless_pages
from tests.documents.leaf import MARGIN, WIDTH, unicode_font, write


def bar_chart(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 7), 80, 230)
    draw.bars(page, rng, (100, 250, 100 + rng.randint(220, 380), 250 + rng.randint(120, 230)))
    write(page, words.prose(rng, 2), 510)


def line_chart(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 7), 80, 230)
    draw.curve(page, rng, (100, 250, 100 + rng.randint(220, 380), 250 + rng.randint(120, 230)))
    write(page, words.prose(rng, 2), 510)


def pie_chart(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 7), 80, 230)
    draw.pie(page, rng, (150, 250, 400, 250 + rng.randint(120, 220)))
    write(page, words.prose(rng, 2), 510)


def diagram(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 6), 80, 220)
    names = [words.noun(rng) for _ in range(rng.randint(4, 8))]
    draw.boxes(page, rng, (MARGIN, 240, WIDTH - MARGIN, 470), names)
    write(page, words.prose(rng, 2), 510)


def figure(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 7), 80, 230)
    right, bottom = 100 + rng.randint(170, 390), 250 + rng.randint(130, 260)
    image = draw.photograph(rng, right - 100, bottom - 250)
    page.insert_image((100, 250, right, bottom), stream=draw.jpeg(image), keep_proportion=False)
    write(page, f"Figure {rng.randint(1, 9)}: {words.sentence(rng)}", bottom + 8, bottom + 40)
    write(page, words.prose(rng, 2), bottom + 50)


def captioned(page: Any, rng: Random) -> None:
    image = draw.jpeg(draw.photograph(rng, 470, 600))
    page.insert_image((MARGIN, 60, WIDTH - MARGIN, 640), stream=image, keep_proportion=False)
    write(page, f"Plate {rng.randint(1, 40)}. {words.paragraph(rng, 2)}", 660)


def picture_slide(page: Any, rng: Random) -> None:
    write(page, words.title(rng), 50, 100, fontsize=26)
    for number in range(3):
        write(page, "• " + words.sentence(rng), 120 + 70 * number, 190 + 70 * number, fontsize=14)
    page.insert_image((150, 400, 460, 620), stream=draw.jpeg(draw.photograph(rng)))


def dense_table(page: Any, rng: Random) -> None:
    columns, rows = rng.randint(8, 12), rng.randint(25, 40)
    cells = [[words.noun(rng)[:5] for _ in range(columns)]]
    cells += [[str(rng.randint(0, 9999)) for _ in range(columns)] for _ in range(rows)]
    draw.table(page, cells, (40, 80, WIDTH - 40, 780), ruled=True, size=7)


def merged_table(page: Any, rng: Random) -> None:
    write(page, words.paragraph(rng, 4), 70, 150)
    columns, rows = rng.randint(5, 8), rng.randint(12, 20)
    cells = [
        ["" if c and rng.random() < 0.3 else f"{words.noun(rng)[:6]} {c}" for c in range(columns)]
        for _ in range(rows)
    ]
    draw.table(page, cells, (MARGIN, 160, WIDTH - MARGIN, 700), ruled=True, size=7.5)


def formulas(page: Any, rng: Random) -> None:
    """Fractions, powers and sums, whose text loses what stands above what."""
    how = unicode_font()
    for number in range(rng.randint(3, 6)):
        y = 90 + 115 * number
        write(page, words.paragraph(rng, 2), y, y + 45, fontsize=10)
        page.insert_text((150, y + 66), f"∑ α{'ᵢ' * rng.randint(0, 1)} ≤ √(β + {number})", **how)
        page.insert_text((290, y + 58), "∂f − λ·x", fontsize=9, **how)
        page.draw_line((286, y + 62), (350, y + 62), width=0.6)
        page.insert_text((296, y + 73), f"∫ g(θ) dθ ± {rng.randint(2, 9)}", fontsize=9, **how)
        page.insert_text((352, y + 58), "2", fontsize=6, **how)


def drawn_formulas(page: Any, rng: Random) -> None:
    write(page, words.prose(rng, 2), 80, 300)
    line = f"F(x) = {rng.randint(2, 9)} x + G(y) / {rng.randint(2, 99)} - H(z)"
    draw.outlines(page, "\n\n".join([line] * rng.randint(1, 3)), (130, 330), 16)
    write(page, words.prose(rng, 2), 480)


def stamped(page: Any, rng: Random) -> None:
    text_pages.prose(page, rng)
    at = (rng.randint(150, 450), rng.randint(200, 700))
    if rng.random() < 0.5:
        draw.stamp(page, rng, at, words.noun(rng))
    else:
        picture = draw.png(draw.stamp_picture(rng, words.noun(rng)))
        page.insert_image((at[0] - 80, at[1] - 80, at[0] + 80, at[1] + 80), stream=picture)


def handwritten_notes(page: Any, rng: Random) -> None:
    text_pages.prose(page, rng)
    for _ in range(rng.randint(2, 4)):
        at = (rng.randint(80, 300), rng.randint(150, 760))
        draw.scribble(page, rng, at, rng.randint(8, 18))


def filled_by_hand(page: Any, rng: Random) -> None:
    for number in range(rng.randint(9, 15)):
        y = 120 + 42 * number
        page.insert_text((MARGIN, y), f"{words.noun(rng).title()} of the {words.noun(rng)}:")
        page.draw_line((230, y + 4), (WIDTH - MARGIN, y + 4), width=0.5)
        draw.scribble(page, rng, (240, y), rng.randint(5, 14), 10)


def described_map(page: Any, rng: Random) -> None:
    draw.plan(page, rng, (MARGIN, 70, WIDTH - MARGIN, 560))
    write(page, f"Map {rng.randint(1, 9)}. {words.paragraph(rng, 5)}", 590)


def read_scan(page: Any, rng: Random) -> None:
    """A scan with a good text under it."""
    text = words.prose(rng, 5)
    write(page, words.slightly_misread(text, rng), render_mode=3)
    textless_pages.put_scan(page, rng, text)


def partly_lost(page: Any, rng: Random) -> None:
    """Some lines in a font whose letters have no names."""
    textless_pages.private_letters(page, rng, bottom=rng.randint(170, 220))
    write(page, words.prose(rng, 6), 230)


def on_a_photograph(page: Any, rng: Random) -> None:
    image = draw.photograph(rng, 300, 420).point(lambda value: 190 + value // 4)
    page.insert_image(page.rect, stream=draw.jpeg(image), keep_proportion=False)
    write(page, words.title(rng), 60, 120, fontsize=24)
    write(page, words.prose(rng, rng.randint(1, 4)), 140)
