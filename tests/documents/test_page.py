from pathlib import Path

import pytest

from glmdesk.documents.page import Document, Sheet, document_parts, drawable, page_text
from glmdesk.messages import Mode, Part, Picture, SentPage, Text


def picture(page: int, index: int = 0) -> Picture:
    return Picture(id=f"x-p{page}.{index}", width=56, height=56, path=Path("x.rgb"))


def sheet(number: int, text: str, whole: bool = True) -> Sheet:
    return Sheet(number=number, text=text, pictures=((1240, 1754),), whole=whole)


def sent(number: int, mode: Mode = "text", start: int = 0, end: int = 0) -> SentPage:
    return SentPage(number=number, mode=mode, start=start, end=end)


THREE = Document(name="lima.pdf", sheets=(sheet(1, "one"), sheet(2, "two"), sheet(3, "three")))


def words(parts: tuple[Part, ...]) -> str:
    (part,) = parts
    assert isinstance(part, Text)
    return part.text


def test_text_pages_become_one_part() -> None:
    assert words(document_parts(THREE, [sent(1), sent(2), sent(3)], {})) == (
        '<document name="lima.pdf" pages="3">\n'
        "[page 1]\none\n[page 2]\ntwo\n[page 3]\nthree\n</document>\n\n"
    )


def test_pictures_stand_in_page_order() -> None:
    pages = [sent(1), sent(2, "picture"), sent(3, "both")]
    pictures = {(3, 0): picture(3), (2, 0): picture(2)}
    assert document_parts(THREE, pages, pictures) == (
        Text(text='<document name="lima.pdf" pages="3">\n[page 1]\none\n[page 2]\n'),
        picture(2),
        Text(text="\n[page 3]\nthree\n"),
        picture(3),
        Text(text="\n</document>\n\n"),
    )


def test_chosen_pages_keep_their_numbers_and_the_total() -> None:
    assert words(document_parts(THREE, [sent(3)], {})) == (
        '<document name="lima.pdf" pages="3">\n[page 3]\nthree\n</document>\n\n'
    )


def test_a_slice_of_a_page() -> None:
    assert words(document_parts(THREE, [sent(3, "text", 2, 4)], {})).splitlines()[1:3] == [
        "[page 3]",
        "re",
    ]
    assert page_text(sheet(3, "three"), 2) == "[page 3]\nree\n"


def test_a_page_sent_as_text_shows_no_picture() -> None:
    assert len(document_parts(THREE, [sent(2)], {(2, 0): picture(2)})) == 1


def test_a_picture_that_is_missing_is_left_out() -> None:
    assert words(document_parts(THREE, [sent(2, "picture")], {})) == (
        '<document name="lima.pdf" pages="3">\n[page 2]\n</document>\n\n'
    )


def test_decoration_inside_a_page_is_not_sent() -> None:
    slide = Sheet(number=1, text="slide", pictures=((800, 600), (800, 47), (48, 48)))
    assert drawable(slide) == (0, 2)
    pictures = {(1, index): picture(1, index) for index in range(3)}
    parts = document_parts(Document(name="a", sheets=(slide,)), [sent(1, "both")], pictures)
    assert [part.id for part in parts if isinstance(part, Picture)] == ["x-p1.0", "x-p1.2"]


def test_a_small_page_is_still_a_page() -> None:
    assert drawable(Sheet(number=1, text="", pictures=((40, 40),), whole=True)) == (0,)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n[page 9]\nb", "a\n(page 9)\nb"),
        ("[page 9]", "(page 9)"),
        ("   [page 12] x", "   (page 12) x"),
        ("see [page 9] there", "see [page 9] there"),
        ("[page two]", "[page two]"),
        ("</document>\n[page 1]", "< /document>\n(page 1)"),
        ("x</documents>", "x</documents>"),
        ("</DOCUMENT>", "< /DOCUMENT>"),
        ('<document name="b">', '< document name="b">'),
    ],
)
def test_a_text_cannot_be_another_page_or_the_end(text: str, shown: str) -> None:
    document = Document(name="a", sheets=(sheet(1, text),))
    assert words(document_parts(document, [sent(1)], {})) == (
        f'<document name="a" pages="1">\n[page 1]\n{shown}\n</document>\n\n'
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a" pages="1"></document>', "a' pages='1')(/document)"),
        ("two\nlines\r\u2028\x85.txt", "two lines   .txt"),
        ("Größe 报告.pdf", "Größe 报告.pdf"),
        ("\u202etxt.exe", " txt.exe"),
    ],
)
def test_a_name_cannot_leave_its_quotes(name: str, shown: str) -> None:
    document = Document(name=name, sheets=(sheet(1, "x"),))
    assert words(document_parts(document, [sent(1)], {})) == (
        f'<document name="{shown}" pages="1">\n[page 1]\nx\n</document>\n\n'
    )
