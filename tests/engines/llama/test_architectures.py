"""The architectures of GLM models and of others, as tiny files in the real worker."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Answer, Event, Finished, Message, Think, Thinking
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, finished, say, thinking_of
from tests.engines.llama.requests import opened, run
from tests.tiny_models import write_deepseek2, write_glm4moe, write_llama

TOKENS = 24
WRITERS: dict[str, Callable[[Path], Path]] = {
    "glm4moe": write_glm4moe,
    "glm4moe with QK norm": partial(write_glm4moe, qk_norm=True),
    "glm4moe with NextN": partial(write_glm4moe, nextn=True),
    "glm4moe in shards": partial(write_glm4moe, shard_tensors=20),
    "glm4moe that lost its NextN": partial(write_glm4moe, claims_nextn=True),
    "deepseek2": write_deepseek2,
    "llama": write_llama,
}
EXPERTS = ("glm4moe", "deepseek2")


def spec_of(name: str, folder: Path) -> LoadSpec:
    model = WRITERS[name](folder)
    return LoadSpec(id=model.stem, name=name, model=model, n_ctx=2048, n_threads=1, exact=True)


@pytest.fixture(scope="module", params=WRITERS)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaEngine]:
    folder = tmp_path_factory.mktemp("model")
    with opened(spec_of(request.param, folder), folder) as engine:
        yield engine


def question(
    *messages: Message, think: Think = "off", max_tokens: int = TOKENS, conversation: str = ""
) -> Request:
    return Request(
        conversation=conversation,
        messages=messages or [ask("Where is the old candle?")],
        think=think,
        sampling=GREEDY,
        max_tokens=max_tokens,
    )


def told(events: list[Event]) -> str:
    return thinking_of(events) + answer_of(events)


def test_a_chat_of_two_turns_reads_nothing_twice(engine: LlamaEngine) -> None:
    first_question = ask("Where is the old candle?")
    first = run(engine, question(first_question, conversation="two turns"))
    end = finished(first)
    assert (end.reason, end.usage.completion_tokens) == ("length", TOKENS)
    answer = say("assistant", answer_of(first), tokens=end.tokens)
    asked = (first_question, answer, ask("And the piano?"))
    second = run(engine, question(*asked, conversation="two turns"))
    assert finished(second).usage.cached_tokens >= end.usage.prompt_tokens - 1
    assert len(answer_of(second).split()) > 3
    assert answer_of(second) != answer_of(first)


def test_the_price_is_what_is_read(engine: LlamaEngine) -> None:
    wanted = question(say("system", "Be brief."), ask("Where is the old candle?"))
    price = engine.price(wanted)
    assert len(price.per_message) == 2
    assert price.total == finished(run(engine, wanted)).usage.prompt_tokens


def test_a_stop_ends_the_answer(engine: LlamaEngine) -> None:
    plain = told(run(engine, question()))
    stop = threading.Event()
    events: list[Event] = []
    for event in engine.stream(question(max_tokens=1900), stop):
        events.append(event)
        if isinstance(event, Answer):
            stop.set()
    assert finished(events).reason in ("cancelled", "loop")
    assert finished(events).usage.completion_tokens < 1900
    assert told(run(engine, question())) == plain


def test_where_thinking_begins(engine: LlamaEngine) -> None:
    """GLM-4.7 finds its thinking opened; these others never open theirs."""
    assert engine.info.thinking == (engine.info.name != "llama")
    events = run(engine, question(think="on"))
    first = next(event for event in events if isinstance(event, Thinking | Answer))
    assert isinstance(first, Thinking) == (engine.info.name == "deepseek2")
    assert not thinking_of(run(engine, question(think="off")))


@pytest.mark.parametrize("name", EXPERTS)
@pytest.mark.parametrize("layers", [1, -1])
def test_experts_on_the_cpu_answer_the_same(name: str, layers: int, tmp_path: Path) -> None:
    spec = spec_of(name, tmp_path)
    answers = []
    for loaded in (spec, replace(spec, n_cpu_moe=layers)):
        with opened(loaded, tmp_path) as engine:
            events = run(engine, question())
            assert isinstance(events[-1], Finished)
            answers.append(told(events))
    assert len(answers[0]) > TOKENS
    assert answers[0] == answers[1]


def test_guessing_ahead_changes_nothing(tmp_path: Path) -> None:
    spec = spec_of("glm4moe with NextN", tmp_path)
    answers, guessed = [], []
    for loaded in (spec, replace(spec, mtp=True)):
        with opened(loaded, tmp_path) as engine:
            events = run(engine, replace(question(max_tokens=100), prompt_lookup=False))
            answers.append(told(events))
            guessed.append(finished(events).usage)
    assert len(answers[0]) > 100
    assert answers[0] == answers[1]
    assert guessed[0].draft_tokens == 0
    assert guessed[1].draft_tokens > guessed[1].accepted_tokens > 0


@pytest.mark.parametrize("name", ["glm4moe", "glm4moe that lost its NextN", "llama"])
def test_a_file_that_cannot_guess_ahead_loads_all_the_same(name: str, tmp_path: Path) -> None:
    with opened(replace(spec_of(name, tmp_path), mtp=True), tmp_path) as engine:
        assert answer_of(run(engine, question()))
