"""How long a chat that is writing must wait for its next token while another one reads a long prompt."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, greedy, hear, user
from benchmarks.peers import MICRO_BATCH
from benchmarks.prose import prompt_of
from benchmarks.stage import Stage
from glmdesk.engines.base import Engine, Request
from glmdesk.messages import Answer, Finished

N = 5
MOST = 3.0
LENGTH = 4000
CONTEXT = 16_384
TOKENS = 3000
NAME = "fair-reading"


@dataclass(frozen=True, kw_only=True)
class Round:
    """One long prompt read twice: alone, and while another chat is writing."""

    alone: Heard
    beside: Heard
    gap_s: float
    """The longest wait of the writing chat while the prompt was read."""
    wait_s: float
    """Its median wait before that."""

    @property
    def micro_batch_s(self) -> float:
        read = self.alone.usage.prompt_tokens - self.alone.usage.cached_tokens
        return self.alone.seconds * MICRO_BATCH / read

    @property
    def slowest(self) -> float:
        """The gap in micro-batches of the same prompt read alone."""
        return self.gap_s / self.micro_batch_s


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The median of the slowest gaps of all rounds; the wide model's text part on every core."""
    spec = replace(stage.wide, mmproj=None, n_ctx=CONTEXT)
    with stage.engine(spec) as engine:
        rounds = [_round(engine, turn) for turn in range(1 + options.count(N))][1:]
    slowest = [one.slowest for one in rounds]
    micro_batch = median(one.micro_batch_s for one in rounds)
    later = median(one.beside.seconds / one.alone.seconds for one in rounds)
    yield Figure(
        name=NAME,
        value=median(slowest),
        unit="micro-batches",
        target=f"<= {MOST:.0f}",
        met=median(slowest) <= MOST,
        note=f"worst {max(slowest):.2f}; a micro-batch of {MICRO_BATCH} takes "
        f"{1000 * micro_batch:.0f} ms, a token before {1000 * rounds[-1].wait_s:.1f} ms; "
        f"beside the other chat the prompt takes {later:.2f} × as long; n {len(rounds)}",
    )


def _round(engine: Engine, turn: int) -> Round:
    """Tried again when the writing ended before the reading."""
    for attempt in range(5):
        alone, again = (
            greedy(prompt_of(engine, LENGTH, seed=1000 * turn + 10 * attempt + which), max_tokens=1)
            for which in (0, 1)
        )
        found = _watch(engine, hear(engine, alone), again)
        if found is not None:
            return found
    raise RuntimeError("the writing chat ended five times before the other one had read its prompt")


def _watch(engine: Engine, alone: Heard, reading: Request) -> Round | None:
    writer = Writer(engine)
    try:
        writer.wait_for(20)
        beside = hear(engine, reading)
        still_writing = writer.is_writing
    finally:
        arrivals = writer.end()
    if not still_writing or not isinstance(beside.end, Finished):
        return None
    gaps = list(pairwise(arrivals))
    during = [end - start for start, end in gaps if end > beside.begun and start < beside.ended]
    before = [end - start for start, end in gaps if end <= beside.begun]
    return Round(alone=alone, beside=beside, gap_s=max(during), wait_s=median(before))


class Writer:
    """A chat that writes until it is told to stop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._arrivals: list[float] = []
        self._came = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        request = greedy([user("Tell me a long story.")], max_tokens=TOKENS)
        for event in self._engine.stream(request, self._stop):
            if isinstance(event, Answer):
                self._arrivals.append(time.perf_counter())
                self._came.release()

    @property
    def is_writing(self) -> bool:
        return self._thread.is_alive()

    def wait_for(self, pieces: int) -> None:
        """Until that many more pieces have come."""
        for _ in range(pieces):
            if not self._came.acquire(timeout=30):
                raise RuntimeError("the writing chat fell silent")

    def end(self) -> Sequence[float]:
        """Stop, and give the moments at which pieces came."""
        self._stop.set()
        self._thread.join()
        return self._arrivals
