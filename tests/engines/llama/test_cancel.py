"""A cancel at any moment: the cache holds what `items` says, and the next answer is the usual one."""

import threading
import time
from collections import OrderedDict
from random import Random
from typing import NoReturn

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.answering import Answering
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.vision import EncodingCancelled
from glmdesk.messages import Event, Message, Picture, Reading
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, finished
from tests.engines.llama.inside import Inside, acting, watching

Scene = tuple[Picture, str, str]


class CountingFlag(CancelFlag):
    """Sets itself at the given look."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    @property
    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_the_flag() -> None:
    flag = CancelFlag()
    assert not flag.is_set
    flag.set()
    assert flag.is_set
    assert flag.callback(flag.data)
    flag.clear()
    assert not flag.is_set
    assert not flag.callback(flag.data)


def test_while_writing(pico: Inside) -> None:
    question, rng = [ask("Count to 20.")], Random(0)
    whole = answer_of(pico.run(question))
    for stop_at in (0, 1, *(rng.randrange(2, 30) for _ in range(6))):
        running: list[Answering] = []

        def act(number: int, at: int = stop_at, running: list[Answering] = running) -> None:
            if number == at:
                pico.scheduler.cancel(running[0])

        running.append(pico.begin(wanted(question), acting(act)))
        events = pico.end(*running)[0]
        assert finished(events).reason == "cancelled"
        assert whole.startswith(answer_of(events))
        assert pico.cache_agrees()
        assert answer_of(pico.run(question)) == whole


def test_before_reading(pico: Inside, scene_pictures: list[Scene]) -> None:
    for messages in ([ask("Hello")], [ask(scene_pictures[0][0], "Describe the image.")]):
        answer = pico.begin(wanted(messages))
        pico.scheduler.cancel(answer)
        events = pico.end(answer)[0]
        assert finished(events).reason == "cancelled"
        assert finished(events).usage.completion_tokens == 0
        assert answer_of(events) == ""
    assert not any(slot.items for slot in pico.scheduler.cache.slots)


def test_while_encoding(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pico.vision
    shown, color, kind = scene_pictures[0]
    for looks in (0, 1, 2, 5, 20, 50):
        monkeypatch.setattr(pico.vision, "flag", CountingFlag(looks))
        with pytest.raises(EncodingCancelled):
            pico.vision.encode(shown)
    monkeypatch.undo()
    assert answer_of(pico.run([ask(shown, f"What color is the {kind}?")])) == (
        f"The {kind} is {color}."
    )


def test_a_chat_that_waits_for_its_picture(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is never done; the cancel reaches the encoder too."""
    assert pico.vision
    assert pico.encoder
    shown, color, kind = scene_pictures[4]
    encode, stopped = pico.vision.encode, threading.Event()

    def endless(one: Picture) -> NoReturn:
        assert pico.vision
        while not pico.vision.flag.is_set:
            time.sleep(0.001)
        stopped.set()
        raise EncodingCancelled

    monkeypatch.setattr(pico.encoder, "_kept", OrderedDict())
    monkeypatch.setattr(pico.vision, "encode", endless)
    answer = pico.begin(wanted([ask(shown, f"What color is the {kind}?")]))
    threading.Timer(0.05, pico.scheduler.cancel, [answer]).start()
    assert finished(pico.end(answer)[0]).reason == "cancelled"
    assert stopped.wait(5)
    monkeypatch.setattr(pico.vision, "encode", encode)
    assert answer_of(pico.run([ask(shown, f"What color is the {kind}?")])) == (
        f"The {kind} is {color}."
    )


@pytest.mark.model
@pytest.mark.slow
def test_while_reading_a_long_prompt(smollm2: Inside) -> None:
    """SmolLM2 reads some hundred tokens a second here, so the flag falls into a decode."""
    smollm2.reset()
    river = "The river runs past the old mill and on to the sea. "
    long, short = [ask(river * 240)], [ask(river * 50 + "Where does it run?")]
    margins: list[float] = []
    fresh = answer_of(smollm2.run(short, "auto", watching(margins), max_tokens=8))
    smollm2.reset()
    for seconds, read in ((0.0, 0), (0.2, 0), (0.1, 512)):
        events = _cancelled_after(smollm2, long, read, seconds)
        assert finished(events).reason == "cancelled"
        assert finished(events).usage.prompt_tokens > 2500
        assert finished(events).usage.completion_tokens == 0
        assert smollm2.cache_agrees()
        assert len(smollm2.items) >= read
    events = smollm2.run(short, "auto", max_tokens=8, conversation="c")
    assert smollm2.cache_agrees()
    assert finished(events).usage.cached_tokens > 0
    assert answer_of(events) == fresh or min(margins) < 0.05


def _cancelled_after(
    opened: Inside, messages: list[Message], read: int, seconds: float
) -> list[Event]:
    """Cancel `seconds` after so many tokens are read."""
    answer = opened.begin(wanted(messages, max_tokens=8))
    timer = threading.Timer(seconds, opened.scheduler.cancel, [answer])
    while not opened.is_done(answer):
        opened.scheduler.turn()
        done = [event.done for event in opened.said[answer.job] if isinstance(event, Reading)]
        if done and done[-1] >= read and not timer.ident:
            timer.start()
    timer.join()
    return opened.said[answer.job]


def wanted(messages: list[Message], max_tokens: int = 96) -> Request:
    return Request(
        messages=messages,
        think="off",
        sampling=GREEDY,
        max_tokens=max_tokens,
        prompt_lookup=False,
        conversation="c",
    )
