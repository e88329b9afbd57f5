"""How often pico is right on its exercises through the real worker, beside the table of its README."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import tools.pico
from benchmarks.exercises import request
from benchmarks.figure import Figure, Options
from benchmarks.hearing import hear
from benchmarks.stage import Stage
from glmdesk.engines.base import Engine
from tools.pico.evaluate import accuracy
from tools.pico.samples import Sample
from tools.pico.tasks import TASKS

N = 200
TOLERANCE = 4.0
"""Points below the table that are still within it."""

_ROW = re.compile(r"^\| `(t_\w+)` \|.*\| (\d+) % / (\d+) % \|$", re.MULTILINE)


def table() -> dict[tuple[str, bool], float]:
    """Per cent right per task and thinking, as tools/pico/README.md has it."""
    text = Path(tools.pico.__path__[0], "README.md").read_text(encoding="utf-8")
    rows = _ROW.findall(text)
    return {
        (task, think): float(value)
        for task, *values in rows
        for think, value in zip((False, True), values, strict=True)
    }


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """One figure per task and mode, then how many are below the table."""
    figures = []
    with stage.engine(stage.pico()) as engine:
        for (task, think), published in table().items():
            figures.append(_task(stage, engine, options, (task, think, published)))
            yield figures[-1]
    below = [figure for figure in figures if not figure.met]
    yield Figure(
        name="pico-accuracy",
        value=float(len(below)),
        unit=f"of {len(figures)}",
        target="0",
        met=not below,
        note="task and mode more than 4 points below the table; "
        f"mean {sum(figure.value or 0.0 for figure in figures) / len(figures):.1f} %, "
        f"table {sum(table().values()) / len(table()):.1f} %",
    )


def _task(stage: Stage, engine: Engine, options: Options, row: tuple[str, bool, float]) -> Figure:
    task, think, published = row
    n = options.count(N)
    rng = Random(f"{options.seed} {task} {think}")
    right = accuracy(partial(_answer, stage, engine), TASKS[task], n, rng, think)
    return Figure(
        name=f"pico-accuracy.{task[2:]}.{'on' if think else 'off'}",
        value=round(100 * right, 1),
        unit="% right",
        target=f">= {published - TOLERANCE:.0f}",
        peer=f"{published:.0f} (table)",
        met=100 * right >= published - TOLERANCE,
        note=f"n {n}",
    )


def _answer(stage: Stage, engine: Engine, sample: Sample, think: bool) -> str:
    return hear(engine, request(sample, think, stage)).answer
