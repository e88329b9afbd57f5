"""What the engine worker and its host say to each other; plain values, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glmdesk.engines.base import ModelInfo, Request
from glmdesk.messages import Event
from glmdesk.sampling import Sampling


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
    exact: bool = False
    """Keep the cache in f32 and leave flash attention out: rounding then depends far less on how a
    prompt was cut into batches. Twice the memory."""
    sampling: Sampling | None = None
    notice: str = ""


@dataclass(frozen=True, kw_only=True)
class Generate:
    job: int
    request: Request


@dataclass(frozen=True, kw_only=True)
class Cancel:
    job: int


@dataclass(frozen=True, kw_only=True)
class PriceOf:
    job: int
    request: Request


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
    job: int
    event: Event


@dataclass(frozen=True, kw_only=True)
class Priced:
    job: int
    per_message: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error with its code; `job` 0 means that loading failed."""

    job: int
    code: str
    message: str
