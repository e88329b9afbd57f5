"""Which pages go with a question, in which mode: tables of pages, choices and models."""

import pytest

from glmdesk.chat import selection
from glmdesk.documents.page import Looks, Sheet
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import DocumentError
from glmdesk.messages import Choice, Mode, SentPage, Way

AUTO = Choice()
PAGE = (1240, 1754)
LIMITS = PictureLimits(min_tokens=8, max_tokens=500)
WORDS = Sheet(
    number=1,
    text="Many words. " * 60,
    pictures=(PAGE,),
    whole=True,
    looks=Looks(letters=600, ink=True),
)
SCAN = Sheet(number=2, text="", pictures=(PAGE,), whole=True, looks=Looks(images=1.0, ink=True))
OFFICE = Sheet(number=3, text="A slide.", pictures=((800, 600), (16, 16)), looks=Looks(letters=7))
BROKEN = Sheet(number=4, text="", fault="It is damaged.")
SHEETS = (WORDS, SCAN, OFFICE, BROKEN)
TEXTS = {1: 150, 2: 5, 3: 8, 4: 5}


def offered(choice: Choice = AUTO, limits: PictureLimits | None = LIMITS) -> list[selection.Offer]:
    return selection.offers(SHEETS, 4, choice, limits, TEXTS)


def modes(offers: list[selection.Offer]) -> list[Mode]:
    return [offer.mode for offer in offers]


def test_pages_have_the_mode_that_suits_them() -> None:
    found = offered()
    assert modes(found)[:2] == ["text", "picture"]
    assert [offer.modes for offer in found] == [
        ("text", "picture", "both"), ("picture",), ("text", "both"), ("text",),
    ]  # fmt: skip


def test_a_blind_model_gets_text_only() -> None:
    found = offered(limits=None)
    assert modes(found) == ["text"] * 4
    assert selection.cost(found) == sum(TEXTS.values())
    told = selection.without(found, None)
    assert told == "Page 4 could not be read. Page 2 has no text, and this model sees no pictures."


def test_a_mode_is_switched_by_hand_only_where_it_can_be() -> None:
    by_hand: tuple[tuple[int, Mode], ...] = ((1, "both"), (2, "text"), (4, "picture"))
    assert [modes(offered(Choice(modes=by_hand)))[place] for place in (0, 1, 3)] == [
        "both", "picture", "text",
    ]  # fmt: skip


def test_a_picture_costs_its_tokens_and_small_ones_are_left_out() -> None:
    both: tuple[tuple[int, Mode], ...] = ((1, "both"), (3, "both"))
    found = offered(Choice(modes=both))
    assert found[0].tokens == TEXTS[1] + found[1].tokens - selection.LABEL_TOKENS
    assert TEXTS[3] < found[2].tokens <= TEXTS[3] + 503
    assert found[1].tokens <= 500 + 3 + selection.LABEL_TOKENS


def test_chosen_pages() -> None:
    found = offered(Choice(pages="3, 1"))
    assert selection.chosen(found) == (
        SentPage(number=1, mode="text"),
        SentPage(number=3, mode=found[2].mode),
    )
    with pytest.raises(DocumentError, match="no page 5"):
        offered(Choice(pages="5"))


@pytest.mark.parametrize(
    ("choice", "room", "way"),
    [
        (Choice(), 10_000, "whole"),
        (Choice(), 100, "search"),
        (Choice(pages="2"), 100, "pages"),
        (Choice(way="whole"), 1, "whole"),
        (Choice(way="search", pages="2"), 10_000, "search"),
    ],
)
def test_the_way(choice: Choice, room: int, way: Way) -> None:
    assert selection.way(offered(choice), choice, room) == way


def test_documents_may_take_what_is_left_and_at_least_half() -> None:
    usable = 8192 - 1024 - selection.SPARE_TOKENS
    assert selection.room_for_documents(8192, 1024, 0) == usable
    assert selection.room_for_documents(8192, 1024, 1000) == usable - 1000
    assert selection.room_for_documents(8192, 1024, 8000) == usable // 2


def test_what_was_sent_before_is_not_sent_again() -> None:
    whole, part = SentPage(number=1, mode="text"), SentPage(number=1, mode="text", start=5, end=9)
    wider = SentPage(number=1, mode="text", start=0, end=20)
    seen = SentPage(number=1, mode="picture")
    assert selection.new([part, wider], [whole]) == ()
    assert selection.new([part, seen], [wider]) == (seen,)
    assert selection.new([whole, wider], [part]) == (whole, wider)
    assert selection.new([seen, part], [SentPage(number=1, mode="both")]) == ()


def test_what_a_search_sent_is_told() -> None:
    pages = [SentPage(number=n, mode="text") for n in (3, 3, 4, 9)]
    assert "from pages 3-4, 9 of 40." in selection.told(pages, 40)
    assert "from page 3 of 40." in selection.told(pages[:2], 40)
