"""Whether an answer with a partly reused cache is the answer that a fresh reading gives."""

from collections.abc import Iterator
from random import Random

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from benchmarks.twins import PIECE, Pair, Twins
from benchmarks.wandering import wander

N = 200
EXCUSED = 0.01
"""Two best logits closer than this may change places between two ways of computing them."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """How many answers differ without an excuse; the peer is what rounding alone does."""
    pairs, control = (answers(stage, options, reuse=reuse) for reuse in (True, False))
    unexcused = _unexcused(pairs)
    reused = sum(pair.reused for pair in pairs) / sum(pair.prompt for pair in pairs)
    yield Figure(
        name="greedy-identity",
        value=float(len(unexcused)),
        unit="answers",
        target="0",
        peer=f"{len(_unexcused(control))} ({_summary(control)}; "
        f"no reuse, but read {PIECE} tokens at a time)",
        met=not unexcused,
        note=f"{_summary(pairs)}; {100 * reused:.0f} % of the prompts was reused",
    )


def answers(stage: Stage, options: Options, *, reuse: bool) -> list[Pair]:
    """Every answer of the random chats, twice each."""
    rng = Random(options.seed)
    twins = Twins(stage.pico(), reuse=reuse)
    try:
        chats = (wander(rng, stage, twins.answer) for _ in range(options.count(N)))
        return [pair for chat in chats for pair in chat]
    finally:
        twins.close()


def _unexcused(pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.differs_at is not None and pair.margin > EXCUSED]


def _summary(pairs: list[Pair]) -> str:
    differing = [pair for pair in pairs if pair.differs_at is not None]
    excused = len(differing) - len(_unexcused(pairs))
    margins = ", ".join(f"{pair.margin:.4f}" for pair in differing)
    drift = max(pair.drift for pair in pairs)
    return (
        f"{len(pairs)} answers, {len(differing)} differ, {excused} excused"
        + (f", margins {margins}" if margins else "")
        + f", logits apart by at most {drift:.3f}"
    )
