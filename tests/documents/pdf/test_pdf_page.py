from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from glmdesk.documents.page import Looks, Sheet
from glmdesk.documents.pdf import pdf
from tests.documents.samples import new_pdf, noise, put, saved, scan

WORDS = (
    "the river and a house on the hill were old but people who lived there said that water came "
    "back every spring with new fish for all of them so they built a long bridge of stone and wood "
)


def sheets(folder: Path, document: Any) -> list[Sheet]:
    path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        return [book.sheet(number) for number in range(1, book.total + 1)]


def one(folder: Path, document: Any) -> Sheet:
    (sheet,) = sheets(folder, document)
    return sheet


def looks(folder: Path, document: Any) -> Looks:
    return one(folder, document).looks


def prose(page: Any, rect: Any = (60, 60, 540, 700), **options: Any) -> None:
    page.insert_textbox(rect, WORDS * 4, fontsize=11, **options)


def test_two_columns_are_kept_apart(folder: Path) -> None:
    left = "Left column begins here and goes on for several lines until it ends. " * 4
    right = "Right column follows only after the whole of the left one was read. " * 4
    with new_pdf() as document:
        page = document.new_page()
        page.insert_textbox((310, 120, 540, 400), right, fontsize=10)
        page.insert_textbox((50, 120, 280, 400), left, fontsize=10)
        page.insert_text((50, 60), "A title across both columns of this page", fontsize=24)
        text = one(folder, document).text
    words = " ".join(text.split())
    assert words.index("A title") < words.index("Left column")
    assert words.rindex("until it ends") < words.index("Right column")


