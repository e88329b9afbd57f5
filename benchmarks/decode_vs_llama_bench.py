"""Tokens a second of one answer as they arrive in the app, beside llama-bench with the same file."""

from collections.abc import Iterator
from functools import partial

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.stage import Stage
from benchmarks.turns import rates, take_turns
from glmdesk.engines.base import Engine, Request
from glmdesk.engines.llama.protocol import LoadSpec

N = 7
LEAST = 0.97
TOKENS = 128
PROMPT = "Tell me a long story about a river and the people who live beside it."
NAME = "decode-vs-llama-bench"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure for each text model, both after as many tokens of prompt. Nothing is guessed ahead:
    llama-bench does not either."""
    program = peers.find("llama-bench")
    for spec in stage.text_models():
        name = f"{NAME}.{spec.id}"
        if program is None:
            yield peers.not_measured(name, "llama-bench", f">= {LEAST}")
            continue
        bench = peers.LlamaBench(program=program, model=spec.model, threads=spec.n_threads)
        with stage.engine(spec) as engine:
            depth = engine.price(_request()).total
            pairs = take_turns(
                partial(write, engine), partial(bench.writing, TOKENS, depth), options.count(N)
            )
        yield rates(name, pairs, LEAST, note(spec, f"{TOKENS} tokens; {peers.version(program)}"))


def write(engine: Engine) -> float:
    """Tokens a second of one greedy answer, from its first piece of text to its last."""
    return hear(engine, _request()).tokens_per_s


def _request() -> Request:
    return greedy([user(PROMPT)], think="auto", max_tokens=TOKENS)


def note(spec: LoadSpec, text: str) -> str:
    return f"{spec.model.name}, {spec.n_threads} threads, {text}"
