"""How much sooner the second question about a picture is answered than the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import median

from PIL import Image

from benchmarks.figure import Figure, Options
from benchmarks.hearing import assistant, greedy, hear, user
from benchmarks.stage import PICO_LIMITS, WIDE_LIMITS, Stage
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Picture, Usage
from tools.pico.scenes import scene

N = 5
TARGET = 0.2
SIDE = 640
"""Becomes 644, which is 23 × 23 tokens."""
FIRST, ANSWER, SECOND = "What do you see?", "I see a red circle.", "And what color is the square?"


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Seconds to the first token of both questions, and what the second one reused."""

    first_s: float
    second_s: float
    usage: Usage


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Medians over different pictures: the wide model, then pico itself."""
    yield _figure("second-turn-picture", stage, options, (stage.wide, WIDE_LIMITS, SIDE))
    yield _figure("second-turn-picture.pico", stage, options, (stage.pico(), PICO_LIMITS, 112))


def _figure(
    name: str, stage: Stage, options: Options, how: tuple[LoadSpec, PictureLimits, int]
) -> Figure:
    spec, limits, side = how
    with stage.engine(spec) as engine:
        # The first picture is for warming up.
        turns = [
            ask_twice(engine, draw_picture(options.seed + turn, stage, limits, side))
            for turn in range(1 + options.count(N))
        ][1:]
    first, second = median(turn.first_s for turn in turns), median(t.second_s for t in turns)
    ratio = median(turn.second_s / turn.first_s for turn in turns)
    cached = all(turn.usage.cached_tokens >= turn.usage.image_tokens > 0 for turn in turns)
    is_wide = spec.id == "wide"
    return Figure(
        name=name,
        value=ratio,
        unit="ratio",
        target=f"<= {TARGET}" if is_wide else "",
        met=ratio <= TARGET and cached if is_wide else None,
        note=f"first {1000 * first:.1f} ms, second {1000 * second:.1f} ms; "
        f"{turns[-1].usage.cached_tokens} tokens reused, "
        f"{turns[-1].usage.image_tokens} of them the picture's; n {len(turns)}",
    )


def draw_picture(seed: int, stage: Stage, limits: PictureLimits, side: int) -> Picture:
    """Shapes on a square of `side` pixels; each seed gives other ones."""
    image, _ = scene(Random(seed), sizes=((112, 112),))
    return stage.picture(image.resize((side, side), Image.Resampling.BICUBIC), limits)


def ask_twice(engine: Engine, picture: Picture) -> Turns:
    """One token is asked for, so that the end of the answer is the moment of its first token."""
    question = user(picture, FIRST)
    first = hear(engine, greedy([question], max_tokens=1))
    talk = [question, assistant(ANSWER), user(SECOND)]
    second = hear(engine, greedy(talk, max_tokens=1))
    return Turns(first_s=first.seconds, second_s=second.seconds, usage=second.usage)
