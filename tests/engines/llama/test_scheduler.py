"""Several chats in one context: each gets the answer it would get alone, whatever the others do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import EngineError
from glmdesk.messages import Message, Picture, Reading
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, finished, say
from tests.engines.llama.inside import Inside, acting

Scene = tuple[Picture, str, str]


def wanted(*messages: Message, conversation: str = "", max_tokens: int = 96) -> Request:
    return Request(
        messages=messages,
        think="off",
        sampling=GREEDY,
        max_tokens=max_tokens,
        conversation=conversation,
        prompt_lookup=False,
    )


def test_four_chats_at_once(pico: Inside, scene_pictures: list[Scene]) -> None:
    shown, color, kind = scene_pictures[0]
    requests = [
        wanted(ask("Count to 20.")),
        wanted(ask(shown, f"What color is the {kind}?")),
        wanted(ask("Hello")),
        wanted(ask("Repeat: oslo 4821 tiger")),
    ]
    answers = pico.end(*(pico.begin(request) for request in requests))
    assert [answer_of(one) for one in answers] == [
        " ".join(map(str, range(1, 21))),
        f"The {kind} is {color}.",
        "Hello! How can I help you?",
        "oslo 4821 tiger",
    ]
    assert pico.cache_agrees()


def test_the_fifth_waits_for_a_slot(pico: Inside) -> None:
    running = [pico.begin(wanted(ask(f"Count to {n}."))) for n in (20, 21, 22, 23)]
    fifth = pico.begin(wanted(ask("Hello")))
    pico.scheduler.turn()
    assert fifth.slot is None
    pico.end(*running, fifth)
    assert answer_of(pico.said[fifth.job]) == "Hello! How can I help you?"


def test_a_chat_finds_its_slot_again(pico: Inside) -> None:
    texts = [f"Repeat: oslo {n} tiger" for n in (1111, 2222, 3333)]
    slots = []
    for text in texts:
        pico.run([ask(text)], conversation=text)
        slots.append(pico.slot.sequence)
    assert len(set(slots)) == 3
    for text, slot in zip(texts, slots, strict=True):
        events = pico.run([ask(text)], conversation=text)
        assert pico.slot.sequence == slot
        assert finished(events).usage.cached_tokens == finished(events).usage.prompt_tokens - 1


def test_a_long_prompt_does_not_stop_another_answer(
    pico: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmdesk.engines.llama.pace.PATIENCE_S", 1e-6)
    writer = pico.begin(wanted(ask("Count to 50."), max_tokens=200))
    while not pico.said[writer.job] or writer.is_reading:
        pico.scheduler.turn()
    reader = pico.begin(wanted(ask("Repeat: " + "lima " * 900), max_tokens=1))
    said: list[int] = []
    while not (pico.is_done(reader) or pico.is_done(writer)):
        pico.scheduler.turn()
        said.append(len(writer.written.tokens))
    steps = [after - before for before, after in zip(said, said[1:], strict=False)]
    assert len(steps) >= 5
    assert set(steps[:-1]) == {1}, "every step, of the reading too, brings a token to the writer"
    pico.end(writer, reader)
    assert answer_of(pico.said[writer.job]) == " ".join(map(str, range(1, 51)))


def test_a_picture_is_encoded_while_another_writes(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pico.vision
    shown, color, kind = scene_pictures[3]
    encode = pico.vision.encode
    writer = pico.begin(wanted(ask("Count to 50."), max_tokens=200))
    written_before: list[int] = []

    def slow(one: Picture) -> object:
        end = len(writer.written.tokens) + 8
        while len(writer.written.tokens) < end and not pico.is_done(writer):
            pass
        written_before.append(len(writer.written.tokens))
        return encode(one)

    monkeypatch.setattr(pico.vision, "encode", slow)
    monkeypatch.setattr(pico.encoder, "_kept", type(pico.encoder._kept)())  # type: ignore[union-attr]
    viewer = pico.begin(wanted(ask(shown, f"What color is the {kind}?")))
    answers = pico.end(writer, viewer)
    assert written_before[0] >= 8
    assert answer_of(answers[0]) == " ".join(map(str, range(1, 51)))
    assert answer_of(answers[1]) == f"The {kind} is {color}."


def test_an_edited_message_costs_no_encoding(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pico.vision
    shown, color, kind = scene_pictures[1]
    question = f"What color is the {kind}?"
    pico.run([ask("Hello"), say("assistant", "Hi"), ask(shown, question)])
    monkeypatch.setattr(pico.vision, "encode", lambda one: pytest.fail("encoded again"))
    events = pico.run([ask("Good morning"), say("assistant", "Hi"), ask(shown, question)])
    assert finished(events).usage.cached_tokens < 10
    assert answer_of(events) == f"The {kind} is {color}."


Moment = Callable[[Answering], bool]


@pytest.mark.parametrize("tokens", [0, 1, 5, 17])
def test_a_cancel_leaves_the_others_alone(pico: Inside, tokens: int) -> None:
    """It ends, and what the others had in the same batches is theirs."""

    def act(number: int) -> None:
        if number == tokens:
            pico.scheduler.cancel(victim)

    other = pico.begin(wanted(ask("Count to 30.")))
    victim = pico.begin(wanted(ask("Count to 40.")), acting(act))
    third = pico.begin(wanted(ask("Repeat: oslo 4821 tiger")))
    said = pico.end(other, victim, third)
    assert answer_of(said[0]) == " ".join(map(str, range(1, 31)))
    assert finished(said[1]).reason == "cancelled"
    assert " ".join(map(str, range(1, 41))).startswith(answer_of(said[1]))
    assert answer_of(said[2]) == "oslo 4821 tiger"
    assert pico.cache_agrees()


def test_an_abort_in_the_middle_of_a_decode(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second decode is aborted by a cancel of nobody: all is cut back and decoded again."""
    decode, calls = pico.model.decode, [0]

    def aborted(batch: object) -> int:
        calls[0] += 1
        if calls[0] % 2:
            pico.model.flag.set()
            assert decode(batch) == 2
            return 2
        return decode(batch)

    shown, color, kind = scene_pictures[2]
    monkeypatch.setattr(pico.model, "decode", aborted)
    said = pico.end(
        pico.begin(wanted(ask("Count to 20."))),
        pico.begin(wanted(ask(shown, f"What color is the {kind}?"))),
        pico.begin(wanted(ask("Repeat: " + "lima " * 300 + "oslo"), max_tokens=4)),
    )
    assert answer_of(said[0]) == " ".join(map(str, range(1, 21)))
    assert answer_of(said[1]) == f"The {kind} is {color}."
    assert pico.cache_agrees()


