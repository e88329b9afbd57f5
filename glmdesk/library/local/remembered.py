"""Verdicts on model files kept on disk, so that a start does not read every header again.

{"made_by": versions,
 "files": {path: [[[name, bytes, changed], ...], problem, notice, title, weights as `packed` has them,
                  damaged]}}

Whatever is not understood is forgotten: the file can always be made again.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from glmdesk import __version__
from glmdesk.library.fitting import packed
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import tree

Facts = tuple[tuple[str, int, int], ...]
"""Name, size and time of change of each of a model's files."""
_MAX_BYTES = 32 * 1024 * 1024
_MAX_FILES = 2_000


class Line(NamedTuple):
    """What is kept of one model, as in `Verdict`."""

    facts: Facts
    problem: str
    notice: str
    title: str
    weights: Weights | None = None
    damaged: bool = False


def made_by() -> str:
    """What may judge otherwise than before: this program, and the llama.cpp it comes with."""
    try:
        return f"{__version__} {metadata.version('llama-cpp-python')}"
    except metadata.PackageNotFoundError:
        return __version__


def read(path: Path) -> dict[Path, Line]:
    """Empty when there is none, or one that another version made."""
    try:
        values: Any = json.loads(tree.read_small(path, _MAX_BYTES))
        if values["made_by"] != made_by():
            return {}
        return {Path(name): _line(line) for name, line in values["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write(path: Path, lines: Mapping[Path, Line]) -> None:
    """The newest are kept; a disk that takes nothing costs nothing but time."""
    kept = dict(list(lines.items())[-_MAX_FILES:])
    text = json.dumps(
        {"made_by": made_by(), "files": {str(one): _plain(kept[one]) for one in kept}}
    )
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeEncodeError):
        with contextlib.suppress(OSError):
            fresh.unlink()


def _line(values: Any) -> Line:
    facts, problem, notice, title, weights, damaged = values
    texts = all(isinstance(text, str) for text in (problem, notice, title))
    if not texts or not isinstance(damaged, bool):
        raise ValueError("not as we write it")
    known = tuple((str(name), int(size), int(changed)) for name, size, changed in facts)
    weighed = packed.unpack(weights) if weights else None
    return Line(known, problem, notice, title, weighed, damaged)


def _plain(line: Line) -> tuple[Any, ...]:
    *texts, weights, damaged = line
    return (*texts, packed.pack(weights) if weights else None, damaged)
