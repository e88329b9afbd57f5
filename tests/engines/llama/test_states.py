"""A chat that is opened again is not read again: after a restart, and after it lost its slot."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.protocol import LoadSpec, StateSpec
from glmdesk.messages import Message, Picture, Usage
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, finished, say
from tests.engines.llama.inside import Inside

Scene = tuple[Picture, str, str]
LONG = "Repeat: " + "lima " * 300
Open = Callable[..., Inside]
Ask = Callable[..., Usage]


@pytest.fixture
def open_pico(pico_spec: LoadSpec, tmp_path: Path, request: pytest.FixtureRequest) -> Open:
    """Opens pico with a folder for states; `stop` ends one as a worker does, by saving everything."""

    def open_one(key: bytes = b"k" * 32, limit: int = 1 << 30, **changes: object) -> Inside:
        state = StateSpec(folder=tmp_path / "state", key=key, limit=limit)
        opened = Inside(replace(pico_spec, state=state, **changes))  # type: ignore[arg-type]
        request.addfinalizer(opened.close)
        return opened

    return open_one


def stop(opened: Inside) -> None:
    opened.scheduler.seating.save_all()
    opened.saver.close()


def chat(scene: Scene) -> list[Message]:
    shown, _, kind = scene
    return [ask(LONG), say("assistant", "lima"), ask(shown, f"What color is the {kind}?")]


@pytest.fixture
def ask_in(pico: Inside) -> Ask:
    """Ask about the picture; the answer must be the one of an empty cache."""

    def ask_one(opened: Inside, scene: Scene, conversation: str = "chat") -> Usage:
        events = opened.run(chat(scene), conversation=conversation, max_tokens=12)
        pico.reset()
        assert answer_of(events) == answer_of(pico.run(chat(scene), max_tokens=12))
        assert opened.cache_agrees()
        return finished(events).usage

    return ask_one


def test_after_a_restart(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_pico()
    usage = ask_in(first, scene_pictures[0])
    assert usage.prompt_tokens > 300
    stop(first)
    second = open_pico()
    assert second.vision
    monkeypatch.setattr(second.vision, "encode", lambda one: pytest.fail("encoded again"))
    again = ask_in(second, scene_pictures[0])
    assert again.cached_tokens == again.prompt_tokens - 1


def test_after_the_slot_was_given_away(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene]
) -> None:
    opened = open_pico(n_slots=1)
    ask_in(opened, scene_pictures[0])
    assert answer_of(opened.run([ask("Hello")], conversation="other"))
    stop(opened)
    opened = open_pico(n_slots=1)
    assert answer_of(opened.run([ask("Hello")], conversation="other"))
    assert ask_in(opened, scene_pictures[0]).cached_tokens > 300


def test_what_stands_in_a_slot_is_not_looked_for_on_disk(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_pico()
    ask_in(opened, scene_pictures[0])
    monkeypatch.setattr(opened.saver, "find", lambda name: pytest.fail("looked for on disk"))
    assert ask_in(opened, scene_pictures[0]).cached_tokens > 300


@pytest.mark.parametrize(
    "changes",
    [{"key": b"x" * 32}, {"exact": False}, {"limit": 1000}],
    ids=["key", "cache", "limit"],
)
def test_a_state_of_another_setting_is_not_used(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], changes: dict[str, object]
) -> None:
    first = open_pico()
    ask_in(first, scene_pictures[0])
    stop(first)
    assert ask_in(open_pico(**changes), scene_pictures[0]).cached_tokens == 0


def test_a_damaged_state_is_ignored(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], tmp_path: Path
) -> None:
    first = open_pico()
    ask_in(first, scene_pictures[0])
    stop(first)
    (file,) = (tmp_path / "state").glob("*.state")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert ask_in(open_pico(), scene_pictures[0]).cached_tokens == 0


def test_forgotten_chats_are_not_saved(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], tmp_path: Path
) -> None:
    first = open_pico()
    ask_in(first, scene_pictures[0])
    ask_in(first, scene_pictures[1], "kept")
    first.scheduler.forget("chat")
    stop(first)
    assert len(list((tmp_path / "state").glob("*.state"))) == 1
    second = open_pico()
    second.scheduler.forget("kept")
    second.saver.close()
    assert not list((tmp_path / "state").glob("*.state"))


def test_a_chat_without_a_name_and_a_short_one_are_not_saved(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], tmp_path: Path
) -> None:
    opened = open_pico()
    ask_in(opened, scene_pictures[0], "")
    opened.run([ask("Hello")], conversation="short")
    stop(opened)
    assert not list((tmp_path / "state").glob("*.state"))


def test_a_state_that_the_library_refuses_is_read_afresh(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_pico()
    ask_in(first, scene_pictures[0])
    stop(first)
    second = open_pico()
    restore = "glmdesk.engines.llama.model.llama.llama_state_seq_set_data"
    monkeypatch.setattr(restore, lambda *_: 0)
    assert ask_in(second, scene_pictures[0]).cached_tokens == 0


def test_a_chat_too_large_to_park_is_saved(
    open_pico: Open, ask_in: Ask, scene_pictures: list[Scene]
) -> None:
    opened = open_pico(n_slots=1)
    opened.scheduler.seating.parking.memory = 1000
    ask_in(opened, scene_pictures[0], "large")
    opened.run([ask("oslo " * 300)], conversation="other", max_tokens=2)
    opened.saver.close()
    opened = open_pico(n_slots=1)
    assert ask_in(opened, scene_pictures[0], "large").cached_tokens > 300


def test_a_chat_forgotten_while_it_waits_is_not_saved(
    open_pico: Open, scene_pictures: list[Scene], tmp_path: Path
) -> None:
    opened = open_pico(n_slots=1)
    request = Request(
        messages=chat(scene_pictures[0]), sampling=GREEDY, max_tokens=4, conversation="gone"
    )
    running, waiting = opened.begin(replace(request, conversation="")), opened.begin(request)
    opened.scheduler.turn()
    opened.scheduler.forget("gone")
    opened.end(running, waiting)
    stop(opened)
    assert not list((tmp_path / "state").glob("*.state"))
