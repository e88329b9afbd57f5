"""Wishes are read from whatever stands in the field, and each is done once."""

import json
import threading

import pytest

from glmdesk.ui import wishes
from glmdesk.ui.wishes import Numbers, read

PAGE = ("owner", "p")


def test_a_list_and_a_single_one() -> None:
    first, second = read('[{"do":"a","number":1,"chat":"c","x":"y"},{"do":"b","number":2}]')
    assert (first.do, first.number, first.chat, first.word("x")) == ("a", 1, "c", "y")
    assert (second.do, second.number, second.chat) == ("b", 2, "")
    (single,) = read('{"do":"crop","page":3,"number":1700000000000}')
    assert (single.do, single.number, single.whole("page")) == ("crop", 0, 3)


@pytest.mark.parametrize(
    "action", ["", "x", "[", "1", "null", "[1, null, []]", '{"do": 1}', "{}", "[" * 100_000]
)
def test_nonsense_is_no_wish(action: str) -> None:
    assert read(action) == ()


def test_values_are_of_their_kind() -> None:
    (wish,) = read(json.dumps({"do": "a", "page": True, "n": "7", "long": "x" * 100_000}))
    assert wish.whole("page") == wish.whole("n") == wish.whole("missing") == 0
    assert len(wish.word("long")) == wishes.LONGEST


def test_a_password_is_not_in_what_is_printed() -> None:
    (wish,) = read('{"do":"unlock","password":"hunter2"}')
    assert "hunter2" not in repr(wish)


def test_each_wish_is_done_once() -> None:
    numbers = Numbers()
    first = read('[{"do":"a","number":1},{"do":"b","number":2}]')
    assert [wish.do for wish in numbers.each(PAGE, first)] == ["a", "b"]
    again = read('[{"do":"b","number":2},{"do":"c","number":3}]')
    assert [wish.do for wish in numbers.each(PAGE, again)] == ["c"]
    assert numbers.done(PAGE) == 3
    assert numbers.done(("visitor", "p")) == 0
    assert [wish.do for wish in numbers.each(("owner", "q"), again)] == ["b", "c"]


def test_a_wish_without_a_number_is_always_done() -> None:
    numbers = Numbers()
    crop = read('{"do":"crop"}')
    for _ in range(2):
        assert tuple(numbers.each(PAGE, crop)) == crop
    assert numbers.done(PAGE) == 0


@pytest.mark.parametrize("number", [-1, "2", 1.5, True, None])
def test_an_odd_number_counts_as_none(number: object) -> None:
    (wish,) = read(json.dumps([{"do": "a", "number": number}]))
    assert wish.number == 0


def test_two_requests_with_the_same_wishes_wait_for_each_other() -> None:
    """The second one goes on only when what the first began is done."""
    numbers, done = Numbers(), list[str]()
    begun, go_on = threading.Event(), threading.Event()

    def first() -> None:
        for wish in numbers.each(PAGE, read('[{"do":"a","number":1}]')):
            begun.set()
            go_on.wait(5)
            done.append(wish.do)

    def second() -> None:
        done.extend(wish.do for wish in numbers.each(PAGE, read('[{"do":"a","number":1}]')))
        done.append("second")

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    begun.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert done == ["a", "second"]
