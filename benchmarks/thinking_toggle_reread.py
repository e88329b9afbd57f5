"""Tokens of earlier turns that are read again in chats where the thinking switch changes every turn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, assistant, greedy, hear, user
from benchmarks.second_turn_picture import draw_picture
from benchmarks.stage import PICO_LIMITS, Stage
from glmdesk.engines.base import Engine
from glmdesk.messages import Finished, Message, Think

CHATS = 12
TURNS = 5
SIDE = 112
QUESTIONS = (
    "And what color is the square?",
    "What shape is red?",
    "How many shapes are there?",
    "Describe the image.",
)
SWITCHES: tuple[Think, ...] = ("off", "on", "auto")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a turn found of the earlier ones: the tokens read for them, and those that were reused.

    The answer before it counts only where thinking was off: after a thinking, which the template leaves
    out or empties, it stands in another place, whatever the switch.
    """

    earlier: int
    reused: int

    @property
    def reread(self) -> int:
        return max(0, self.earlier - self.reused)


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Sums over all turns but the first of each chat, beside those of the stock rendering."""
    ours, stock = (list(_turns(stage, options, stock=stock)) for stock in (False, True))
    reread = sum(turn.reread for turn in ours)
    chats = options.count(CHATS)
    yield Figure(
        name="thinking-toggle-reread",
        value=reread,
        unit="tokens",
        target="0",
        peer=f"{sum(turn.reread for turn in stock):,} tokens (stock rendering)",
        met=reread == 0,
        note=f"of {sum(turn.earlier for turn in ours):,} tokens of earlier turns; {len(ours)} switches "
        f"in {chats} chats about a picture",
    )


def _turns(stage: Stage, options: Options, *, stock: bool) -> Iterator[Turn]:
    with stage.engine(stage.pico()) as engine:
        for number in range(options.count(CHATS)):
            yield from _chat(engine, stage, options.seed + number, stock=stock)


def _chat(engine: Engine, stage: Stage, seed: int, *, stock: bool) -> Iterator[Turn]:
    """The same questions and switches for a seed, whatever is answered."""
    rng = Random(seed)
    picture = draw_picture(seed, stage, PICO_LIMITS, SIDE)
    messages: list[Message] = []
    think: Think = rng.choice(SWITCHES)
    known = 0
    for number in range(TURNS):
        think = rng.choice([other for other in SWITCHES if other != think])
        words = rng.choice(QUESTIONS)
        question = user(words) if number else user(picture, words)
        request = greedy([*messages, question], think=think, max_tokens=200)
        heard = hear(engine, replace(request, stock_history=stock))
        if number:
            yield Turn(earlier=known, reused=min(known, heard.usage.cached_tokens))
        end = _end(heard)
        messages += [replace(question, think=end.think), assistant(heard.answer, end.tokens)]
        known = heard.usage.prompt_tokens + (len(end.tokens) if think == "off" else 0)


def _end(heard: Heard) -> Finished:
    if isinstance(heard.end, Finished) and heard.end.reason == "stop":
        return heard.end
    raise RuntimeError(f"an answer of pico did not end by itself: {heard.end}")
