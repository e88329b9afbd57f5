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

from glmdesk.errors import ModelError
from glmdesk.library import gguf, remembered
from glmdesk.library.remembered import Facts

_PAUSE = 2.0
"""Seconds of rest for each second of checking: the page needs the processor too."""
_MAX_WAITING = 2_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is known of a file before llama.cpp opens it."""

    problem: str = ""
    """Why it cannot be loaded."""
    notice: str = ""
    """What a person must know of it."""
    title: str = ""
    """The model's name as its header has it."""


class Verdicts:
    """Checks model files. Safe to use from several threads."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` keeps what was found for the next start; without it all is forgotten."""
        self._file = file
        self._checked = {
            path: (facts, Verdict(problem=problem, notice=notice, title=title))
            for path, (facts, problem, notice, title) in (
                remembered.read(file) if file else {}
            ).items()
        }
        self._waiting: OrderedDict[Path, None] = OrderedDict()
        self._lock = threading.Lock()
        self._judging = threading.Lock()
        self._working = False
        self._changed = False

    def of(self, path: Path) -> Verdict:
        """Check now, unless none of the model's files has changed since it was checked."""
        try:
            facts = _facts(path)
        except OSError as error:
            return Verdict(problem=str(error.strerror))
        with self._judging:
            known = self._checked.get(path)
            if known is None or known[0] != facts:
                known = (facts, _judge(path))
                self._checked[path] = known
                self._changed = True
        return known[1]

    def known(self, path: Path) -> Verdict | None:
        """What an earlier check of the file as it is now said."""
        try:
            facts = _facts(path)
        except OSError as error:
            return Verdict(problem=str(error.strerror))
        known = self._checked.get(path)
        return known[1] if known and known[0] == facts else None

    @property
    def busy(self) -> bool:
        """Whether there is something left to check in the background."""
        return self._working

    def later(self, paths: Iterable[Path]) -> None:
        """Check these in the background, in this order, before what was asked for earlier; then write
        down what is known."""
        with self._lock:
            for path in reversed(list(islice(paths, _MAX_WAITING))):
                self._waiting[path] = None
                self._waiting.move_to_end(path, last=False)
            while len(self._waiting) > _MAX_WAITING:
                self._waiting.popitem()
            unwritten = self._changed and self._file is not None
            if (self._waiting or unwritten) and not self._working:
                self._working = True
                threading.Thread(target=self._work, name="header checks", daemon=True).start()

    def _work(self) -> None:
        while path := self._next():
            began = time.monotonic()
            self.of(path)
            time.sleep(min((time.monotonic() - began) * _PAUSE, _PAUSE))

    def _next(self) -> Path | None:
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popitem(last=False)[0]
                if not self._changed or not self._file:
                    self._working = False
                    return None
            self._write(self._file)

    def _write(self, file: Path) -> None:
        with self._judging:
            self._changed = False
            lines = {
                path: (facts, verdict.problem, verdict.notice, verdict.title)
                for path, (facts, verdict) in self._checked.items()
            }
        remembered.write(file, lines)


def _facts(path: Path) -> Facts:
    there = (file for file in gguf.shards(path) if file == path or file.exists())
    found = ((file.name, file.stat()) for file in there)
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _judge(path: Path) -> Verdict:
    try:
        header = gguf.read(path)
        gguf.check(header)
    except ModelError as error:
        return Verdict(problem=error.message)
    if header.is_projector:
        return Verdict(
            problem=f"{path.name} is a vision projector and no model. Put it beside its model, with "
            "mmproj in its name."
        )
    return Verdict(notice=gguf.notice(header), title=header.text("general.name"))
