from pathlib import Path

import pytest

from glmdesk.documents.page import Document, Page, document_parts
from glmdesk.messages import Picture, Text

PICTURE = Picture(id="x-p2-56x56", width=56, height=56, path=Path("x.rgb"))


def test_text_pages_become_one_part() -> None:
    pages = (Page(number=1, text="one"), Page(number=2, text="two"), Page(number=3, text=""))
    (part,) = document_parts(Document(name="report.pdf", pages=pages))
    assert part == Text(
        text='<document name="report.pdf" pages="3">\n'
        "[page 1]\none\n[page 2]\ntwo\n[page 3]\n\n</document>\n\n"
    )


def test_pictures_stand_in_page_order() -> None:
    pages = (
        Page(number=1, text="one"),
        Page(number=2, text="7", picture=PICTURE),
        Page(number=3, text="three"),
    )
    assert document_parts(Document(name="lima.pdf", pages=pages)) == (
        Text(text='<document name="lima.pdf" pages="3">\n[page 1]\none\n[page 2]\n'),
        PICTURE,
        Text(text="\n[page 3]\nthree\n</document>\n\n"),
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
    (part,) = document_parts(Document(name=name, pages=(Page(number=1, text="x"),)))
    assert isinstance(part, Text)
    assert part.text == f'<document name="{shown}" pages="1">\n[page 1]\nx\n</document>\n\n'
