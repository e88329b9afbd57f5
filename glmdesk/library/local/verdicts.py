"""What the header check says of each model file: asked once for each state of a file, and remembered.

A large vocabulary makes one check take half a second, so what is not needed at once is checked in the
background, with pauses.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from glmdesk.errors import ModelDamaged, ModelError
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import preflight
from glmdesk.library.gguf.header import Header
from glmdesk.library.local import remembered
from glmdesk.library.local.remembered import Facts, Line

_PAUSE = 2.0
"""Seconds of rest for each second of checking: the page needs the processor too."""
_MAX_WAITING = 2_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is known of a file before llama.cpp opens it."""

    problem: str = ""
    """Why it cannot be loaded."""
    damaged: bool = False
    """Whether its bytes are to blame: the same file, fetched again, may be sound."""
    notice: str = ""
    """What a person must know of it."""
    title: str = ""
    """The model's name as its header has it."""
    weights: Weights | None = None
    """What it takes in memory, its projector included; None where that cannot be told."""


class Verdicts:
    """Checks model files. Safe to use from several threads."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` keeps what was found for the next start; without it all is forgotten."""
        self._file = file
        self._checked = {
            path: (line.facts, _as_kept(line))
            for path, line in (remembered.read(file) if file else {}).items()
        }
        self._waiting: OrderedDict[Path, Path | None] = OrderedDict()
        self._lock = threading.Lock()
        self._judging = threading.Lock()
        self._working = False
        self._changed = False

    def of(self, path: Path, mmproj: Path | None = None) -> Verdict:
        """Check now, unless none of the model's files has changed since it was checked."""
        try:
            facts = _facts(path, mmproj)
        except OSError as error:
            return Verdict(problem=str(error.strerror))
        with self._judging:
            known = self._checked.get(path)
            if known is None or known[0] != facts:
                known = (facts, _judge(path, mmproj))
                self._checked[path] = known
                self._changed = True
        return known[1]

    def known(self, path: Path, mmproj: Path | None = None) -> Verdict | None:
        """What an earlier check of the files as they are now said."""
        try:
            facts = _facts(path, mmproj)
        except OSError as error:
            return Verdict(problem=str(error.strerror))
        known = self._checked.get(path)
        return known[1] if known and known[0] == facts else None

    @property
    def busy(self) -> bool:
        """Whether there is something left to check in the background."""
        return self._working

    def later(self, models: Iterable[tuple[Path, Path | None]]) -> None:
        """Check these, each with its projector, in the background, in this order, before what was asked
        for earlier; then write down what is known."""
        with self._lock:
            for path, mmproj in reversed(list(islice(models, _MAX_WAITING))):
                self._waiting[path] = mmproj
                self._waiting.move_to_end(path, last=False)
            while len(self._waiting) > _MAX_WAITING:
                self._waiting.popitem()
            unwritten = self._changed and self._file is not None
            if (self._waiting or unwritten) and not self._working:
                self._working = True
                threading.Thread(target=self._work, name="header checks", daemon=True).start()

    def save(self) -> None:
        """Write down what is known, for a process that ends before the background is done."""
        if self._file and self._changed:
            self._write(self._file)

    def _work(self) -> None:
        while model := self._next():
            began = time.monotonic()
            self.of(*model)
            time.sleep(min((time.monotonic() - began) * _PAUSE, _PAUSE))

    def _next(self) -> tuple[Path, Path | None] | None:
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popitem(last=False)
                if not self._changed or not self._file:
                    self._working = False
                    return None
            self._write(self._file)

    def _write(self, file: Path) -> None:
        with self._judging:
            self._changed = False
            lines = {path: _line(facts, one) for path, (facts, one) in self._checked.items()}
        remembered.write(file, lines)


def _line(facts: Facts, verdict: Verdict) -> Line:
    return Line(
        facts, verdict.problem, verdict.notice, verdict.title, verdict.weights, verdict.damaged
    )


def _as_kept(line: Line) -> Verdict:
    return Verdict(
        problem=line.problem, damaged=line.damaged, notice=line.notice, title=line.title,
        weights=line.weights,
    )  # fmt: skip


def _facts(path: Path, mmproj: Path | None) -> Facts:
    beside = [mmproj] if mmproj and mmproj.exists() else []
    there = [file for file in preflight.shards(path) if file == path or file.exists()] + beside
    found = ((file.name, file.stat()) for file in there)
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _judge(path: Path, mmproj: Path | None) -> Verdict:
    try:
        header = preflight.read(path)
        preflight.check(header)
    except ModelError as error:
        return Verdict(problem=error.message, damaged=isinstance(error, ModelDamaged))
    if header.is_projector:
        return Verdict(
            problem=f"{path.name} is a vision projector and no model. Put it beside its model, with "
            "mmproj in its name."
        )
    return Verdict(
        notice=preflight.notice(header), title=header.text("general.name"),
        weights=weigh(header, mmproj),
    )  # fmt: skip


def weigh(header: Header, mmproj: Path | None) -> Weights | None:
    """None where a header cannot be understood."""
    try:
        others = [preflight.read(part) for part in preflight.shards(header.path)[1:]]
        tower = preflight.read(mmproj) if mmproj else None
        return Weights.from_headers([header, *others], tower)
    except (ModelError, OSError, ValueError):
        return None
