from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from glmdesk.documents.office import pptx
from glmdesk.documents.page import Sheet
from glmdesk.errors import DocumentDamaged
from tests.documents.office import making


def new(layout: int = 6) -> tuple[Any, Any]:
    show = Presentation()
    return show, show.slides.add_slide(show.slide_layouts[layout])


def box(shapes: Any, words: str, left: float, top: float) -> None:
    shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(0.5)).text_frame.text = words


def read(folder: Path, show: Any) -> tuple[list[Sheet], str]:
    path = making.word(folder, show, "a.pptx")
    with pptx.opened(path, "a.pptx") as book:
        return [book.sheet(number) for number in range(1, book.total + 1)], book.note


def test_title_and_items(tmp_path: Path) -> None:
    show, slide = new(1)
    slide.shapes.title.text = "The plan"
    frame = slide.placeholders[1].text_frame
    frame.text = "first"
    frame.add_paragraph().text = "second"
    deeper = frame.add_paragraph()
    deeper.text, deeper.level = "deeper", 1
    sheets, note = read(tmp_path, show)
    assert sheets[0].label == "The plan"
    assert sheets[0].text == "# The plan\n\n- first\n- second\n  - deeper"
    assert note == ""


def test_shapes_come_as_they_are_looked_at(tmp_path: Path) -> None:
    show, slide = new()
    box(slide.shapes, "bottom", 1, 5)
    box(slide.shapes, "right", 5, 2.05)
    box(slide.shapes, "left", 1, 2.1)
    box(slide.shapes, "top", 3, 1)
    assert read(tmp_path, show)[0][0].text == "top\n\nleft\n\nright\n\nbottom"


def test_groups_are_read_as_one(tmp_path: Path) -> None:
    show, slide = new()
    group = slide.shapes.add_group_shape()
    box(group.shapes, "inside low", 1, 3)
    box(group.shapes, "inside high", 1, 2)
    box(slide.shapes, "first", 1, 0.5)
    assert read(tmp_path, show)[0][0].text == "first\n\ninside high\n\ninside low"


def test_tables_say_merged_cells_once(tmp_path: Path) -> None:
    show, slide = new()
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(2)).table
    for place, words in enumerate(("head", "", "a", "b")):
        table.cell(*divmod(place, 2)).text = words
    table.cell(0, 0).merge(table.cell(0, 1))
    sheet = read(tmp_path, show)[0][0]
    assert sheet.text == "| head |  |\n|---|---|\n| a | b |"
    assert sheet.looks.tables == 1


def test_a_chart_is_its_numbers(tmp_path: Path) -> None:
    show, slide = new()
    data = CategoryChartData()
    data.categories = ["East", "West"]
    data.add_series("2025", (19.2, 0.1 + 0.2))
    data.add_series("2026", (3, None))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Sales"
    assert read(tmp_path, show)[0][0].text == (
        "[chart: Sales]\n|  | 2025 | 2026 |\n|---|---|---|\n| East | 19.2 | 3 |\n| West | 0.3 |  |"
    )


def test_notes_and_hidden_slides_are_said(tmp_path: Path) -> None:
    show, slide = new()
    box(slide.shapes, "seen", 1, 1)
    slide.notes_slide.notes_text_frame.text = "Say this."
    slide._element.set("show", "0")
    sheets, note = read(tmp_path, show)
    assert sheets[0].text == "seen\n\n[notes]\nSay this."
    assert note == "Slide 1 is hidden in the show."


def test_pictures_come_in_order_and_can_be_drawn(tmp_path: Path) -> None:
    show, slide = new()
    slide.shapes.add_picture(making.picture(60, 80, 2), Inches(1), Inches(4), Inches(1), Inches(1))
    first = slide.shapes.add_picture(making.picture(120, 90), 0, 0, Inches(5), Inches(3.75))
    first._element.nvPicPr.cNvPr.set("descr", "a boat")
    path = making.word(tmp_path, show, "a.pptx")
    with pptx.opened(path, "a.pptx") as book:
        sheet = book.sheet(1)
        raster = book.draw(1, 0, (120, 90))
        assert book.find(1, "words") == ()
    assert sheet.pictures == ((120, 90), (60, 80))
    assert sheet.text == "[picture: a boat]\n\n[picture]"
    assert 0.2 < sheet.looks.images < 0.35
    assert len(raster.rgb) == raster.width * raster.height * 3


def test_a_slide_show_opens_too(tmp_path: Path) -> None:
    show, slide = new()
    box(slide.shapes, "words", 1, 1)
    plain = making.word(tmp_path, show, "a.pptx")
    types = making.member(plain, "[Content_Types].xml").decode()
    types = types.replace("presentationml.presentation.main", "presentationml.slideshow.main")
    path = making.changed(plain, tmp_path / "b.ppsx", {"[Content_Types].xml": types.encode()})
    with pptx.opened(path, "b.ppsx") as book:
        assert book.sheet(1).text == "words"


def test_a_damaged_slide_costs_only_itself(tmp_path: Path) -> None:
    show, slide = new()
    box(slide.shapes, "sound", 1, 1)
    other = show.slides.add_slide(show.slide_layouts[6])
    box(other.shapes, "broken", 1, 1)
    plain = making.word(tmp_path, show, "a.pptx")
    markup = making.member(plain, "ppt/slides/slide2.xml").replace(b"spTree", b"noTree")
    path = making.changed(plain, tmp_path / "b.pptx", {"ppt/slides/slide2.xml": markup})
    with pptx.opened(path, "b.pptx") as book:
        sheets = [book.sheet(1), book.sheet(2)]
        with pytest.raises(DocumentDamaged):
            book.draw(2, 0, (10, 10))
    assert [(sheet.text, sheet.fault) for sheet in sheets] == [
        ("sound", ""), ("", "Slide 2 is damaged and could not be read."),
    ]  # fmt: skip


def test_no_slides_are_said(tmp_path: Path) -> None:
    with pytest.raises(DocumentDamaged, match="holds no slides"):
        read(tmp_path, Presentation())


def test_a_slide_that_is_not_well_formed_is_mended(tmp_path: Path) -> None:
    show, slide = new()
    box(slide.shapes, "sound", 1, 1)
    other = show.slides.add_slide(show.slide_layouts[6])
    box(other.shapes, "read until here", 1, 1)
    plain = making.word(tmp_path, show, "a.pptx")
    markup = making.member(plain, "ppt/slides/slide2.xml").replace(b"</p:txBody>", b"</p:txBody")
    path = making.changed(plain, tmp_path / "b.pptx", {"ppt/slides/slide2.xml": markup})
    with pptx.opened(path, "b.pptx") as book:
        assert [book.sheet(1).text, book.sheet(2).text] == ["sound", "read until here"]
        assert book.note.startswith("The file was damaged and has been repaired")
