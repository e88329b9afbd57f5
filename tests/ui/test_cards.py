"""Cards of pages: what is sent how, and never more than a window of them."""

from dataclasses import replace

import pytest

from glmdesk.messages import Mode
from glmdesk.ui import cards, text
from tests.ui.markup import Markup
from tests.ui.papers import card, document


@pytest.mark.parametrize(
    ("mode", "following"), [("text", "picture"), ("picture", "both"), ("both", "text")]
)
def test_a_badge_switches_to_the_next_mode(mode: Mode, following: str) -> None:
    page = Markup(cards.row(replace(document(1), pages=(card(1, mode),)), 1))
    badge = page.buttons[-1]
    assert (badge["data-do"], badge["data-page"], badge["data-value"]) == ("mode", "1", following)
    assert f"badge {mode}" in page.values("class")


def test_a_page_with_one_mode_has_nothing_to_switch() -> None:
    page = Markup(cards.row(replace(document(1), pages=(card(1, modes=("text",)),)), 1))
    assert [button.get("data-do") for button in page.buttons] == [None]
    assert "badge text" in page.values("class")


def test_a_page_that_is_not_sent() -> None:
    page = Markup(cards.row(replace(document(1), pages=(card(1, sent=False),)), 1))
    assert text.NOT_SENT in page.words
    assert "page off" in page.values("class")
    assert [button.get("data-do") for button in page.buttons] == [None]


def test_a_page_with_a_fault_says_why() -> None:
    page = Markup(cards.row(replace(document(1), pages=(card(1, fault="It is torn."),)), 1))
    assert "It is torn." in page.values("title")
    assert text.FAULT in page.words


def test_the_price_and_the_label() -> None:
    shown = card(1, label="Results " + "x" * 200, tokens=1234)
    page = Markup(cards.row(replace(document(1), pages=(shown,)), 1))
    assert "1,234" in page.words
    assert "Results" in page.words
    assert len(page.values("title")[0]) < 100


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [(1, 1, 32), (0, 1, 32), (500, 500, 531), (990, 969, 1000), (10**9, 969, 1000)],
)
def test_a_long_document_is_shown_in_a_window(wanted: int, first: int, last: int) -> None:
    html = cards.row(document(1000), wanted)
    page = Markup(html)
    assert (page.values("data-first"), page.values("data-last")) == ([str(first)], [str(last)])
    assert page.tags.count("img") == cards.WINDOW
    gaps = [int(style.removeprefix("--pages:")) for style in page.values("style")]
    assert sum(gaps) + cards.WINDOW == 1000
    assert len(html) < 20_000


def test_a_short_document_has_no_gaps() -> None:
    page = Markup(cards.row(document(5), 4))
    assert page.tags.count("li") == 5
    assert page.values("style") == []