@pytest.fixture(scope="module")
def small_pico(pico_spec: LoadSpec) -> Iterator[Inside]:
    """512 cells for four chats."""
    opened = Inside(replace(pico_spec, n_ctx=512))
    yield opened
    opened.close()


def test_idle_chats_make_room(small_pico: Inside) -> None:
    for number in range(3):
        small_pico.run([ask(f"Repeat: {number} " + "lima " * 120)], max_tokens=2)
    assert sum(slot.cells for slot in small_pico.scheduler.cache.slots) > 380
    events = small_pico.run([ask("Repeat: " + "oslo " * 200)], max_tokens=4)
    assert finished(events).usage.completion_tokens == 4
    assert small_pico.cache_agrees()


@pytest.fixture(scope="module")
def tiny_pico(pico_spec: LoadSpec) -> Iterator[Inside]:
    """256 cells for four chats."""
    opened = Inside(replace(pico_spec, n_ctx=256))
    yield opened
    opened.close()


def test_running_answers_make_room_for_each_other(
    tiny_pico: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four answers together need more cells than there are: some wait, all come to their end."""
    monkeypatch.setattr("glmdesk.engines.llama.seating.GROWTH", 1)
    counts = (50, 50, 50, 50)
    requests = [wanted(ask(f"Count to {n}."), max_tokens=200) for n in counts]
    suspended: list[Answering] = []
    suspend = tiny_pico.scheduler._suspend

    def note(one: Answering) -> None:
        suspended.append(one)
        suspend(one)

    monkeypatch.setattr(tiny_pico.scheduler, "_suspend", note)
    said = tiny_pico.end(*(tiny_pico.begin(request) for request in requests))
    assert suspended
    expected = [" ".join(map(str, range(1, n + 1))) for n in counts]
    assert [answer_of(one) for one in said] == expected
    for one in said:
        readings = [event.done for event in one if isinstance(event, Reading)]
        assert readings == sorted(readings), "read again in silence"
    assert tiny_pico.cache_agrees()


def test_a_picture_that_cannot_be_read_hurts_only_its_own_chat(
    pico: Inside, tmp_path: Path, scene_pictures: list[Scene]
) -> None:
    missing = replace(scene_pictures[0][0], id="missing", path=tmp_path / "missing.rgb")
    bad = pico.begin(wanted(ask(missing, "What color is it?")))
    good = pico.begin(wanted(ask("Hello")))
    assert answer_of(pico.end(good)[0]) == "Hello! How can I help you?"
    with pytest.raises(EngineError, match="missing or damaged"):
        pico.end(bad)
    assert pico.cache_agrees()


def test_forgotten_chats_leave_their_slots(pico: Inside) -> None:
    pico.run([ask("Repeat: oslo 4821 tiger")], conversation="secret")
    assert pico.items
    pico.scheduler.forget("secret")
    assert not any(slot.items for slot in pico.scheduler.cache.slots)
    assert pico.cache_agrees()
