"""What this machine has: memory with the limits of its container, GPUs, cores, room on the disk."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

_GROUPS = Path("sys/fs/cgroup")
_UNLIMITED = 1 << 60
"""Version 1 of cgroups writes a number about this large where there is no limit."""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One device that llama.cpp gives layers to. Sizes in bytes."""

    name: str
    """As llama.cpp names it: "CUDA0", "Vulkan0", "Metal"."""
    description: str = ""
    kind: Literal["gpu", "igpu"] = "gpu"
    """igpu: part of the processor, so its memory is the machine's."""
    free: int = 0
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Sizes in bytes. `memory_free` is what programs can have now, files kept in memory included."""

    memory_total: int
    memory_free: int
    gpus: tuple[Gpu, ...] = ()
    unified: bool = False
    """GPU and processor share one memory, as on Apple's chips."""
    working_set: int = 0
    """What the GPU of such a machine may use of it; 0 where there is no limit of that kind."""
    cores: int = 1
    disk_free: int = 0

    def at_rest(self) -> "Machine":
        """The same machine with nothing running: what it can do, and not what it can do now."""
        gpus = tuple(replace(gpu, free=gpu.total) for gpu in self.gpus)
        return replace(self, memory_free=self.memory_total, gpus=gpus)

    def usable_gpus(self) -> tuple[Gpu, ...]:
        """Those that llama.cpp uses by itself: all GPUs, or else the first one in the processor."""
        found = tuple(gpu for gpu in self.gpus if gpu.total > 0)
        own = tuple(gpu for gpu in found if gpu.kind == "gpu")
        return own or found[:1]


def read_machine(gpus: Sequence[Gpu], folder: Path, root: Path = Path("/")) -> Machine:
    """This machine as it is now. `folder` is where models go; it need not be there yet."""
    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    for limit, used in _limits(root):
        total, free = min(total, limit), max(0, min(free, limit - used))
    unified = sys.platform == "darwin" and bool(gpus)
    return Machine(
        memory_total=total,
        memory_free=free,
        gpus=tuple(gpus),
        unified=unified,
        working_set=max(gpu.total for gpu in gpus) if unified else 0,
        cores=_cores(),
        disk_free=_disk_free(folder),
    )


def _limits(root: Path) -> Iterator[tuple[int, int]]:
    """The limit of each group this process is in, up to the topmost, and what is used of it."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, kinds, name = (*line.split(":", 2), "", "")[:3]
        if kinds == "":
            base, files = root / _GROUPS, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            base = root / _GROUPS / "memory"
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        for folder in _upwards(base, name):
            limit = _number(folder / files[0])
            if 0 < limit < _UNLIMITED:
                kept = _statistic(folder / "memory.stat", files[2])
                yield limit, max(0, _number(folder / files[1]) - kept)


def _upwards(base: Path, name: str) -> list[Path]:
    """A container may see its own group as the topmost, under a name that leads nowhere here."""
    own = base / name.lstrip("/")
    if ".." in Path(name).parts or not own.is_dir():
        return [base]
    return [own, *(parent for parent in own.parents if parent.is_relative_to(base))]


def _statistic(path: Path, name: str) -> int:
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdecimal():
            return int(value)
    return 0


def _number(path: Path) -> int:
    """0 for a file that is missing, or says "max"."""
    text = _text(path).strip()
    return int(text) if text.isdecimal() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _cores() -> int:
    """Physical cores that this process may use."""
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 0
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, min(physical, allowed or physical))


def _disk_free(folder: Path) -> int:
    for place in (folder.absolute(), *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return 0
