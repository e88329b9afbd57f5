"""Thinking under control, answers in a form that was asked for, guesses that change nothing."""

import json
from collections.abc import Sequence, Set
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.course import BUDGET_NOTE, LIMIT_NOTE, LOOP_NOTE, THOUGHT_LOOP_NOTE
from glmdesk.engines.llama.grammar import Constraint
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.errors import EngineError
from glmdesk.messages import Event, Message, Noted, Think, ToolCalled, ToolCalling
from glmdesk.sampling import GREEDY, Sampling
from tests.engines.chats import answer_of, ask, finished, thinking_of
from tests.engines.llama.inside import Inside, acting
from tools.pico.text_tasks import CALCULATOR


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Noted)]


def test_a_budget_closes_the_thinking(pico: Inside) -> None:
    whole = pico.run([ask("Count to 5.")], "on")
    assert finished(whole).usage.thinking_tokens > 6
    events = pico.run([ask("Count to 5.")], "on", thinking_budget=4)
    assert 0 < len(thinking_of(events)) < len(thinking_of(whole))
    assert thinking_of(whole).startswith(thinking_of(events))
    assert answer_of(events) == "1 2 3 4 5"
    assert notes(events) == [BUDGET_NOTE]
    assert finished(events).usage.thinking_tokens == 4
    assert pico.cache_agrees()


def test_answer_now(pico: Inside) -> None:
    def hurry(number: int) -> None:
        if number == 3:
            answer.course.answer_now = True

    request = Request(
        messages=[ask("Count to 5.")], think="on", sampling=GREEDY, prompt_lookup=False
    )
    answer = pico.begin(request, acting(hurry))
    events = pico.end(answer)[0]
    assert finished(events).usage.thinking_tokens <= 5
    assert answer_of(events) == "1 2 3 4 5"
    assert notes(events) == []


def test_thinking_that_uses_the_whole_limit_is_answered_all_the_same(pico: Inside) -> None:
    events = pico.run([ask("Count to 5.")], "on", max_tokens=6)
    assert notes(events) == [LIMIT_NOTE]
    assert answer_of(events)
    assert "1 2 3 4 5".startswith(answer_of(events))


class StuckSampler(Sampler):
    """Says the same few words without end."""

    def __init__(self, sampling: Sampling, n_vocab: int, constraint: Constraint | None) -> None:
        super().__init__(sampling, n_vocab, constraint)
        self._at = 0

    words: Sequence[int] = ()

    def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
        self._at += 1
        return self.words[self._at % len(self.words)]


def test_an_answer_in_circles_is_stopped(pico: Inside) -> None:
    StuckSampler.words = pico.model.vocabulary.tokenize(" lima oslo tiger", special=False)
    events = pico.run([ask("Hello")], make_sampler=StuckSampler, max_tokens=0)
    assert finished(events).reason == "loop"
    assert notes(events) == [LOOP_NOTE]
    assert finished(events).usage.completion_tokens < 1500
    assert pico.cache_agrees()


def test_thinking_in_circles_is_closed(pico: Inside) -> None:
    class Stuck(StuckSampler):
        def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
            closed = answer.course._closed
            return Sampler.sample(self, context, row) if closed else super().sample(context, row)

    open_thinking = pico.model.vocabulary.tokenize("<think>", special=True)
    Stuck.words = pico.model.vocabulary.tokenize(" lima oslo tiger", special=False)
    request = Request(messages=[ask("Hello")], think="on", sampling=GREEDY, prompt_lookup=False)
    answer = pico.begin(request, Stuck)
    answer.take(open_thinking[0])
    answer.pending = []
    events = pico.end(answer)[0]
    assert notes(events) == [THOUGHT_LOOP_NOTE]
    assert finished(events).reason in ("stop", "length")


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("think", ["off", "on", "auto"])
def test_an_answer_of_a_schema(pico: Inside, think: Think) -> None:
    """pico knows no JSON; the thinking stays free."""
    events = pico.run([ask("Count to 5.")], think, json_schema=SCHEMA, max_tokens=200)
    said = json.loads(answer_of(events))
    assert said.keys() == {"name", "age"}
    assert isinstance(said["age"], int)
    assert bool(thinking_of(events)) == (think != "off")
    assert pico.cache_agrees()


def test_a_grammar(pico: Inside) -> None:
    events = pico.run([ask("Hello")], grammar='root ::= "yes" | "no"')
    assert answer_of(events) in ("yes", "no")
    assert finished(events).reason == "stop"


@pytest.mark.parametrize(
    "wrong", [{"grammar": "root ::= ("}, {"json_schema": {"$ref": "http://x/y"}}]
)
def test_a_wrong_form_is_refused_before_anything_is_read(
    pico: Inside, wrong: dict[str, Any]
) -> None:
    with pytest.raises(EngineError):
        pico.run([ask("Hello")], **wrong)
    assert answer_of(pico.run([ask("Hello")])) == "Hello! How can I help you?"


def test_a_tool_is_called(pico: Inside) -> None:
    events = pico.run([ask("What is 12 + 30?")], "on", tools=[CALCULATOR], max_tokens=200)
    calls = [event.call for event in events if isinstance(event, ToolCalled)]
    assert [(call.name, dict(call.arguments)) for call in calls] == [
        ("calculator", {"expression": "12 + 30"})
    ]
    written = "".join(event.arguments for event in events if isinstance(event, ToolCalling))
    assert json.loads(written) == {"expression": "12 + 30"}
    assert thinking_of(events) == "I need the calculator."
    assert finished(events).reason == "tool_calls"
    assert answer_of(events) == ""


def test_guesses_change_nothing(pico: Inside) -> None:
    """Repeating what stands in the prompt is what guesses are good at."""
    chance = Random(3)
    words = " ".join(chance.choice(["oslo", "tiger", "lima", "4821"]) for _ in range(5))
    messages: list[Message] = [ask(f"Repeat: {words}")]
    request = Request(messages=messages, think="off", sampling=GREEDY, max_tokens=120)
    plain = pico.end(pico.begin(replace(request, prompt_lookup=False)))[0]
    pico.reset()
    answer = pico.begin(request)
    assert answer.lookup is not None
    guessed = [0]

    def draft() -> list[int]:
        """Half of the guesses are right, half are not."""
        said = answer.written.tokens
        truth = finished(plain).tokens[len(said) : len(said) + 3]
        guessed[0] += 1
        return [*truth[:2], 5] if guessed[0] % 2 else list(truth)

    answer.lookup.draft = draft  # type: ignore[method-assign]
    events = pico.end(answer)[0]
    assert answer_of(events) == answer_of(plain)
    usage = finished(events).usage
    assert usage.completion_tokens == finished(plain).usage.completion_tokens
    assert usage.draft_tokens > usage.accepted_tokens > 3
    assert pico.cache_agrees()


def filled(words: int) -> Request:
    return Request(messages=[ask("lima" + " lima" * words)], think="on")


@pytest.mark.parametrize("room", [1, 2, 3, 4])
def test_thinking_where_there_is_no_room(pico: Inside, room: int) -> None:
    """The end of the thinking needs a cell too."""
    wanted = pico.model.n_ctx - room
    words = wanted
    while (total := sum(pico.reader.price(filled(words)))) > wanted:
        words -= max(1, (total - wanted) // 2)
    assert total == wanted
    messages = filled(words).messages
    events = pico.run(messages, "on", max_tokens=0)
    assert finished(events).reason in ("length", "stop")
    assert finished(events).usage.completion_tokens <= pico.model.n_ctx - total + 1
    assert pico.cache_agrees()
