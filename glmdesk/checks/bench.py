"""Measures one model through the engine as the app uses it; nothing of it is stored."""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, TypeVar

import glmdesk
from glmdesk.app import App
from glmdesk.chat.content import limits_of
from glmdesk.checks import memory, prompts
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import Engine, Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.errors import EngineError, rebuild
from glmdesk.messages import Answer, Failed, Finished, Message, Text, Thinking
from glmdesk.sampling import GREEDY

Say = Callable[[str], None]
"""Told, line by line, what is being measured."""
_Result = TypeVar("_Result")

PROMPTS = (512, 2000)
"""Tokens of the prompts that are read, where the context has room."""
WRITTEN = 128
"""Tokens written in one run."""
RUNS, FEWEST_RUNS = 5, 3
LONG_S = 20.0
"""Seconds after which the fewest runs are enough."""
MOST_ANSWERS = 50
"""A model that stops at once is asked no more often than this in one run."""
COUNT, LOOK, LOOK_AGAIN = "Count to 100.", "What do you see?", "What else do you see?"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Tokens a second: the median, and every run. `tokens` are those of the last run."""

    tokens: int
    tokens_per_s: float
    runs: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PictureTurns:
    """Seconds from a question to the first token of its answer, as medians: a picture, then again.

    The tokens are those of the second prompt; `runs` holds the seconds of both for every run.
    """

    first_s: float
    second_s: float
    image_tokens: int
    prompt_tokens: int
    cached_tokens: int
    runs: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One model on this machine; a model without eyes has no picture."""

    model: str
    name: str
    version: str
    n_ctx: int
    load_s: float
    prompt: tuple[Speed, ...]
    decode: Speed
    picture: PictureTurns | None
    memory: memory.Memory | None
    details: Mapping[str, Any]
    """What the engine says it used."""


def measure(app: App, model: str, say: Say) -> Report:
    """Load `model` ("" for the usual one) and measure it. Raises ModelError or EngineError."""
    found = app.library.find(model or app.default_model())
    say(f"Loading {found.name} …")
    begun = time.perf_counter()
    engine = app.pool.engine(found.id)
    load_s = time.perf_counter() - begun
    with tempfile.TemporaryDirectory(prefix="glmdesk-bench-") as folder:
        return report(Bench(engine=engine, folder=Path(folder), say=say), load_s)


