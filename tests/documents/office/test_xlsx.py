import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image

from glmdesk.documents.office import cells, xlsx
from glmdesk.documents.page import Sheet
from tests.documents.office import making


def read(folder: Path, book: Any) -> tuple[list[Sheet], str]:
    path = making.word(folder, book, "a.xlsx")
    with xlsx.opened(path, "a.xlsx") as opened:
        return [opened.sheet(number) for number in range(1, opened.total + 1)], opened.note


def sheet(*rows: list[Any]) -> tuple[Any, Any]:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Sales"
    for row in rows:
        page.append(row)
    return book, page


def test_cells_stand_under_letters_and_beside_numbers(tmp_path: Path) -> None:
    book, _ = sheet(["Region", "Sum"], ["North|East", 0.1 + 0.2], [], ["South", True])
    sheets, note = read(tmp_path, book)
    assert sheets[0].label == "Sales"
    assert sheets[0].text == (
        "# Sales\n\n|  | A | B |\n|---|---|---|\n| 1 | Region | Sum |\n| 2 | North\\|East | 0.3 |\n"
        "| 4 | South | TRUE |"
    )
    assert note == ""


def test_dates_and_percents_are_as_shown(tmp_path: Path) -> None:
    book, page = sheet(
        [datetime.datetime(2026, 3, 1), datetime.datetime(2026, 3, 1, 9, 30), 0.256, 0.5]
    )
    page["A1"].number_format = "dd.mm.yyyy"
    page["C1"].number_format = "0.0%"
    page["D1"].number_format = "0%"
    assert "| 1 | 2026-03-01 | 2026-03-01 09:30 | 25.6% | 50% |" in read(tmp_path, book)[0][0].text


def test_merged_cells_are_said_once_and_named(tmp_path: Path) -> None:
    book, page = sheet(["Head", None, None], ["a", "b", "c"])
    page.merge_cells("A1:C1")
    text = read(tmp_path, book)[0][0].text
    assert text.count("Head") == 1
    assert text.endswith("Merged cells: A1:C1")


def test_formulas_without_a_result_are_shown_and_said(tmp_path: Path) -> None:
    book, _ = sheet([1, 2, '=IF(A1<B1,"less & more",0)'])
    sheets, note = read(tmp_path, book)
    assert '| 1 | 1 | 2 | =IF(A1<B1,"less & more",0) |' in sheets[0].text
    assert note == "On the sheet Sales, formulas without a saved result are shown (1)."


