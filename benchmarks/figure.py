"""What a figure is: a number with its unit, its target and what a peer reaches."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from benchmarks.stage import Stage

SEED = 20261125


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the report. `value` None: not measured, the note says why."""

    name: str
    value: float | None
    unit: str
    target: str = ""
    peer: str = ""
    met: bool | None = None
    """None where nothing is promised."""
    note: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much to measure: `n` 0 leaves the number of repetitions to each figure."""

    n: int = 0
    seed: int = SEED

    def count(self, usual: int) -> int:
        return self.n or usual


Measure = Callable[[Stage, Options], Iterator[Figure]]
"""What every file of a figure has under the name `measure`."""
