"""Measure how often pico is right, whatever engine runs it.

Needs a function that answers a sample, thinking or not; gives the share of right answers per task.
The function hands back the answer alone: no thinking, and up to the turn's end.

    python -m benchmarks pico-accuracy
"""

from collections.abc import Callable, Mapping
from random import Random

from tools.pico.samples import Sample, Task

Answer = Callable[[Sample, bool], str]
"""(sample, think) -> the whole answer."""


def evaluate(
    answer: Answer, tasks: Mapping[str, Task], n: int, seed: int
) -> dict[str, dict[bool, float]]:
    """Accuracy per task without (False) and with (True) thinking, on `n` fresh samples for each."""
    rng = Random(seed)
    return {
        name: {think: accuracy(answer, task, n, rng, think) for think in (False, True)}
        for name, task in tasks.items()
    }


def accuracy(answer: Answer, task: Task, n: int, rng: Random, think: bool) -> float:
    """The share of `n` new samples of a task that are answered right."""
    samples = (task(rng) for _ in range(n))
    return sum(is_right(answer(sample, think), sample.answer) for sample in samples) / n


def is_right(got: str, expected: str) -> bool:
    """The whole answer, exactly; after a tool call an engine may have read on."""
    got = got.strip()
    return got == expected or (expected.startswith("<tool_call>") and got.startswith(expected))