def test_values_are_taken_where_formulas_have_them(tmp_path: Path) -> None:
    book, _ = sheet([1, "=A1+1"])
    plain = making.word(tmp_path, book, "a.xlsx")
    markup = making.member(plain, "xl/worksheets/sheet1.xml").decode()
    markup = markup.replace("<f>A1+1</f><v />", "<f>A1+1</f><v>2</v>").replace(
        "<f>A1+1</f><v></v>", "<f>A1+1</f><v>2</v>"
    )
    path = making.changed(plain, tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": markup.encode()})
    with xlsx.opened(path, "b.xlsx") as opened:
        assert "| 1 | 1 | 2 |" in opened.sheet(1).text
        assert opened.note == ""


def test_hidden_sheets_are_read_and_said(tmp_path: Path) -> None:
    book, _ = sheet(["seen"])
    other = book.create_sheet("Secret")
    other.append(["unseen"])
    other.sheet_state = "hidden"
    sheets, note = read(tmp_path, book)
    assert [page.label for page in sheets] == ["Sales", "Secret"]
    assert sheets[1].text.startswith("# Secret (hidden)\n")
    assert note == "The sheet Secret is hidden; it was read too."


def test_long_sheets_come_in_pieces_under_their_header(tmp_path: Path) -> None:
    book, _ = sheet(["Number", "Square"], *([n, n * n] for n in range(2, 502)))
    sheets, _ = read(tmp_path, book)
    assert len(sheets) == 3
    for page in sheets:
        assert "|  | A | B |" in page.text
        assert "| 1 | Number | Square |" in page.text
        assert len(page.text) < 6_500
    assert sheets[1].text.startswith("# Sales (rows 201-400)\n")
    whole = "\n".join(page.text for page in sheets)
    assert all(f"| {n} | {n} | {n * n} |" in whole for n in range(2, 502))


def test_a_sheet_that_says_it_is_small_is_read_all_the_same(tmp_path: Path) -> None:
    book, _ = sheet(["a"], ["b"], ["c"])
    plain = making.word(tmp_path, book, "a.xlsx")
    markup = making.member(plain, "xl/worksheets/sheet1.xml").replace(b'ref="A1:A3"', b'ref="A1"')
    path = making.changed(plain, tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": markup})
    with xlsx.opened(path, "b.xlsx") as opened:
        assert "| 3 | c |" in opened.sheet(1).text


def test_a_cell_far_out_costs_no_memory(tmp_path: Path) -> None:
    book, page = sheet(["here"])
    page["XFD9000"] = "there"
    sheets, _ = read(tmp_path, book)
    assert "here" in sheets[0].text
    assert sum(len(one.text) for one in sheets) < 500_000


def test_a_row_with_a_wild_number_ends_the_sheet(tmp_path: Path) -> None:
    book, _ = sheet(["here"], ["there"])
    plain = making.word(tmp_path, book, "a.xlsx")
    markup = making.member(plain, "xl/worksheets/sheet1.xml")
    markup = markup.replace(b'r="2"', b'r="99999999999"').replace(b'r="A2"', b'r="A99999999999"')
    path = making.changed(plain, tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": markup})
    with xlsx.opened(path, "b.xlsx") as opened:
        assert "here" in opened.sheet(1).text
        assert "there are more" in opened.note


def test_comments_and_pictures_come_with_their_sheet(tmp_path: Path) -> None:
    book, page = sheet(["a"])
    page["A1"].comment = Comment("Is this right?", "Ann")
    page.add_image(Image(making.picture(120, 90)), "C3")
    path = making.word(tmp_path, book, "a.xlsx")
    with xlsx.opened(path, "a.xlsx") as opened:
        page = opened.sheet(1)
        raster = opened.draw(1, 0, (60, 45))
    assert page.pictures == ((120, 90),)
    assert page.text.endswith("[comment on A1: Is this right?]\n\n[picture]")
    assert raster.width >= 60


def test_an_empty_sheet_says_so(tmp_path: Path) -> None:
    book, _ = sheet()
    assert read(tmp_path, book)[0][0].text == "# Sales\n\n(empty)"


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (None, "General", ""),
        (1234567.0, "General", "1234567"),
        (3, "General", "3"),
        (0.075, "0.00%", "7.50%"),
        (2, '"100%" 0', "2"),
        (datetime.time(7, 5), "hh:mm", "07:05:00"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "yyyy-mm-dd hh:mm:ss", "2026-01-02 03:04:05"),
        ("#DIV/0!", "General", "#DIV/0!"),
    ],
)
def test_a_value_as_people_see_it(value: object, form: str, shown: str) -> None:
    assert cells.shown(value, form) == shown


@pytest.mark.parametrize(("column", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (16384, "XFD")])
def test_letters_of_columns(column: int, name: str) -> None:
    assert cells.letters(column) == name


def test_a_sheet_that_breaks_off_is_read_so_far(tmp_path: Path) -> None:
    book, _ = sheet(*([n] for n in range(3_000)))
    plain = making.word(tmp_path, book, "a.xlsx")
    markup = making.member(plain, "xl/worksheets/sheet1.xml")
    path = making.changed(
        plain, tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": markup[:100_000]}
    )
    with xlsx.opened(path, "b.xlsx") as opened:
        assert "| 2 | 1 |" in opened.sheet(1).text
        assert "The sheet Sales is damaged; its first" in opened.note


def test_a_workbook_whose_list_of_sheets_is_malformed_is_mended(tmp_path: Path) -> None:
    book, _ = sheet(["words"])
    plain = making.word(tmp_path, book, "a.xlsx")
    markup = making.member(plain, "xl/styles.xml").replace(b"</styleSheet>", b"")
    path = making.changed(plain, tmp_path / "b.xlsx", {"xl/styles.xml": markup})
    with xlsx.opened(path, "b.xlsx") as opened:
        assert "words" in opened.sheet(1).text
        assert opened.note.startswith("The file was damaged and has been repaired")
