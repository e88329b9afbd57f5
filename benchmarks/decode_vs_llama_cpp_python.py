"""Tokens a second of the worker, beside the high-level llama-cpp-python with the same file and prompt."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

from benchmarks.decode_vs_llama_bench import PROMPT, TOKENS, write
from benchmarks.figure import Figure, Options
from benchmarks.stage import CONTEXT, Stage
from benchmarks.turns import rates, take_turns
from glmdesk.engines.llama.protocol import LoadSpec

N = 9
LEAST = 1.05
NAME = "decode-vs-llama-cpp-python"


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure for each text model."""
    for spec in stage.text_models():
        with stage.engine(spec) as engine, _peer(spec) as peer:
            pairs = take_turns(partial(write, engine), peer.run, options.count(N))
        note = f"{spec.model.name}, {spec.n_threads} threads, {TOKENS} tokens"
        yield rates(f"{NAME}.{spec.id}", pairs, LEAST, note)


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
