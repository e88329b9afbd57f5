"""Chats that wait leave the cache, and come back to it as they were."""

from collections.abc import Sequence

import pytest

from glmdesk.engines.llama.parking import Parked, Parking
from glmdesk.engines.llama.prefix import Item, count_positions
from glmdesk.messages import Picture
from tests.engines.chats import answer_of, ask, finished, say
from tests.engines.llama.inside import Inside

Scene = tuple[Picture, str, str]
LONG = "lima " * 300


def chat(name: str, items: Sequence[Item], size: int = 10) -> Parked:
    return Parked(
        conversation=name,
        items=tuple(items),
        positions=count_positions(items),
        asked=len(items),
        blob=memoryview(bytearray(size)),
    )


def test_the_longest_prefix_is_found() -> None:
    parking = Parking()
    parking.add(chat("a", [1, 2, 3, 4]))
    parking.add(chat("b", [1, 2, 3, 4, 5, 6]))
    found = parking.find([1, 2, 3, 4, 5, 6, 7], "")
    assert found is not None
    assert found.conversation == "b"


def test_another_chat_that_begins_alike_is_not() -> None:
    parking = Parking()
    parking.add(chat("a", [1, 2, *range(10, 90)]))
    assert parking.find([1, 2, 500], "b") is None
    assert parking.find([1, 2, 500], "a") is not None


def test_the_oldest_goes_when_memory_is_full() -> None:
    parking = Parking(memory=25)
    first, second, third = (chat(name, [n]) for n, name in enumerate("abc"))
    assert parking.add(first) == []
    assert parking.add(second) == []
    assert parking.add(third) == [first]
    assert list(parking) == [second, third]


def test_forgotten() -> None:
    parking = Parking()
    parking.add(chat("a", [1]))
    assert parking.holds("a")
    parking.forget("a")
    assert not parking.holds("a")


def used(opened: Inside) -> list[int]:
    return [slot.cells for slot in opened.scheduler.cache.slots if slot.cells]


def test_a_waiting_chat_leaves_the_cache_and_comes_back(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, color, kind = scene_pictures[0]
    first = [ask(LONG), say("assistant", "lima"), ask(shown, f"What color is the {kind}?")]
    before = pico.run(first, conversation="first", max_tokens=12)
    pico.run([ask("Hello")], conversation="second")
    assert len(used(pico)) == 1
    assert used(pico)[0] < 40, "attention runs over the cells of this chat alone"
    assert pico.scheduler.seating.parking.holds("first")
    assert pico.cache_agrees()
    monkeypatch.setattr(pico.vision, "encode", lambda one: pytest.fail("encoded again"))
    again = pico.run(first, conversation="first", max_tokens=12)
    assert finished(again).usage.cached_tokens == finished(again).usage.prompt_tokens - 1
    assert answer_of(again) == answer_of(before)
    assert not pico.scheduler.seating.parking.holds("first")
    assert pico.cache_agrees()


def test_what_is_too_large_stays_where_it_is(pico: Inside) -> None:
    pico.scheduler.seating.parking.memory = 1000
    try:
        pico.run([ask(LONG)], conversation="first", max_tokens=2)
        pico.run([ask("Hello")], conversation="second")
        assert len(used(pico)) == 2
        events = pico.run([ask(LONG)], conversation="first", max_tokens=2)
        assert finished(events).usage.cached_tokens > 300
    finally:
        pico.scheduler.seating.parking.memory = 1 << 30
