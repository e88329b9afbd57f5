"""Files changed at random, and bombs: each must end in a document or a sentence, and the app stay well."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import psutil

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.documents.processes.seat import LIMITS
from glmdesk.documents.reader import Reader
from tests.documents.corpus.bomb import Bomb
from tests.documents.corpus.bombs import bombs
from tests.documents.corpus.mutations import mutants
from tests.documents.corpus.tried import Trial, Trier, kill_one

N = 3000
KILLS = 20
"""Children killed over their work, besides those that the files cost."""
PATIENCE_S = 10.0
"""What the reader gives a page here, less than in the app, so that endless files end sooner."""
STEPS = 6
"""Ways in that a file goes through, each of which may use up the patience."""
SPARE_S = 1.0
GROWTH = 200 * 2**20
"""Bytes of real memory that the app's process may have gained in the end."""


@dataclass
class _Count:
    """What came of all files."""

    endings: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    spares: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    memory: int = 0

    def add(self, name: str, trial: Trial) -> None:
        self.endings[trial.ending] += 1
        self.faults += [f"{name} {fault}" for fault in trial.faults]
        self.spares += trial.spare_s
        self.slowest = max(self.slowest, (trial.seconds, name))
        self.memory = max(self.memory, trial.memory)
        if trial.seconds > STEPS * PATIENCE_S:
            self.faults.append(f"{name} took {trial.seconds:.0f} s")
        if trial.memory > LIMITS.memory:
            self.faults.append(f"{name} took {trial.memory / 2**20:.0f} MiB")


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Files that ended in another way, and how soon the spare read the next file."""
    own = psutil.Process()
    count = _Count()
    with closing(Reader(stage.paths, timeout_s=PATIENCE_S)) as reader:
        trier = Trier(reader=reader, folder=stage.folder)
        before = own.memory_info().rss
        for mutant in mutants(options.seed, options.count(N)):
            count.add(f"{mutant.number} ({mutant.name})", trier.attempt(mutant.name, mutant.data))
        grown = own.memory_info().rss - before
        for bomb in bombs():
            trial = trier.attempt(bomb.name, bomb.make())
            count.add(bomb.name, trial)
            count.faults += _wrong_end(bomb, trial)
        count.spares += [kill_one(reader, stage.folder) for _ in range(KILLS)]
    if grown > GROWTH:
        count.faults.append(f"this process grew by {grown / 2**20:.0f} MiB")
    yield _ends(count, options.count(N))
    yield _spare(count)


def _wrong_end(bomb: Bomb, trial: Trial) -> list[str]:
    if bomb.pages and trial.pages != bomb.pages:
        return [f"{bomb.name} has {trial.pages} pages: {trial.sentence}"]
    if bomb.pages and not re.search(bomb.note, trial.note):
        return [f"{bomb.name} says {trial.note!r}"]
    if bomb.refused and trial.kind != bomb.refused.code:
        return [f"{bomb.name} ended as {trial.kind or 'read'}: {trial.sentence}"]
    return []


def _ends(count: _Count, number: int) -> Figure:
    seconds, slowest = count.slowest
    ended = (
        f"{number:,} changed files and {len(bombs())} bombs: {count.endings['read']:,} read, "
        f"{count.endings['refused']:,} refused with a sentence, "
        f"{len(count.spares) - KILLS} children lost"
    )
    limits = (
        f"the slowest, {slowest}, took {seconds:.1f} s; "
        f"a child held at most {count.memory / 2**20:,.0f} MiB"
    )
    return Figure(
        name="mutated-files",
        value=float(len(count.faults)),
        unit="faults",
        target="0",
        met=not count.faults,
        note="; ".join([ended, limits, *count.faults[:5]]),
    )


def _spare(count: _Count) -> Figure:
    longest = max(count.spares, default=None)
    return Figure(
        name="mutated-files.spare",
        value=longest,
        unit="s",
        target=f"< {SPARE_S:g}",
        met=None if longest is None else longest < SPARE_S,
        note=f"the longest of {len(count.spares)} waits for the next file after a child was lost; "
        f"{KILLS} of them were killed over their work",
    )
