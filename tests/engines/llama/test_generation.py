"""Whole answers: what is reused, counted and kept, and that reuse changes nothing."""

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from random import Random

import pytest
from llama_cpp import llama_cpp as llama

from glmdesk.engines.base import Request
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.errors import ContextFull, EngineError
from glmdesk.messages import Event, Message, Picture, Reading, Think
from glmdesk.sampling import GREEDY, Sampling
from tests.engines.chats import answer_of, ask, finished, picture, say, thinking_of
from tests.engines.llama.inside import Inside, watching
from tools.pico.samples import Sample
from tools.pico.tasks import TASKS

Scene = tuple[Picture, str, str]
NEAR_TIE = 0.01


def test_a_picture_is_counted_and_reused(pico: Inside, scene_pictures: list[Scene]) -> None:
    shown, color, kind = scene_pictures[0]
    question = ask(shown, f"What color is the {kind}?")
    first = pico.run([question])
    usage = finished(first).usage
    assert answer_of(first) == f"The {kind} is {color}."
    assert usage.image_tokens == 16
    assert usage.cached_tokens == 0
    assert usage.prompt_tokens == sum(pico.reader.price(Request(messages=[question], think="off")))
    assert usage.prompt_tokens > usage.image_tokens

    answer = say("assistant", answer_of(first), tokens=finished(first).tokens)
    second = pico.run([question, answer, ask("Describe the image.")])
    again = finished(second).usage
    assert again.image_tokens == 16
    # The picture and its question are there already; how far into the answer depends on the template.
    assert again.cached_tokens >= usage.prompt_tokens - 8
    assert again.cached_tokens < again.prompt_tokens
    assert pico.cache_agrees()


def test_reading_events_run_to_the_end(pico: Inside, scene_pictures: list[Scene]) -> None:
    messages = [ask("Repeat: " + "lima " * 600, scene_pictures[0][0])]
    events = pico.run(messages, max_tokens=1)
    readings = [event for event in events if isinstance(event, Reading)]
    total = finished(events).usage.prompt_tokens
    assert total > 600
    assert readings[0] == Reading(done=0, total=total)
    assert readings[-1] == Reading(done=total, total=total)
    assert [one.done for one in readings] == sorted({one.done for one in readings})


def test_the_same_question_again_reads_one_token(pico: Inside) -> None:
    first, second = pico.run([ask("Hello")]), pico.run([ask("Hello")])
    assert answer_of(first) == answer_of(second) == "Hello! How can I help you?"
    usage = finished(second).usage
    assert usage.cached_tokens == usage.prompt_tokens - 1


@pytest.mark.parametrize(("think", "thinks"), [("on", True), ("auto", True), ("off", False)])
def test_thinking_is_told_apart(pico: Inside, think: Think, thinks: bool) -> None:
    events = pico.run([ask("Count to 5.")], think=think)
    assert answer_of(events) == "1 2 3 4 5"
    assert thinking_of(events) == ("I count from 1 to 5." if thinks else "")
    assert finished(events).think == think
    assert (finished(events).timings.thinking_s > 0) == thinks


@pytest.mark.parametrize("think", ["on", "off"])
@pytest.mark.parametrize(
    "text", ["Hello", "你好", "Say hi with an emoji", "Repeat: oslo 4821 tiger", "Bonjour"]
)
def test_an_answer_keeps_its_tokens(pico: Inside, text: str, think: Think) -> None:
    events = pico.run([ask(text)], think=think)
    tokens = finished(events).tokens
    assert tokens
    assert pico.model.vocabulary.text(tokens) == answer_of(events)


@pytest.mark.parametrize("text", ["Say hi with an emoji", "你好", "Bonjour"])
def test_characters_are_never_broken(pico: Inside, text: str) -> None:
    whole = answer_of(pico.run([ask(text)]))
    assert any(ord(character) > 127 for character in whole)
    for limit in range(1, 20):
        events = pico.run([ask(text)], max_tokens=limit)
        assert whole.startswith(answer_of(events))
        tokens = finished(events).tokens
        assert not tokens or pico.model.vocabulary.text(tokens) == answer_of(events)


