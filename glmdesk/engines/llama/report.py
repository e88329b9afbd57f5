"""What llama.cpp says while it loads, put together: memory by part, where layers lie, why it failed.

llama.cpp has no call that gives these numbers to Python; they stand in its log lines only.
"""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

DEBUG, INFO, WARNING, ERROR, CONTINUED = 1, 2, 3, 4, 5
"""ggml's log levels."""

_BUFFER = re.compile(
    r"(?P<who>\w+): +(?P<device>\S+) +(?P<part>model|KV|RS|output|compute) buffer size = +"
    r"(?P<size>[\d.]+) MiB"
)
_FACTS = {
    "layers_on_gpu": re.compile(r"offloaded (\d+)/\d+ layers to GPU"),
    "layers": re.compile(r"offloaded \d+/(\d+) layers to GPU"),
    "load_mode": re.compile(r"\(load_mode = ([\w+]+)\)"),
    "cache_type_k": re.compile(r"llama_kv_cache: size = .*, K \((\w+)\)"),
    "cache_type_v": re.compile(r"llama_kv_cache: size = .*, V \((\w+)\)"),
    "projector_device": re.compile(r"CLIP using (\S+) backend"),
}
_USED = re.compile(r"using device (\S+) \(.*\) - \d+ MiB free")
_MOVED = re.compile(r"tensor blk\.(\d+)\.\S+ \(.*\) buffer type overridden to")
_FLASH = re.compile(
    r"llama_context: flash_attn += (enabled|disabled)|: Flash Attention (enabled|not)"
)
_PROJECTOR = re.compile(r"load_hparams: model size: +([\d.]+) MiB")
_NOT_LOCKED = re.compile(r"failed to mlock|failed to VirtualLock|mlock not supported")
_NEW_CONTEXT, _LOST_CONTEXT = "constructing llama_context", "failed to initialize the context"
_SPEAKER = re.compile(r"^(\w+: )+")
_EMPTY_WORDS = re.compile(r"^(error loading model|failed to initialize the context)\w*: ")
_SAYS_LITTLE = re.compile(r"^failed to load model|^failed to read|^failed to create context")
_NO_MEMORY = re.compile(
    r"out of memory|unable to allocate|failed to allocate|cudaMalloc|bad_alloc|not enough (space|memory)",
    re.IGNORECASE,
)
_TOWER = "reserve_compute_meta"


class LoadReport:
    """Collects the log lines of one load. Any thread may add one."""

    def __init__(self) -> None:
        self._half = ""
        self._facts: dict[str, Any] = {}
        self._weights: dict[str, int] = {}
        self._contexts: list[dict[str, dict[str, int]]] = []
        self._tower: dict[str, int] = {}
        self._devices: list[str] = []
        self._moved: set[int] = set()
        self._errors: deque[str] = deque(maxlen=20)

    def add(self, level: int, text: str) -> None:
        """A piece of the log; only whole lines count, and they may come in pieces."""
        if level != CONTINUED and self._half:
            self._half = ""
        *lines, self._half = (self._half + text).split("\n")
        for line in lines:
            self._read(level, line)

    def _read(self, level: int, line: str) -> None:
        if level == ERROR:
            self._errors.append(line)
        if found := _BUFFER.search(line):
            self._take_buffer(found)
        elif _NEW_CONTEXT in line:
            self._contexts.append({})
        elif found := _MOVED.search(line):
            self._moved.add(int(found[1]))
        elif level > DEBUG:
            self._take_fact(line)
        if _LOST_CONTEXT in line and self._contexts:
            self._contexts.pop()

    def _take_buffer(self, found: re.Match[str]) -> None:
        device, part, size = found["device"], found["part"], _bytes(found["size"])
        if part == "model":
            self._weights[device] = self._weights.get(device, 0) + size
        elif found["who"] == _TOWER:
            self._tower[device] = size
        elif self._contexts:
            kind = {"KV": "cache", "RS": "cache"}.get(part, part)
            sizes = self._contexts[-1].setdefault(kind, {})
            sizes[device] = size + (sizes.get(device, 0) if kind == "cache" else 0)

    def _take_fact(self, line: str) -> None:
        for name, pattern in _FACTS.items():
            if found := pattern.search(line):
                value = found[1]
                self._facts[name] = int(value) if value.isdecimal() else value
        if found := _FLASH.search(line):
            self._facts["flash_attention"] = "enabled" in (found[1], found[2])
        if found := _USED.search(line):
            self._devices.append(found[1])
        if found := _PROJECTOR.search(line):
            self._facts["projector"] = _bytes(found[1])
        if _NOT_LOCKED.search(line):
            self._facts["locked"] = False

    def report(self) -> Mapping[str, Any]:
        """Plain values; sizes in bytes, to 0.01 MiB, by the name of the device's buffer.

        `weights`, `cache`, `compute`, `output`: what lies where. `projector`, `projector_compute`,
        `projector_device`; `total` of all these. `devices` in use beside the CPU, `layers_on_gpu` of
        `layers`, `expert_layers_on_cpu`, `flash_attention`, `cache_type_k`, `cache_type_v`, `load_mode`;
        `locked` is False when the system refused to keep the weights in memory.
        """
        parts = {"weights": self._weights} | {
            kind: _sum([context.get(kind, {}) for context in self._contexts])
            for kind in ("cache", "compute", "output")
        }
        tower = {"projector_compute": dict(self._tower)} if self._tower else {}
        total = sum(sum(sizes.values()) for sizes in (*parts.values(), self._tower))
        return {
            **{kind: dict(sizes) for kind, sizes in parts.items()},
            **tower,
            "devices": list(self._devices),
            "layers_on_gpu": 0,
            "expert_layers_on_cpu": len(self._moved),
            **self._facts,
            "total": total + int(self._facts.get("projector", 0)),
        }

    def reason(self) -> str:
        """Why llama.cpp failed, in its own words, as "unknown model architecture: 'glm9'"; or ""."""
        said = [_EMPTY_WORDS.sub("", _SPEAKER.sub("", line)).strip() for line in self._errors]
        said = [line for line in said if line and not _SAYS_LITTLE.search(line)]
        return next((line for line in said if _NO_MEMORY.search(line)), said[0] if said else "")

    @property
    def lacked_memory(self) -> bool:
        """Whether an allocation failed."""
        return any(_NO_MEMORY.search(line) for line in self._errors)


def _bytes(mebibytes: str) -> int:
    return round(float(mebibytes) * 1024 * 1024)


def _sum(sizes: list[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in sizes:
        for device, size in one.items():
            total[device] = total.get(device, 0) + size
    return total