def report(bench: "Bench", load_s: float) -> Report:
    """Every measurement of one engine. Raises EngineError."""
    info = bench.engine.info
    room = info.n_ctx - WRITTEN
    bench.warm()
    prompt = tuple(bench.prompt(size) for size in PROMPTS if size <= room)
    limits = limits_of(info)
    details = bench.engine.details if isinstance(bench.engine, LlamaEngine) else {}
    return Report(
        model=info.id,
        name=info.name,
        version=glmdesk.__version__,
        n_ctx=info.n_ctx,
        load_s=load_s,
        prompt=prompt or (bench.prompt(info.n_ctx // 2),),
        decode=bench.decode(),
        picture=bench.picture(_within(limits, room // 2)) if limits else None,
        memory=_memory(bench.engine),
        details=dict(details),
    )


def _within(limits: PictureLimits, most: int) -> PictureLimits:
    """No larger than a small context has room for."""
    least = limits.min_tokens
    return PictureLimits(min_tokens=least, max_tokens=max(least, min(limits.max_tokens, most)))


def _memory(engine: Engine) -> memory.Memory | None:
    if not isinstance(engine, LlamaEngine):
        return None
    return memory.of(engine.worker_pid, engine.details)


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """One answer; `seconds` from the question to its end."""

    text: str
    end: Finished
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The measurements, each the median of its runs. Pixels of pictures go into `folder`.

    Every method raises EngineError.
    """

    engine: Engine
    folder: Path
    say: Say
    rng: Random = field(default_factory=Random)

    def warm(self) -> None:
        """The first answer pays for what is done lazily."""
        self._hear((prompts.user(Text(text=COUNT)),), 8)

    def prompt(self, tokens: int) -> Speed:
        """Read prompts of about `tokens` tokens that share nothing."""
        what = f"Reading {tokens:,} tokens"
        ends = self._repeat(what, lambda: self._hear((self._text(tokens),), 1).end)
        runs = tuple(end.timings.prompt_tokens_per_s for end in ends)
        return Speed(tokens=ends[-1].usage.prompt_tokens, tokens_per_s=median(runs), runs=runs)

    def decode(self) -> Speed:
        """Write answers one after the other until there are enough tokens."""
        written = self._repeat(f"Writing {WRITTEN} tokens", self._write)
        runs = tuple(tokens / seconds if seconds else 0.0 for tokens, seconds in written)
        return Speed(tokens=written[-1][0], tokens_per_s=median(runs), runs=runs)

    def picture(self, limits: PictureLimits) -> PictureTurns:
        """Ask about a picture, then again; each run has another picture."""
        turns = self._repeat("Looking twice at a picture", lambda: self._look(limits))
        runs = tuple((first.seconds, second.seconds) for first, second in turns)
        usage = turns[-1][1].end.usage
        return PictureTurns(
            first_s=median(first for first, _ in runs),
            second_s=median(second for _, second in runs),
            image_tokens=usage.image_tokens,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            runs=runs,
        )

    def _text(self, tokens: int) -> Message:
        def price(message: Message) -> int:
            return self.engine.price(_request((message,), 1)).total

        return prompts.text_of(tokens, price, self.rng)

    def _write(self) -> tuple[int, float]:
        """Tokens, and the seconds from the first to the last of each answer."""
        tokens, seconds = 0, 0.0
        for _ in range(MOST_ANSWERS):
            end = self._hear((prompts.user(Text(text=COUNT)),), WRITTEN - tokens + 1).end
            gaps = end.usage.completion_tokens - 1
            if gaps > 0 and end.timings.tokens_per_s:
                tokens, seconds = tokens + gaps, seconds + gaps / end.timings.tokens_per_s
            if tokens >= WRITTEN:
                break
        return tokens, seconds

    def _look(self, limits: PictureLimits) -> tuple[_Heard, _Heard]:
        """One token is asked for, so that the end of an answer is the moment of its first token."""
        question = prompts.user(prompts.noise(self.folder, limits, self.rng), Text(text=LOOK))
        first = self._hear((question,), 1)
        answer = Message(
            role="assistant", parts=(Text(text=first.text or "Noise."),), tokens=first.end.tokens
        )
        return first, self._hear((question, answer, prompts.user(Text(text=LOOK_AGAIN))), 1)

    def _repeat(self, what: str, run: Callable[[], _Result]) -> list[_Result]:
        begun = time.perf_counter()
        results: list[_Result] = []
        while len(results) < RUNS:
            if len(results) >= FEWEST_RUNS and time.perf_counter() - begun > LONG_S:
                break
            self.say(f"{what}, run {len(results) + 1} …")
            results.append(run())
        return results

    def _hear(self, messages: tuple[Message, ...], max_tokens: int) -> _Heard:
        text = ""
        begun = time.perf_counter()
        for event in self.engine.stream(_request(messages, max_tokens), threading.Event()):
            match event:
                case Thinking() | Answer():
                    text += event.text
                case Failed():
                    raise rebuild(event.code, event.message)
                case Finished():
                    return _Heard(text=text, end=event, seconds=time.perf_counter() - begun)
        raise EngineError("The engine ended without an answer. Nothing was lost; try again.")


def _request(messages: tuple[Message, ...], max_tokens: int) -> Request:
    """Greedy and without guessing ahead, so that only the model's own speed is measured."""
    return Request(
        messages=messages,
        think="off",
        sampling=GREEDY,
        max_tokens=max_tokens,
        prompt_lookup=False,
    )