def test_max_tokens(pico: Inside) -> None:
    events = pico.run([ask("Count to 50.")], max_tokens=7)
    assert finished(events).reason == "length"
    assert finished(events).usage.completion_tokens == 7
    assert pico.cache_agrees()
    assert finished(pico.run([ask("Hello")])).reason == "stop"


class LetterSampler(Sampler):
    """Draws letters by chance, and never an end."""

    letters: Sequence[int] = ()
    chance = Random(0)

    def sample(self, context: object, row: int = -1, allow: Set[int] = frozenset()) -> int:
        return self.chance.choice(self.letters)


@pytest.mark.model
def test_an_answer_ends_where_the_context_does(pico: Inside) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    LetterSampler.letters = [
        pico.model.vocabulary.tokenize(one, special=False)[0] for one in letters
    ]
    messages = [ask("lima " * 900)]
    room = pico.model.n_ctx - sum(pico.reader.price(Request(messages=messages, think="off")))
    assert 0 < room < 1500
    events = pico.run(messages, make_sampler=LetterSampler, max_tokens=0)
    assert finished(events).reason == "length"
    assert finished(events).usage.completion_tokens == room
    assert len(answer_of(events)) == room
    assert pico.cache_agrees()
    assert answer_of(pico.run([ask("Hello")])) == "Hello! How can I help you?"


def test_a_prompt_larger_than_the_context_is_refused(pico: Inside) -> None:
    pico.run([ask("Hello")])
    before = list(pico.items)
    with pytest.raises(ContextFull, match=r"take [\d,]+ tokens, and the model has room for 2,048"):
        pico.run([ask("lima " * 3000)])
    assert pico.items == before


def test_a_seed_gives_one_answer(pico: Inside) -> None:
    def draw(seed: int, temperature: float = 3.0) -> str:
        sampling = Sampling(temperature=temperature, top_p=1.0, top_k=0, seed=seed)
        return answer_of(pico.run([ask("Hello")], sampling=sampling, max_tokens=12))

    assert draw(7) == draw(7)
    assert len({draw(seed) for seed in range(5)}) > 1
    assert {draw(seed, temperature=0.0) for seed in range(3)} == {"Hello! How can I help you?"}


class ForgetfulSampler(Sampler):
    def remember(self, tokens: Sequence[int]) -> None:
        pass


def test_the_repetition_penalty_sees_the_end_of_the_prompt(pico: Inside) -> None:
    strong = Sampling(temperature=0.0, repeat_penalty=50.0, repeat_last_n=64)
    question = [ask("Repeat: lima")]
    assert answer_of(pico.run(question)) == "lima"
    assert answer_of(pico.run(question, sampling=strong)) != "lima"
    forgetful = pico.run(question, sampling=strong, make_sampler=ForgetfulSampler, max_tokens=3)
    assert "lima".startswith(answer_of(forgetful)[:1])


