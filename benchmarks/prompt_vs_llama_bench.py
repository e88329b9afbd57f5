"""How fast a prompt is read until its first token arrives in the app, beside llama-bench."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear
from benchmarks.prose import prompt_of
from benchmarks.stage import Stage
from benchmarks.turns import rates, take_turns
from glmdesk.engines.base import Engine

N = 5
LEAST = 0.97
LENGTHS = (512, 2048)
CONTEXT = 4096
NAME = "prompt-vs-llama-bench"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure for each text model and length; the template, the pipe and one choice are in ours."""
    program = peers.find("llama-bench")
    for spec in stage.text_models(CONTEXT):
        for length in LENGTHS:
            name = f"{NAME}.{spec.id}-{length}"
            if program is None:
                yield peers.not_measured(name, "llama-bench", f">= {LEAST}")
                continue
            bench = peers.LlamaBench(program=program, model=spec.model, threads=spec.n_threads)
            with stage.engine(replace(spec, state=None)) as engine:
                pairs = take_turns(
                    _Reading(engine=engine, length=length).run,
                    partial(bench.reading, length),
                    options.count(N),
                )
            yield rates(name, pairs, LEAST, f"{spec.model.name}, {spec.n_threads} threads")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """Prompts of `length` tokens, each of other words from its first on."""

    engine: Engine
    length: int
    numbers: "count[int]" = field(default_factory=count)

    def run(self) -> float:
        """Tokens read a second, those already cached left out."""
        messages = prompt_of(self.engine, self.length, seed=next(self.numbers))
        heard = hear(self.engine, greedy(messages, max_tokens=1))
        return (heard.usage.prompt_tokens - heard.usage.cached_tokens) / heard.seconds
