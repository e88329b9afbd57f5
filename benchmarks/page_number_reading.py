"""Whether a number that fills an A4 page is read as often as the same number in a small picture."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.numbers import PAGE, SMALL, Number, draw, draw_lot
from benchmarks.stage import Stage
from glmdesk.engines.base import Engine
from glmdesk.messages import Picture

N = 100
TOLERANCE = 5.0
QUESTION = "What number is shown?"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The share read on pages, with the same numbers in small pictures and in llama.cpp's own size."""
    rng = Random(options.seed)
    numbers = [draw_lot(rng) for _ in range(options.count(N))]
    with stage.engine(stage.pico()) as engine:
        small = _share(engine, numbers, lambda number: stage.picture(draw(number, SMALL)))
        page = _share(engine, numbers, lambda number: stage.picture(draw(number, PAGE)))
        raw = _share(engine, numbers, lambda number: unresized(draw(number, PAGE), stage.folder))
    yield Figure(
        name="page-number-reading",
        value=page,
        unit="% right",
        target=f">= {small - TOLERANCE:.0f}",
        peer=f"{raw:.0f} (llama.cpp's own resize)",
        met=page >= small - TOLERANCE,
        note=f"{small:.0f} in pictures of {SMALL[0]}×{SMALL[1]}; n {len(numbers)}",
    )


def _share(engine: Engine, numbers: list[Number], picture_of: Callable[[Number], Picture]) -> float:
    """Per cent read right."""
    right = 0
    for number in numbers:
        heard = hear(engine, greedy([user(picture_of(number), QUESTION)]))
        right += heard.answer.strip() == f"The number is {number.digits}."
    return 100 * right / len(numbers)


def unresized(image: Image.Image, folder: Path) -> Picture:
    """A picture as it is, which glmdesk never sends: llama.cpp then brings it to the model's size."""
    path = folder / "unresized.rgb"
    path.write_bytes(image.tobytes())
    return Picture(
        id=f"unresized {hash(image.tobytes())}", width=image.width, height=image.height, path=path
    )