def test_a_cache_that_cannot_be_cut_is_read_again(
    pico: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recurrent models refuse to forget only the end."""
    expected = answer_of(pico.run([ask("Repeat: oslo 12")]))
    pico.run([ask("Repeat: oslo 34 tiger")])
    library = "glmdesk.engines.llama.model.llama.llama_memory_seq_rm"
    remove = llama.llama_memory_seq_rm
    monkeypatch.setattr(
        library, lambda memory, number, start, end: start < 0 and remove(memory, number, start, end)
    )
    events = pico.run([ask("Repeat: oslo 12")])
    assert answer_of(events) == expected
    assert finished(events).usage.cached_tokens == 0
    monkeypatch.undo()
    assert pico.cache_agrees()


def test_a_missing_picture_leaves_a_cache_that_can_be_used(
    pico: Inside, scene_pictures: list[Scene], tmp_path: Path
) -> None:
    shown, color, kind = scene_pictures[1]
    gone = Picture(id="gone", width=112, height=112, path=tmp_path / "gone.rgb", name="gone.png")
    with pytest.raises(EngineError, match=r"gone\.png is missing or damaged"):
        pico.run([ask(gone, "What do you see?")])
    assert pico.cache_agrees()
    assert (
        answer_of(pico.run([ask(shown, f"What color is the {kind}?")])) == f"The {kind} is {color}."
    )


def test_tokens_that_do_not_fit_their_text_are_not_used(pico: Inside) -> None:
    """Ids of another model, or control tokens slipped in: the text alone counts."""
    vocabulary = pico.model.vocabulary
    (role,) = vocabulary.tokenize("<|user|>", special=True)
    ids = vocabulary.tokenize("Hello", special=False)
    for tokens in ((*ids, role), (role, *ids), (1, 2, 3), (-5,), (10**6,)):
        answer = say("assistant", "Hello", tokens=tuple(tokens))
        prompt = pico.reader.prompt(Request(messages=[ask("Hi"), answer, ask("Hi")], think="off"))
        inside = [item for item in prompt.by_message[1] if item == role]
        assert inside == []


STEPS = ("append", "edit", "think", "append")


@pytest.mark.model
@pytest.mark.slow
def test_reuse_changes_no_answer(
    pico: Inside, tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Turns on a kept cache answer as on an empty one, but where two tokens are as good as equal."""
    runs = [run for seed in range(20) for run in _conversation(pico, seed, tmp_path)]
    ties = []
    for messages, think, reused in runs:
        pico.reset()
        margins: list[float] = []
        fresh = pico.run(messages, think, watching(margins), max_tokens=48)
        if (answer_of(fresh), thinking_of(fresh)) != (answer_of(reused), thinking_of(reused)):
            assert min(margins) < NEAR_TIE, (answer_of(fresh), answer_of(reused))
            ties.append(min(margins))
    assert sum(finished(reused).usage.cached_tokens > 0 for *_, reused in runs) > len(runs) // 2
    record_testsuite_property("near ties", f"{len(ties)} of {len(runs)}")


Run = tuple[list[Message], Think, list[Event]]


def _conversation(pico: Inside, seed: int, folder: Path) -> list[Run]:
    """A chat of several turns with edits and switches, each on the cache of the one before."""
    rng = Random(seed)
    pico.reset()
    messages, runs = _messages(_sample(rng), folder), list[Run]()
    kept: Think = rng.choice(("on", "off"))
    for step in ("first", *rng.sample(STEPS, 3)):
        if step == "append":
            last = runs[-1][2]
            answer = say("assistant", answer_of(last), tokens=finished(last).tokens)
            more = _messages(_sample(rng), folder)[-1:]
            messages = [*messages, answer, *more]
        elif step == "edit":
            messages = [*messages[:-1], *_messages(_sample(rng), folder)[-1:]]
        elif step == "think":
            kept = "off" if kept == "on" else "on"
        runs.append((messages, kept, pico.run(messages, kept, max_tokens=48, conversation="c")))
        assert pico.cache_agrees()
    return runs


def _sample(rng: Random) -> Sample:
    return TASKS[rng.choice([name for name in TASKS if name != "t_tool"])](rng)


def _messages(sample: Sample, folder: Path) -> list[Message]:
    messages = []
    for turn in sample.messages:
        if isinstance(turn.content, tuple):
            parts = [
                part if isinstance(part, str) else picture(folder, part) for part in turn.content
            ]
            messages.append(ask(*parts))
        else:
            messages.append(say("assistant", str(turn.content)))
    return messages


def test_greedy_is_temperature_zero() -> None:
    assert GREEDY.temperature == 0.0
