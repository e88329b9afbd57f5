"""How much memory an engine takes: what llama.cpp reports by part, and what its process holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True, kw_only=True)
class Memory:
    """In bytes. What is mapped from the model's file counts for the process once it was read."""

    parts: Mapping[str, int]
    process: int
    process_peak: int


def of(pid: int, details: Mapping[str, Any]) -> Memory | None:
    """The memory of the worker `pid`, and of its parts as `details` has them; None when it ended."""
    try:
        now = psutil.Process(pid).memory_info()
    except psutil.Error:
        return None
    peak = max(now.rss, getattr(now, "peak_wset", 0), _high_water(pid))
    parts = dict(_flat(details.get("memory", {})))
    return Memory(parts=parts, process=now.rss, process_peak=peak)


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, int]]:
    """Every number below `values`, by the path that leads to it: "weights, CPU"."""
    for name, value in values.items():
        path = f"{above}, {name}" if above else str(name)
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield path, value


def _high_water(pid: int) -> int:
    """The peak as Linux counts it, in bytes; 0 elsewhere."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) * 1024 for words in lines if words[:1] == ["VmHWM:"]), 0)
