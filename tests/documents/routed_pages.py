"""Pages of many kinds, and how each must be sent: that is known, because they were made so. Seeded.

A page is "text" when its text says all there is; "picture" when it has no text that can be used; and
"both" when it has, and something to see besides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pymupdf

from glmdesk.messages import Mode
from tests.documents import seen_pages, text_pages, textless_pages
from tests.documents.leaf import HEIGHT, WIDTH

Make = Callable[[Any, Random], None]
"""Draws one kind on an empty page."""


@dataclass(frozen=True, kw_only=True)
class Routed:
    """A page that was made: what it is called, and how it must be sent."""

    kind: str
    mode: Mode


def made(seed: int, count: int) -> tuple[bytes, tuple[Routed, ...]]:
    """A PDF of `count` pages, every kind about as often, and what each page is."""
    rng = Random(f"routed {seed}")
    kinds = sorted(KINDS)
    rng.shuffle(kinds)
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    rng.shuffle(chosen)
    with pymupdf.open() as whole:
        for kind in chosen:
            with pymupdf.open("pdf", page(kind, rng)) as one:
                whole.insert_pdf(one)
        data = bytes(whole.tobytes(deflate=True))
    return data, tuple(Routed(kind=kind, mode=KINDS[kind][0]) for kind in chosen)


def page(kind: str, rng: Random) -> bytes:
    """A PDF of one page of this kind."""
    with pymupdf.open() as document:
        KINDS[kind][1](document.new_page(width=WIDTH, height=HEIGHT), rng)
        return bytes(document.tobytes())


KINDS: Mapping[str, tuple[Mode, Make]] = {
    "prose": ("text", text_pages.prose),
    "two columns": ("text", text_pages.columns),
    "logo": ("text", text_pages.logo),
    "rules and a frame": ("text", text_pages.rules),
    "letterhead": ("text", text_pages.letterhead),
    "tinted": ("text", text_pages.tinted),
    "boxed notes": ("text", text_pages.boxed_notes),
    "watermark": ("text", text_pages.watermark),
    "list": ("text", text_pages.bullets),
    "contents": ("text", text_pages.contents),
    "code": ("text", text_pages.code),
    "footnotes": ("text", text_pages.footnotes),
    "plain table": ("text", text_pages.plain_table),
    "ruled table": ("text", text_pages.ruled_table),
    "Chinese": ("text", text_pages.chinese),
    "Greek": ("text", text_pages.greek),
    "title only": ("text", text_pages.title_only),
    "blank": ("text", text_pages.blank),
    "almost blank": ("text", text_pages.almost_blank),
    "slide": ("text", text_pages.slide),
    "form": ("text", text_pages.form),
    "rounded boxes": ("text", text_pages.rounded_boxes),
    "banner": ("text", text_pages.banner),
    "some signs": ("text", text_pages.some_signs),
    "bar chart": ("both", seen_pages.bar_chart),
    "line chart": ("both", seen_pages.line_chart),
    "pie chart": ("both", seen_pages.pie_chart),
    "diagram": ("both", seen_pages.diagram),
    "figure": ("both", seen_pages.figure),
    "captioned photograph": ("both", seen_pages.captioned),
    "slide with a picture": ("both", seen_pages.picture_slide),
    "dense table": ("both", seen_pages.dense_table),
    "merged table": ("both", seen_pages.merged_table),
    "formulas": ("both", seen_pages.formulas),
    "drawn formulas": ("both", seen_pages.drawn_formulas),
    "stamped": ("both", seen_pages.stamped),
    "handwritten notes": ("both", seen_pages.handwritten_notes),
    "filled by hand": ("both", seen_pages.filled_by_hand),
    "described map": ("both", seen_pages.described_map),
    "read scan": ("both", seen_pages.read_scan),
    "partly lost": ("both", seen_pages.partly_lost),
    "on a photograph": ("both", seen_pages.on_a_photograph),
    "scan": ("picture", textless_pages.scan),
    "crooked scan": ("picture", textless_pages.crooked_scan),
    "misread scan": ("picture", textless_pages.misread_scan),
    "numbered scan": ("picture", textless_pages.numbered_scan),
    "photograph": ("picture", textless_pages.photograph),
    "map": ("picture", textless_pages.map),
    "handwritten": ("picture", textless_pages.handwritten),
    "outlined text": ("picture", textless_pages.outlined),
    "unnamed letters": ("picture", textless_pages.unnamed_letters),
    "private letters": ("picture", textless_pages.private_letters),
    "shifted letters": ("picture", textless_pages.shifted_letters),
}
"""Each kind: how its pages must be sent, and how they are made."""
