"""What the engine worker and its host say to each other; plain values, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from glmdesk.engines.base import ModelInfo, Request
from glmdesk.messages import Event
from glmdesk.sampling import Sampling

CacheType = Literal["", "f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


@dataclass(frozen=True, kw_only=True)
class StateSpec:
    """Where the caches of chats are saved, the key that seals them, and the bytes they may take."""

    folder: Path
    key: bytes = field(repr=False)
    limit: int


@dataclass(frozen=True, kw_only=True)
class LoadSpec:
    """Which files to load, and how. Zero or -1 leaves the choice to the worker."""

    id: str
    name: str
    model: Path
    mmproj: Path | None = None
    n_ctx: int = 0
    n_threads: int = 0
    n_gpu_layers: int = -1
    image_min_tokens: int = 0
    image_max_tokens: int = 0
    image_ceiling_tokens: int = 0
    exact: bool = False
    """Keep the cache in f32 and leave flash attention out: rounding then depends far less on how a
    prompt was cut into batches. Twice the memory."""
    sampling: Sampling | None = None
    notice: str = ""
    max_tokens: int = 0
    n_slots: int = 4
    """Chats that share the context."""
    devices: tuple[str, ...] = ()
    """Names of llama.cpp's devices to use, in order; none: all of them."""
    tensor_split: tuple[float, ...] = ()
    """Each device's share of the layers."""
    n_cpu_moe: int = 0
    """Layers whose experts stay on the CPU; -1: those of every layer."""
    mmproj_offload: bool = True
    """The projector runs on the GPU, where there is one."""
    cache_type_k: CacheType = ""
    cache_type_v: CacheType = ""
    flash_attn: Literal["auto", "on", "off"] = "auto"
    load_mode: Literal["auto", "mmap", "none", "mlock"] = "auto"
    mtp: bool = False
    """Guess ahead with the file's own NextN block."""
    state: StateSpec | None = None


@dataclass(frozen=True, kw_only=True)
class Generate:
    job: int
    request: Request


@dataclass(frozen=True, kw_only=True)
class Cancel:
    job: int


@dataclass(frozen=True, kw_only=True)
class AnswerNow:
    """Close the thinking of a job."""

    job: int


@dataclass(frozen=True, kw_only=True)
class Forget:
    """Drop what was read of a chat, in memory and on disk."""

    conversation: str


@dataclass(frozen=True, kw_only=True)
class PriceOf:
    job: int
    request: Request


@dataclass(frozen=True, kw_only=True)
class CountOf:
    """How many tokens each text is."""

    job: int
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Close:
    pass


@dataclass(frozen=True, kw_only=True)
class Loading:
    """`progress` runs from 0 to 1."""

    progress: float


@dataclass(frozen=True, kw_only=True)
class Loaded:
    info: ModelInfo
    details: Mapping[str, Any]
    """What was really used: threads, devices, sizes. For `doctor` and the log."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What a job said in one step."""

    job: int
    events: tuple[Event, ...]


@dataclass(frozen=True, kw_only=True)
class Priced:
    job: int
    per_message: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Counted:
    job: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error with its code; `job` 0 means that loading failed."""

    job: int
    code: str
    message: str
