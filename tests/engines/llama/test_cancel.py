"""A cancel at any moment: the cache holds what `items` says, and the next answer is the usual one."""

import threading
from random import Random

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.generation import Generation
from glmdesk.engines.llama.model import Cancelled, LlamaModel
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


@pytest.fixture
def flagged(pico: Inside, monkeypatch: pytest.MonkeyPatch) -> LlamaModel:
    """The model, whose flag the test may replace."""
    monkeypatch.setattr(pico.model, "flag", pico.model.flag)
    return pico.model


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
        events = pico.run(
            question,
            make_sampler=acting(lambda number, at=stop_at: pico.model.flag.set() if number == at else None),  # type: ignore[misc]
        )  # fmt: skip
        assert finished(events).reason == "cancelled"
        assert whole.startswith(answer_of(events))
        assert pico.cache_agrees()
        pico.model.flag.clear()
        assert answer_of(pico.run(question)) == whole


def test_before_reading(pico: Inside, scene_pictures: list[Scene]) -> None:
    pico.model.flag.set()
    for messages in ([ask("Hello")], [ask(scene_pictures[0][0], "Describe the image.")]):
        events = pico.run(messages)
        assert finished(events).reason == "cancelled"
        assert finished(events).usage.completion_tokens == 0
        assert answer_of(events) == ""
        assert pico.cache_agrees()
    assert all(isinstance(item, int) for item in pico.model.items)


def test_while_encoding(
    pico: Inside, flagged: LlamaModel, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pico.vision
    shown, color, kind = scene_pictures[0]
    question = [ask(shown, f"What color is the {kind}?")]
    pico.model.read_tokens([1, 2, 3])
    before = list(flagged.items)
    for looks in (0, 1, 2, 5, 20, 50):
        flagged.flag = CountingFlag(looks)
        with pytest.raises(Cancelled):
            pico.vision.read(shown)
        assert flagged.items == before
        assert pico.cache_agrees()
    monkeypatch.undo()
    assert answer_of(pico.run(question)) == f"The {kind} is {color}."


def test_while_a_picture_is_decoded(
    pico: Inside, scene_pictures: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = pico.vision
    assert vision
    shown, color, kind = scene_pictures[2]
    pico.model.read_tokens([1, 2, 3])
    decode = vision._decode

    def stopped(chunk: object, embeddings: object) -> None:
        pico.model.flag.set()
        decode(chunk, embeddings)

    monkeypatch.setattr(vision, "_decode", stopped)
    with pytest.raises(Cancelled):
        vision.read(shown)
    assert pico.model.items == [1, 2, 3]
    assert pico.cache_agrees()
    pico.model.flag.clear()
    monkeypatch.undo()
    answer = answer_of(pico.run([ask(shown, f"What color is the {kind}?")]))
    assert answer == f"The {kind} is {color}."


@pytest.mark.model
@pytest.mark.slow
def test_while_reading_a_long_prompt(smollm2: Inside) -> None:
    """SmolLM2 reads some hundred tokens a second here, so the flag falls into a decode."""
    smollm2.reset()
    long = [ask("The river runs past the old mill and on to the sea. " * 240)]
    short = [
        ask("The river runs past the old mill and on to the sea. " * 50 + "Where does it run?")
    ]
    margins: list[float] = []
    fresh = answer_of(smollm2.run(short, "auto", watching(margins), max_tokens=8))
    smollm2.reset()
    for seconds, read in ((0.0, 0), (0.2, 0), (0.1, 512)):
        events = _cancelled_after(smollm2, long, read, seconds)
        assert finished(events).reason == "cancelled"
        assert finished(events).usage.prompt_tokens > 2500
        assert finished(events).usage.completion_tokens == 0
        assert smollm2.cache_agrees()
        assert len(smollm2.model.items) >= read
        smollm2.model.flag.clear()
    events = smollm2.run(short, "auto", max_tokens=8)
    assert smollm2.cache_agrees()
    assert finished(events).usage.cached_tokens > 0
    assert answer_of(events) == fresh or min(margins) < 0.05


def _cancelled_after(
    opened: Inside, messages: list[Message], read: int, seconds: float
) -> list[Event]:
    """Set the flag `seconds` after so many tokens are read."""
    timer = threading.Timer(seconds, opened.model.flag.set)
    events: list[Event] = []
    generation = Generation(opened.model, opened.reader, opened.vision)
    for event in generation.run(Request(messages=messages, sampling=GREEDY, max_tokens=8)):
        events.append(event)
        if isinstance(event, Reading) and event.done >= read and not timer.ident:
            timer.start()
    timer.join()
    return events
