"""The same conversations in glmdesk's engine and in llama-server: how long each turn's first text takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import assistant, greedy, hear, user
from benchmarks.prose import prompt_of
from benchmarks.quiet import wait_for_quiet
from benchmarks.second_turn_picture import SIDE, draw_picture
from benchmarks.server_peer import serving
from benchmarks.stage import WIDE_LIMITS, Stage
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Message, Think

N = 5
TOKENS = 32
CONTEXT = 4096
DOCUMENT = 1500
NAME = "side-by-side"
SAID = "It is about a river and the people beside it."


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What is asked in one turn: all messages up to its question."""

    name: str
    messages: Sequence[Message]
    think: Think = "off"


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`turns` makes them anew for each round, given the round's number."""

    name: str
    spec: LoadSpec
    turns: Callable[[Engine, int], list[Turn]]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Seconds to the first text, and tokens a second after it: ours, then the server's."""

    turn: str
    first_s: tuple[float, float]
    rate: tuple[float, float]


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Our time ÷ the server's for each turn. Nothing is promised: it shows where we stand."""
    program = peers.find("llama-server")
    for conversation in _conversations(stage):
        if program is None:
            yield peers.not_measured(f"{NAME}.{conversation.name}", "llama-server")
        else:
            yield from _figures(stage, options, conversation, program)


def _conversations(stage: Stage) -> Iterator[Conversation]:
    text = stage.smollm2(CONTEXT)
    if text is not None:
        yield Conversation(name="document", spec=text, turns=_about_document)
    wide = replace(stage.wide, n_ctx=CONTEXT)
    yield Conversation(name="picture", spec=wide, turns=partial(_about_picture, stage))
    bare = replace(wide, mmproj=None)
    yield Conversation(name="thinking", spec=bare, turns=_with_changing_switch)


def _about_document(engine: Engine, number: int) -> list[Turn]:
    """A long text, a second question, and the second question asked otherwise."""
    first = prompt_of(engine, DOCUMENT, seed=number)
    talk = [*first, assistant(SAID), user("Who lives beside the river?")]
    edited = [*first, assistant(SAID), user("What came back every spring?")]
    return [
        Turn(name="first", messages=first),
        Turn(name="second", messages=talk),
        Turn(name="edited", messages=edited),
    ]


def _about_picture(stage: Stage, engine: Engine, number: int) -> list[Turn]:
    """A picture, a second question, and other words before the picture: the tower need not run again."""
    picture = draw_picture(number, stage, WIDE_LIMITS, SIDE)
    question = user(picture, "What do you see?")
    return [
        Turn(name="first", messages=[question]),
        Turn(name="second", messages=[question, assistant(SAID), user("And what color is it?")]),
        Turn(name="edited", messages=[user("Look closely: ", picture, "What do you see?")]),
    ]


def _with_changing_switch(engine: Engine, number: int) -> list[Turn]:
    """A long text in the second turn, without thinking, then a question with it."""
    told, text = prompt_of(engine, DOCUMENT, seed=number)
    first = [told, replace(user("Hello!"), think="off"), assistant("Hello!")]
    asked = [*first, replace(text, think="off")]
    return [
        Turn(name="off", messages=asked),
        Turn(name="on", messages=[*asked, assistant(SAID), user("Are you sure?")], think="on"),
    ]


def _figures(
    stage: Stage, options: Options, conversation: Conversation, program: Path
) -> Iterator[Figure]:
    rounds = _rounds(stage, options, conversation, program)
    for same_turn in zip(*rounds, strict=True):
        yield _figure(conversation, same_turn)


def _rounds(
    stage: Stage, options: Options, conversation: Conversation, program: Path
) -> list[list[Answered]]:
    """Each conversation in ours and in the server, turn by turn; the first one is for warming up."""
    spec, log = conversation.spec, stage.folder / "server.log"
    rounds = []
    with stage.engine(spec) as engine, serving(program, spec, log) as server:
        for number in range(1 + options.count(N)):
            wait_for_quiet()
            answered = []
            for turn in conversation.turns(engine, number):
                request = greedy(turn.messages, think=turn.think, max_tokens=TOKENS)
                ours = hear(engine, request)
                theirs = server.chat(turn.messages, TOKENS, thinking=turn.think == "on")
                first_s = ours.first_s, theirs.first_s
                rate = ours.tokens_per_s, theirs.tokens_per_s
                answered.append(Answered(turn=turn.name, first_s=first_s, rate=rate))
            rounds.append(answered)
    return rounds[1:]


def _figure(conversation: Conversation, answers: Sequence[Answered]) -> Figure:
    ratio = median(one.first_s[0] / one.first_s[1] for one in answers)
    ours, theirs = (1000 * median(one.first_s[side] for one in answers) for side in (0, 1))
    rates = [median(one.rate[side] for one in answers) for side in (0, 1)]
    return Figure(
        name=f"{NAME}.{conversation.name}.{answers[0].turn}",
        value=ratio,
        unit="ratio",
        peer=f"{theirs:.0f} ms, then {rates[1]:.1f} tokens/s",
        note=f"ours {ours:.0f} ms, then {rates[0]:.1f} tokens/s; {conversation.spec.model.name}, "
        f"n {len(answers)}",
    )
