"""A person's choices, and that a wish without sense changes nothing."""

import json
from dataclasses import replace
from typing import Any

import pytest

from glmdesk.messages import Choice
from glmdesk.ui.choices import choose
from glmdesk.ui.tray import Item, Tray
from glmdesk.ui.wishes import read
from tests.ui.papers import PICTURE, item

TRAY = Tray(items=(item(key="k"), item(PICTURE, "p")))


def wished(tray: Tray, do: str, total: int = 20, **values: Any) -> Tray:
    (wish,) = read(json.dumps({"do": do, "key": "k", **values}))
    return choose(tray, wish, total)


def choice(tray: Tray) -> Choice:
    attachment = tray.items[0].attachment
    assert attachment
    return attachment.choice


def test_pages() -> None:
    tray = wished(wished(TRAY, "way", value="pages"), "pages", value="1-4, 9")
    assert choice(tray) == Choice(way="pages", pages="1-4, 9")
    assert tray.items[1] == TRAY.items[1]


def test_wrong_pages_keep_what_was_chosen_and_say_why() -> None:
    tray = wished(wished(TRAY, "way", value="pages"), "pages", value="1-4")
    wrong = wished(tray, "pages", value="3, 99")
    assert choice(wrong).pages == "1-4"
    assert wrong.items[0].typed == "3, 99"
    assert "99" in wrong.items[0].wrong
    assert "20 pages" in wrong.items[0].wrong
    mended = wished(wrong, "pages", value="3, 9")
    assert (choice(mended).pages, mended.items[0].wrong) == ("3, 9", "")


def test_pages_are_taken_as_they_are_while_their_number_is_not_known() -> None:
    assert choice(wished(TRAY, "pages", total=0, value="1-400")).pages == "1-400"


def test_another_way_and_back_finds_the_pages_again() -> None:
    tray = wished(wished(TRAY, "way", value="pages"), "pages", value="2")
    whole = wished(tray, "way", value="whole")
    assert choice(whole) == Choice(way="whole")
    assert choice(wished(whole, "way", value="pages")) == Choice(way="pages", pages="2")


def test_wrong_pages_do_not_matter_another_way() -> None:
    wrong = wished(wished(TRAY, "way", value="pages"), "pages", value="x")
    assert wished(wrong, "way", value="search").items[0].wrong == ""


def test_modes() -> None:
    tray = wished(wished(TRAY, "mode", page=3, value="picture"), "mode", page=1, value="both")
    assert choice(tray).modes == ((1, "both"), (3, "picture"))
    assert choice(wished(tray, "mode", page=3, value="text")).modes == ((1, "both"), (3, "text"))


def test_encoding_and_detail_and_window() -> None:
    attachment = wished(TRAY, "encoding", value="gb18030").items[0].attachment
    assert attachment
    assert attachment.encoding == "gb18030"
    assert wished(TRAY, "detail", value="high").detail == "high"
    assert wished(TRAY, "see", page=12).items[0].first == 12
    assert wished(TRAY, "see", page=-5).items[0].first == 1


@pytest.mark.parametrize(
    ("do", "values"),
    [
        ("way", {"value": "all"}),
        ("way", {"value": "whole", "key": "nobody"}),
        ("mode", {"value": "loud", "page": 1}),
        ("mode", {"value": "text", "page": 0}),
        ("mode", {"value": "text", "page": 21}),
        ("encoding", {"value": "rot13"}),
        ("detail", {"value": "9999"}),
        ("nothing", {}),
    ],
)
def test_a_wish_without_sense_changes_nothing(do: str, values: dict[str, Any]) -> None:
    assert wished(TRAY, do, **values) == TRAY


def test_a_file_that_is_not_here_yet_has_no_choices() -> None:
    tray = replace(TRAY, items=(Item(key="k", name="report.pdf"),))
    assert wished(tray, "way", value="whole") == tray
