"""From hits to pages: within the room, the best first, always something."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.documents.page import Document, Sheet
from glmdesk.documents.search import choose, fused
from glmdesk.messages import Mode, SentPage

PICTURE = 1_000
"""What a picture costs here; a letter costs 1."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    page: int
    start: int = 0
    end: int = 100
    sha256: str = "a"


def document(pages: int, letters: int = 300) -> Document:
    sheets = [
        Sheet(number=number, text="x" * letters, pictures=((9, 9),), whole=True)
        for number in range(1, pages + 1)
    ]
    return Document(name="x", sheets=tuple(sheets))


def price(page: SentPage) -> int:
    text = 0 if page.mode == "picture" else (page.end - page.start if page.end else 300)
    return text + (0 if page.mode == "text" else PICTURE)


def chosen(
    hits: Sequence[Hit], modes: Sequence[Mode], room: int, pages: Document | None = None
) -> dict[int, tuple[Mode, int, int]]:
    by_number = dict(enumerate(modes, start=1))
    sent = choose(hits, pages or document(len(modes)), by_number, room, price)
    assert [page.number for page in sent] == sorted({page.number for page in sent})
    return {page.number: (page.mode, page.start, page.end) for page in sent}


def test_the_best_passages_that_fit_in_page_order() -> None:
    hits = [Hit(page=7), Hit(page=2, start=50, end=150), Hit(page=9), Hit(page=4)]
    assert chosen(hits, ["text"] * 10, 250) == {2: ("text", 50, 150), 7: ("text", 0, 100)}


def test_neighbouring_passages_are_one() -> None:
    hits = [Hit(page=2, start=100, end=200), Hit(page=2, start=0, end=90)]
    assert chosen(hits, ["text"] * 3, 200) == {2: ("text", 0, 200)}


def test_what_is_between_two_passages_has_its_price() -> None:
    hits = [Hit(page=2, end=50), Hit(page=2, start=250, end=300), Hit(page=3, end=50)]
    assert chosen(hits, ["text"] * 3, 150) == {2: ("text", 0, 50), 3: ("text", 0, 50)}


def test_a_page_that_is_all_there_names_no_characters() -> None:
    hits = [Hit(page=1, start=0, end=150), Hit(page=1, start=150, end=300)]
    assert chosen(hits, ["text"], 300) == {1: ("text", 0, 0)}


def test_what_is_left_goes_to_the_rest_of_the_best_pages() -> None:
    assert chosen([Hit(page=3), Hit(page=5)], ["text"] * 9, 400) == {
        3: ("text", 0, 0),
        5: ("text", 0, 100),
    }


def test_the_best_page_is_also_seen() -> None:
    hits = [Hit(page=2), Hit(page=5), Hit(page=7)]
    modes: list[Mode] = ["text", "both", "text", "text", "text", "text", "text"]
    assert chosen(hits, modes, 1_300) == {
        2: ("both", 0, 100),
        5: ("text", 0, 100),
        7: ("text", 0, 100),
    }
    assert chosen(hits, modes, 900)[2] == ("text", 0, 0)


def test_pages_without_text_come_with_what_stands_beside_them() -> None:
    modes: list[Mode] = ["text"] * 8
    modes[3] = "picture"
    assert chosen([Hit(page=3)], modes, 1_200) == {3: ("text", 0, 100), 4: ("picture", 0, 0)}
    assert chosen([Hit(page=6)], modes, 1_200) == {6: ("text", 0, 0)}


def test_a_document_of_scans_is_looked_at_from_where_something_fits() -> None:
    modes: list[Mode] = ["picture"] * 8
    modes[5] = "text"
    assert chosen([Hit(page=6)], modes, 2_200).keys() == {5, 6, 7}
    assert chosen([], modes, 2_200).keys() == {1, 2}


def test_letters_that_mean_nothing_still_say_which_page_to_look_at() -> None:
    modes: list[Mode] = ["text", "text", "text", "picture"]
    assert chosen([Hit(page=4), Hit(page=1)], modes, 1_150) == {
        1: ("text", 0, 100),
        4: ("picture", 0, 0),
    }


def test_where_nothing_fits_the_question_it_is_the_beginning() -> None:
    assert chosen([], ["text"] * 9, 700) == {1: ("text", 0, 0), 2: ("text", 0, 0)}


def test_pages_that_may_not_be_sent_are_not() -> None:
    sent = choose([Hit(page=1), Hit(page=3)], document(3), {2: "text", 3: "text"}, 100, price)
    assert [page.number for page in sent] == [3]


@pytest.mark.parametrize("mode", ["text", "picture", "both"])
def test_there_is_always_something(mode: Mode) -> None:
    assert len(chosen([Hit(page=2)], [mode] * 3, 1)) == 1
    assert len(chosen([], [mode] * 3, 1)) == 1


def test_a_long_page_is_cut() -> None:
    sent = chosen([], ["text"], 300, document(1, 5_000))
    assert sent == {1: ("text", 0, 0)}
    (page,) = choose([], document(1, 5_000), {1: "text"}, 300, lambda page: page.end or 5_000)
    assert 200 <= page.end <= 312


def test_an_empty_document() -> None:
    assert choose([], document(0), {}, 100, price) == ()


@given(st.integers(0, 10_000), st.integers(300, 4_000))
def test_it_never_costs_more_than_there_is_room_for(seed: int, room: int) -> None:
    rng = Random(seed)
    kinds: tuple[Mode, ...] = ("text", "both", "picture")
    modes = [rng.choice(kinds) for _ in range(rng.randint(1, 12))]
    hits = []
    for _ in range(rng.randrange(12)):
        start = rng.randrange(0, 250)
        end = rng.randint(start + 1, 300)
        hits.append(Hit(page=rng.randint(1, len(modes)), start=start, end=end))
    by_number: dict[int, Mode] = dict(enumerate(modes, start=1))
    sent = choose(hits, document(len(modes)), by_number, room, price)
    assert sent
    assert sum(map(price, sent)) <= room or len(sent) == 1
    for page in sent:
        allowed = {"both", "text"} if by_number[page.number] != "picture" else {"picture", "text"}
        assert page.mode in allowed


def test_two_rankings_are_one() -> None:
    one, two, three = (Hit(page=number) for number in (1, 2, 3))
    assert fused([[one, two, three], [two, three]]) == [two, three, one]
    assert fused([[one, two]]) == [one, two]
    assert fused([]) == []
    assert len(fused([[one], [Hit(page=1, sha256="b")], [Hit(page=1, start=5)]])) == 3
