"""How fast a prompt is read until its first token arrives in the app, beside llama-bench."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear
from benchmarks.prose import prompt_of
from benchmarks.stage import Stage
from benchmarks.turns import Pairs, rates, take_turns
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec

N = 5
LEAST = 0.97
LENGTHS = (512, 2048)
CONTEXT = 4096
NAME = "prompt-vs-llama-bench"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure for each text model and length. The pipe and one choice are in ours; the template and the
    tokenizer ran when the prompt was priced, as they do in the app."""
    program = peers.find("llama-bench")
    for spec in stage.text_models(CONTEXT):
        for length in LENGTHS:
            name = f"{NAME}.{spec.id}-{length}"
            if program is None:
                yield peers.not_measured(name, "llama-bench", f">= {LEAST}")
                continue
            with stage.engine(spec) as engine:
                pairs = _pairs(engine, spec, program, length, options.count(N))
            note = f"{spec.model.name}, {spec.n_threads} threads; {peers.version(program)}"
            yield rates(name, pairs, LEAST, note)


def _pairs(engine: Engine, spec: LoadSpec, program: Path, length: int, n: int) -> Pairs:
    bench = peers.LlamaBench(program=program, model=spec.model, threads=spec.n_threads)
    ours = _Reading(engine=engine, length=length)
    return take_turns(ours.run, partial(bench.reading, length), n)


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