def test_columns_that_were_written_row_by_row_are_kept_apart(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row in range(12):
            y = 100 + 14 * row
            page.insert_text((60, y), f"left side of line number {row} is here", fontsize=10)
            page.insert_text((320, y), f"right side of line number {row} is there", fontsize=10)
        words = " ".join(one(folder, document).text.split())
    assert words.index("left side of line number 11") < words.index("right side of line number 0")


def test_a_table_has_a_line_for_each_row(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row in range(5):
            for column in range(3):
                cell = f"r{row}c{column}"
                page.insert_text((60 + 150 * column, 100 + 16 * row), cell, fontsize=9)
        sheet = one(folder, document)
    assert sheet.text.splitlines() == [f"r{row}c0\tr{row}c1\tr{row}c2" for row in range(5)]
    assert sheet.looks.tables == 1


def test_a_ruled_grid_is_a_table_and_no_drawing(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row in range(4):
            for column in range(3):
                page.draw_rect((60 + 99 * column, 80 + 20 * row, 159 + 99 * column, 100 + 20 * row))
        page.draw_line((60, 400), (500, 400))
        prose(page, (60, 420, 540, 700))
        found = looks(folder, document)
    assert found.tables == 1
    assert found.drawings == 0


def test_frames_and_backgrounds_are_no_drawings(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.draw_rect(page.rect, color=None, fill=(0.95, 0.95, 0.8))
        page.draw_rect((50, 50, 550, 750), radius=0.05)
        prose(page)
        found = looks(folder, document)
    assert (found.drawings, found.drawn, found.tables) == (0, 0.0, 0)


def test_curves_and_bars_are_drawings(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.draw_bezier((60, 500), (200, 300), (300, 700), (500, 500))
        prose(page, (60, 60, 540, 200))
        page = document.new_page()
        for bar in range(6):
            page.draw_rect((60 + 40 * bar, 400 - 30 * bar, 85 + 40 * bar, 420), fill=(0, 0, 1))
        page = document.new_page()
        for bar in range(6):
            page.draw_rect(
                (60 + 40 * bar, 400 - 30 * bar, 85 + 40 * bar, 420), color=None, fill=(0, 0, 1)
            )
        curve, outlined, filled = (sheet.looks for sheet in sheets(folder, document))
    assert curve.drawings == 1
    assert 0.1 < curve.drawn < 0.6
    assert outlined.drawings == filled.drawings == 6


def test_a_scan_shows_its_share(folder: Path) -> None:
    with new_pdf() as document:
        scan(document, noise(100, 140))
        document[0].insert_text((300, 800), "17")
        page = document.new_page()
        page.insert_image((0, 0, 595, 421), stream=saved(noise(80, 60), "PNG"), keep_proportion=0)
        full, half = (sheet.looks for sheet in sheets(folder, document))
    assert (full.letters, full.images, full.hidden, full.ink) == (2, 1.0, 0.0, True)
    assert half.images == pytest.approx(0.5, abs=0.02)


def test_a_banner_is_no_picture_of_the_page(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        stream = saved(noise(300, 40), "PNG")
        page.insert_image((0, 0, 595, 79), stream=stream, keep_proportion=False)
        prose(page, (60, 100, 540, 700))
        assert looks(folder, document).images == 0


@pytest.mark.parametrize("way", ["unpainted", "under the picture", "on the picture"])
def test_hidden_letters(folder: Path, way: str) -> None:
    with new_pdf() as document:
        page = document.new_page()
        picture = saved(Image.new("RGB", (50, 70), (200, 190, 180)), "PNG")
        if way == "under the picture":
            prose(page)
        page.insert_image(page.rect, stream=picture, keep_proportion=False)
        if way != "under the picture":
            prose(page, render_mode=3 if way == "unpainted" else 0)
        found = looks(folder, document)
    assert found.letters > 300
    assert found.hidden == (0.0 if way == "on the picture" else 1.0)
    assert found.ink == (way == "on the picture")


def test_nothing_to_be_seen(folder: Path) -> None:
    with new_pdf() as document:
        document.new_page()
        page = document.new_page()
        page.draw_rect(page.rect, color=(1, 1, 1), fill=(1, 1, 1))
        page = document.new_page()
        page.insert_text((300, 800), "17")
        found = [sheet.looks for sheet in sheets(folder, document)]
    assert [each.ink for each in found] == [False, False, True]
    assert [each.drawings for each in found] == [0] * 3


def test_letters_without_a_table_are_lost(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.insert_font(fontname="F1", fontbuffer=pymupdf.Font("helv").buffer)
        prose(page, fontname="F1")
        document.subset_fonts()
        for xref in range(1, document.xref_length()):
            if document.xref_get_key(xref, "ToUnicode")[0] != "null":
                document.xref_set_key(xref, "ToUnicode", "null")
        sheet = one(folder, document)
    assert sheet.text == ""
    assert (sheet.looks.letters, sheet.looks.garbled, sheet.looks.ink) == (0, 1.0, True)


def test_letters_that_a_font_made_up_are_garbled(folder: Path) -> None:
    """Every letter stands for its neighbour, and no table says so."""
    shifted = "".join(chr((ord(c) - 97 + 5) % 26 + 97) if c.isalpha() else c for c in WORDS)
    with new_pdf() as document:
        page = document.new_page()
        page.insert_textbox((60, 60, 540, 700), shifted * 2, fontsize=11, fontname="cour")
        (font,) = page.get_fonts()
        document.xref_set_key(font[0], "Encoding", "null")
        prose(document.new_page(), fontname="helv")
        strange, plain = (sheet.looks.garbled for sheet in sheets(folder, document))
    assert (strange, plain) == (1.0, 0.0)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("turned", [0, 90])
def test_turned_text_is_read_in_order(folder: Path, rotate: int, turned: int) -> None:
    with new_pdf() as document:
        page = document.new_page()
        numbered = " ".join(f"word{number}" for number in range(120))
        page.insert_textbox(page.rect + (60, 60, -60, -60), numbered, fontsize=11, rotate=rotate)
        page.set_rotation(turned)
        text = one(folder, document).text
    assert text.split() == numbered.split()


def test_lines_written_from_the_last_to_the_first(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row in reversed(range(8)):
            page.insert_text((60, 100 + 14 * row), f"This is line number {row} of a paragraph.")
        text = one(folder, document).text
    found = [line.split()[4] for line in text.splitlines() if line]
    assert found == [str(row) for row in range(8)]


def test_words_divided_by_a_line_are_whole(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        for row, line in enumerate(["A long exam-", "ple of a well-", "known kind, well-known."]):
            page.insert_text((60, 100 + 14 * row), line)
        text = one(folder, document).text
    assert text == "A long example\nof a well-known\nkind, well-known."


def test_a_page_of_formulas_keeps_its_signs(folder: Path) -> None:
    with new_pdf() as document:
        page = document.new_page()
        page.insert_htmlbox((60, 60, 540, 200), "<p>∑ x ≤ ∫ √π ≠ α² + ﬁeld</p>")
        sheet = one(folder, document)
    assert set("∑≤∫√π≠α") <= set(sheet.text)
    assert "field" in sheet.text
    assert sheet.looks.garbled == 0
