"""What a token costs beyond llama.cpp itself: the worker, the pipe, the parser and the events."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from statistics import median

from llama_cpp import llama_cpp as llama

from benchmarks.bare_model import BareModel
from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.stage import Stage
from glmdesk.engines.base import Engine

N = 15
TARGET_US = 50.0
PROMPT = "Count to 50."
PROMPT_TOKENS, TOKENS = 16, 140
"""What the worker reads and writes for this prompt; the bare loop does the same."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Microseconds a token, the median of differences between two runs that follow one another."""
    for threads in (1, 2):
        yield _figure(stage, options, threads)


def _figure(stage: Stage, options: Options, threads: int) -> Figure:
    spec = stage.pico(threads)
    with stage.engine(spec) as engine, closing(BareModel(replace(spec, mmproj=None))) as bare:
        pairs = [(_worker(engine), _bare(bare)) for _ in range(1 + options.count(N))][1:]
    cost = median(worker - bare for worker, bare in pairs)
    worker, loop = (median(pair[side] for pair in pairs) for side in (0, 1))
    return Figure(
        name="token-overhead" if threads == 1 else f"token-overhead.{threads}-threads",
        value=cost,
        unit="µs a token",
        target=f"<= {TARGET_US:.0f}" if threads == 1 else "",
        peer=f"{loop:.0f} µs a token (bare loop)",
        met=cost <= TARGET_US if threads == 1 else None,
        note=f"worker {worker:.0f} µs a token; pico, {threads} threads, n {len(pairs)}",
    )


def _worker(engine: Engine) -> float:
    heard = hear(engine, greedy([user(PROMPT)]))
    return 1e6 / heard.tokens_per_s


def _bare(bare: BareModel) -> float:
    """llama_decode and the greedy choice, nothing else."""
    context = bare.model.context
    bare.clear()
    bare.decode(range(1, 1 + PROMPT_TOKENS))
    token = (llama.llama_token * 1)(int(bare.logits().argmax()))
    begun = time.perf_counter()
    for _ in range(TOKENS):
        llama.llama_decode(context, llama.llama_batch_get_one(token, 1))
        token[0] = int(bare.logits().argmax())
    return 1e6 * (time.perf_counter() - begun) / TOKENS
