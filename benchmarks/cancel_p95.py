"""How long a stop takes, asked for while a prompt is read, a picture encoded or an answer written."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.stage import WIDE_LIMITS, Stage
from glmdesk.engines.base import Engine, Request
from glmdesk.messages import Finished, Picture
from tools.pico.scenes import scene

N = 100
TARGET_MS = 200.0
MakeRequest = Callable[[], Request]


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """A way to be busy: `make` gives a request that is busy for `seconds`."""

    name: str
    make: MakeRequest
    seconds: float


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The 95th of a hundred waits from the stop to Finished; each phase, then all."""
    rng = Random(options.seed)
    everything: list[float] = []
    with stage.engine(stage.wide) as engine:
        hear(engine, greedy([user("Hello")], max_tokens=4))
        for phase in _phases(engine, rng, _picture(rng, stage)):
            waits = [_wait(engine, phase, rng) for _ in range(math.ceil(options.count(N) / 3))]
            everything += waits
            yield _figure(f"cancel-p95.{phase.name}", waits, f"busy for {phase.seconds:.2f} s")
        works = hear(engine, greedy([user("Hello")], max_tokens=4)).usage.completion_tokens == 4
    total = _figure("cancel-p95", everything, "" if works else "then it no longer answered")
    yield replace(total, met=total.met and works)


def _figure(name: str, waits: list[float], note: str) -> Figure:
    p95 = sorted(waits)[math.ceil(0.95 * len(waits)) - 1]
    return Figure(
        name=name,
        value=1000 * p95,
        unit="ms (p95)",
        target=f"<= {TARGET_MS:.0f}",
        met=1000 * p95 <= TARGET_MS,
        note="; ".join(
            filter(None, (note, f"longest {1000 * max(waits):.1f} ms", f"n {len(waits)}"))
        ),
    )


def _picture(rng: Random, stage: Stage) -> Picture:
    image, _ = scene(rng, sizes=((112, 112),))
    return stage.picture(image.resize((644, 644)), WIDE_LIMITS)


def _phases(engine: Engine, rng: Random, picture: Picture) -> Iterator[_Phase]:
    """Each takes its time once; a new first word or identity keeps the cache from helping."""

    def reading() -> Request:
        return greedy([user(f"{rng.random()} " + "The code of lima is 42. " * 150)], max_tokens=1)

    def picturing() -> Request:
        seen = replace(picture, id=f"{picture.id} {rng.random()}")
        return greedy([user(seen, "Describe the image.")], max_tokens=1)

    def writing() -> Request:
        return greedy([user("Hello")], max_tokens=300)

    for make in (reading, picturing, writing):
        yield _Phase(name=make.__name__, make=make, seconds=hear(engine, make()).seconds)


def _wait(engine: Engine, phase: _Phase, rng: Random) -> float:
    """Stop at a random moment; tried again when the answer was there before the stop."""
    while True:
        wait = _stop_after(engine, phase.make(), rng.uniform(0, phase.seconds))
        if wait is not None:
            return wait


def _stop_after(engine: Engine, request: Request, seconds: float) -> float | None:
    stop = threading.Event()
    stopped: list[float] = []

    def press() -> None:
        stopped.append(time.perf_counter())
        stop.set()

    timer = threading.Timer(seconds, press)
    timer.start()
    heard = hear(engine, request, stop)
    timer.cancel()
    if not (isinstance(heard.end, Finished) and heard.end.reason == "cancelled"):
        return None
    return heard.ended - stopped[0]
