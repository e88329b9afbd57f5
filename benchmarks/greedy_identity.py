"""Whether an answer of a shared, reused and restored cache is the answer that a fresh reading gives."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from os.path import commonprefix
from random import Random

import numpy as np

from benchmarks.bare_model import TURN_OF_TEXT, BareModel, Fresh
from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, greedy
from benchmarks.shared_engine import SharedEngine
from benchmarks.stage import Stage
from benchmarks.wandering import THINKING, exercise, wander
from glmdesk.engines.base import Request
from glmdesk.messages import Finished

N = 200
EXCUSED = 0.01
"""Two best logits closer than this may change places between two ways of computing them."""
MOST_EXCUSED = 0.01
"""Of all answers."""
RESTART = 0.08
"""How likely the engine is closed and opened again before an answer."""
CONTEXT = 8192
PIECE = 24
"""Tokens at a time of the reading that shows what rounding alone does."""
STRANGERS = 40


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The same answer twice: from the engine, and read fresh."""

    heard: Heard
    margin: float | None
    """By how much the fresh run preferred its token where they part; None: they do not."""
    restored: bool
    """It was the first after a restart, and half of its prompt was there already."""


@dataclass(frozen=True, kw_only=True)
class Rounding:
    """Two fresh readings, one of them piece by piece."""

    margin: float | None
    drift: float
    """The largest difference between two logits up to where they part."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """How many answers differ without an excuse; the peer is what rounding alone does."""
    with closing(Identity(stage, options)) as identity:
        judged = list(identity.answers(options.count(N)))
    margins = [one.margin for one in judged if one.margin is not None]
    unexcused = [margin for margin in margins if margin > EXCUSED]
    excused = len(margins) - len(unexcused)
    yield Figure(
        name="greedy-identity",
        value=float(len(unexcused)),
        unit="answers",
        target="0",
        peer=_rounding(identity.roundings),
        met=not unexcused and excused <= MOST_EXCUSED * len(judged),
        note=f"{len(judged)} answers, {_listed(margins)}; {_reuse(judged)}; "
        f"{identity.restarts} restarts, {sum(one.restored for one in judged)} answers restored from "
        f"disk; {identity.answers_of_others} answers of others at the same time",
    )


def _listed(margins: Sequence[float]) -> str:
    excused = sum(margin <= EXCUSED for margin in margins)
    shown = ", ".join(f"{margin:.4f}" for margin in margins)
    return f"{len(margins)} differ, {excused} excused" + (f", margins {shown}" if shown else "")


def _reuse(judged: Sequence[Judged]) -> str:
    usages = [one.heard.usage for one in judged]
    reused = sum(usage.cached_tokens for usage in usages) / sum(u.prompt_tokens for u in usages)
    guessed = sum(usage.accepted_tokens for usage in usages)
    return f"{100 * reused:.0f} % of the prompts was reused, {guessed} tokens were guessed"


def _rounding(roundings: Sequence[Rounding]) -> str:
    margins = [one.margin for one in roundings if one.margin is not None]
    drift = max(one.drift for one in roundings)
    return (
        f"fresh, {PIECE} tokens at a time: {_listed(margins)}, logits apart by at most {drift:.3f}"
    )


class Identity:
    """Random chats in an engine that others use too, each answer beside a fresh reading."""

    def __init__(self, stage: Stage, options: Options) -> None:
        self._stage = stage
        self._rng = Random(options.seed)
        spec = replace(stage.pico(), n_ctx=CONTEXT)
        self._bare = BareModel(spec)
        self._shared = SharedEngine(stage, spec, [self._stranger() for _ in range(STRANGERS)])
        self._conversation = ""
        self._restarted = False
        self.roundings: list[Rounding] = []

    @property
    def restarts(self) -> int:
        return self._shared.restarts

    @property
    def answers_of_others(self) -> int:
        return self._shared.answers_of_others

    def answers(self, chats: int) -> Iterator[Judged]:
        """Every answer of that many chats."""
        with self._shared:
            for number in range(chats):
                self._conversation = f"chat {number}"
                yield from wander(self._rng, self._stage, self._answer)

    def _stranger(self) -> Request:
        question = exercise(self._rng, self._stage)
        return greedy([question], think=self._rng.choice(THINKING), max_tokens=60)

    def _answer(self, request: Request) -> Judged:
        request = replace(request, conversation=self._conversation)
        restarted = self._rng.random() < RESTART
        if restarted:
            self._shared.restart()
        heard = self._shared.hear(request)
        fresh = self._bare.answer(request, keep=True)
        self.roundings.append(_compare(self._bare.answer(request, PIECE, keep=True), fresh))
        return Judged(
            heard=heard,
            margin=margin_where_they_part(heard, fresh),
            restored=restarted and 2 * heard.usage.cached_tokens > heard.usage.prompt_tokens,
        )

    def close(self) -> None:
        self._bare.close()


def margin_where_they_part(heard: Heard, fresh: Fresh) -> float | None:
    """The fresh run's margin at the first token that shows another text; None where all is the same.

    Where the engine itself closed the thinking or ended a loop, only what came before is compared.
    """
    ours = heard.thinking + (TURN_OF_TEXT + heard.answer if heard.answer else "")
    if ours == fresh.shown:
        return None
    same = len(commonprefix([ours, fresh.shown]))
    if heard.notes and same >= min(_free(heard, ours), len(fresh.shown)):
        return None
    return _margin_at(fresh, same)


def _free(heard: Heard, ours: str) -> int:
    """How much of an answer came before the engine stepped in."""
    looped = isinstance(heard.end, Finished) and heard.end.reason == "loop"
    return len(ours) if looped else len(heard.thinking)


def _margin_at(fresh: Fresh, same: int) -> float:
    """The least margin of the tokens that could have made the text after `same` characters: the one
    that shows it, and those just before it that showed nothing."""
    ends = (0, *fresh.ends)
    last = min(bisect_right(fresh.ends, same), len(fresh.ends) - 1)
    first = last
    while first > 0 and ends[first] == ends[first - 1]:
        first -= 1
    return min(fresh.margins[first : last + 1])


def _compare(piecewise: Fresh, fresh: Fresh) -> Rounding:
    pairs = list(zip(piecewise.logits, fresh.logits, strict=False))
    places = (place for place, (one, other) in enumerate(pairs) if one.argmax() != other.argmax())
    at = next(places, None)
    apart = pairs if at is None else pairs[: at + 1]
    return Rounding(
        margin=None if at is None else fresh.margins[at],
        drift=max(float(np.abs(one - other).max()) for one, other in apart),
    )
