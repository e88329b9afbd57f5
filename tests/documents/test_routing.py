"""Which pages are text, pictures or both: by a table of what they look like, then by real pages."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from glmdesk.documents.page import Looks, Sheet, Size
from glmdesk.documents.pdf import pdf
from glmdesk.documents.routing import route
from glmdesk.messages import Mode
from tests.documents import routed_pages
from tests.documents import routed_words as words

PROSE = words.prose(Random(1))
MISREAD = words.misread(PROSE, Random(2))
FORMULAS = "∑ a ≤ ∫ b\n√c ≥ ∂d ∇e\n" * 4 + PROSE
LONG_TABLE = "\n".join("a\tb\tc\td" for _ in range(30))
SHORT_TABLE = "\n".join("a\tb\tc\td" for _ in range(8))
UNEVEN_TABLE = "\n".join("\t".join("x" * cells) for cells in (5, 3, 5, 2, 6, 5, 4))
A4: tuple[Size, ...] = ((1240, 1754),)

TABLE: tuple[tuple[str, str, dict[str, Any], Mode], ...] = (
    ("prose", PROSE, {}, "text"),
    ("empty", "", {"ink": False}, "text"),
    ("a title", "Chapter 3", {}, "text"),
    ("a logo", PROSE, {"images": 0.02}, "text"),
    ("bullets", "• one\n" * 20, {"drawings": 20, "drawn": 0.003}, "text"),
    ("a short table", SHORT_TABLE, {"tables": 1}, "text"),
    ("a few lost letters", PROSE, {"garbled": 0.02}, "text"),
    ("a scan", "", {"images": 1.0}, "picture"),
    ("a scan with a number", "Page 7", {"images": 1.0}, "picture"),
    ("only lines", "", {"drawings": 500, "drawn": 0.4}, "picture"),
    ("a map with names", "River\nHill", {"drawings": 200, "drawn": 0.8}, "picture"),
    ("letters without names", "\ufffd" * 900, {"garbled": 1.0}, "picture"),
    ("mostly lost letters", PROSE, {"garbled": 0.4}, "picture"),
    ("a well read scan", PROSE, {"images": 1.0, "hidden": 1.0}, "both"),
    ("a badly read scan", MISREAD, {"images": 1.0, "hidden": 1.0}, "picture"),
    ("a figure", PROSE, {"images": 0.1}, "both"),
    ("text over a photograph", PROSE, {"images": 1.0}, "both"),
    ("a chart", PROSE, {"drawings": 5, "drawn": 0.1}, "both"),
    ("one curve", PROSE, {"drawings": 1, "drawn": 0.1}, "both"),
    ("drawn letters", PROSE, {"drawings": 80, "drawn": 0.005}, "both"),
    ("some lost letters", PROSE, {"garbled": 0.1}, "both"),
    ("formulas", FORMULAS, {}, "both"),
    ("a long table", LONG_TABLE, {"tables": 1}, "both"),
    ("an uneven table", UNEVEN_TABLE, {"tables": 1}, "both"),
)


def page(text: str, looks: dict[str, Any]) -> Sheet:
    letters = 0 if looks.get("garbled") == 1 else len("".join(text.split()))
    found = Looks(**{"letters": letters, "ink": True, **looks})
    return Sheet(number=1, text=text, pictures=A4, whole=True, looks=found)


@pytest.mark.parametrize(
    ("text", "looks", "mode"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_a_page(text: str, looks: dict[str, Any], mode: Mode) -> None:
    assert route(page(text, looks)) == mode


@pytest.mark.parametrize(
    ("pictures", "mode"),
    [
        ((), "text"),
        (((16, 16),), "text"),
        (((800, 600),), "both"),
        (((16, 16), (800, 600)), "both"),
    ],
)
def test_pictures_inside_a_page_of_an_office_file(pictures: tuple[Size, ...], mode: Mode) -> None:
    assert route(Sheet(number=1, text=PROSE, pictures=pictures)) == mode


def test_a_page_that_could_not_be_read_is_text() -> None:
    assert route(Sheet(number=1, text="", fault="Page 1 is damaged.")) == "text"


@pytest.mark.parametrize("kind", sorted(routed_pages.KINDS))
def test_a_real_page_of_every_kind(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(routed_pages.page(kind, Random(f"test {kind}")))
    with pdf.opened(path, path.name) as book:
        mode = route(book.sheet(1))
    assert mode == routed_pages.KINDS[kind][0]
