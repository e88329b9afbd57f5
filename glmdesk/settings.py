"""The settings of one installation: defaults, then settings.toml, then the environment."""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from glmdesk.errors import SettingsError
from glmdesk.paths import Paths, find

CacheType = Literal["", "f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]
"""How a model's cache keeps its numbers; "" is f16."""
FlashAttention = Literal["auto", "on", "off"]
LoadMode = Literal["auto", "mmap", "none", "mlock"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set; every field but `paths` is a key of settings.toml."""

    paths: Paths
    model: str = ""
    """Model id to start with; empty chooses the best one that is here."""
    port: int = 7860
    n_ctx: int = 0
    """Context in tokens; 0 takes the model's own, up to 16,384."""
    n_threads: int = 0
    """Threads of the engine; 0 takes the physical cores."""
    n_gpu_layers: int = -1
    """Layers on the GPU; -1 as many as llama.cpp decides."""
    n_slots: int = 0
    """Chats that are answered at once and share the context; 0 takes the model's own, or 4."""
    n_cpu_moe: int = 0
    """Layers whose experts stay on the CPU; -1 all; 0 takes the model's own."""
    devices: tuple[str, ...] = ()
    """Devices to use, by llama.cpp's names and in order; empty takes all, ["none"] the CPU alone."""
    tensor_split: tuple[float, ...] = ()
    """Each device's share of the layers; empty shares by free memory."""
    mmproj_offload: bool = True
    """Whether the vision projector runs on the GPU."""
    cache_type_k: CacheType = ""
    """Type of the cache's keys; empty takes the model's own, or f16."""
    cache_type_v: CacheType = ""
    """Type of the cache's values; one that begins with q needs flash attention."""
    flash_attn: FlashAttention = "auto"
    load_mode: LoadMode = "auto"
    """How weights are read: mapped, copied ("none"), or mapped and locked into memory ("mlock")."""
    mtp: bool = False
    """Guess ahead with a model's own NextN block, where its file has one."""
    prompt_lookup: bool = True
    """Guess ahead from what was read; never changes an answer."""
    state_cache_gb: int = 4
    """Disk for what was read of each chat, so that it opens at once; 0 saves nothing."""
    thinking_budget: int = 0
    """Tokens after which the thinking is closed; 0 is no limit."""
    keep_thinking: bool = False
    """Leave the thinking of earlier turns in the prompt, where the model's template can."""
    stock_history: bool = False
    """Render earlier turns as the template alone would; switching the thinking then costs a reading."""
    log_level: str = "info"


_LEVELS = ("debug", "info", "warning", "error")
_RANGES = {
    "port": range(65536),
    "n_ctx": range(1 << 30),
    "n_threads": range(1025),
    "n_gpu_layers": range(-1, 100_001),
    "n_slots": range(5),
    "n_cpu_moe": range(-1, 1001),
    "state_cache_gb": range(100_001),
    "thinking_budget": range(1 << 30),
}


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises SettingsError naming the file or variable and the key.
    """
    env = os.environ if environment is None else environment
    home, models = env.get("GLMDESK_HOME"), env.get("GLMDESK_MODELS_DIR")
    paths = find(Path(home) if home else None, Path(models) if models else None)
    values = _file_values(paths.settings)
    if level := env.get("GLMDESK_LOG"):
        values["log_level"] = level.lower()
    if values.get("log_level", "info") not in _LEVELS:
        source = "GLMDESK_LOG" if level else f"log_level in {paths.settings}"
        raise SettingsError(
            f"The log level {values['log_level']!r} ({source}) is not one of {', '.join(_LEVELS)}."
        )
    return Settings(paths=paths, **values)


def _file_values(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}). Check its permissions, or move it away to "
            "start with the defaults."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} is not valid TOML ({error}). Correct that line, or move the file away to start "
            "with the defaults; your chats are not touched."
        ) from error
    kinds = {field.name: field.type for field in fields(Settings) if field.name != "paths"}
    for key in values:
        if key not in kinds:
            raise SettingsError(f"{path} has an unknown key {key!r}. Known: {', '.join(kinds)}.")
    return {key: _checked(path, key, value, kinds[key]) for key, value in values.items()}


def _checked(path: Path, key: str, value: Any, kind: Any) -> Any:
    """The value as Settings keeps it: a list of the file becomes a tuple."""
    if wanted := _misfit(value, kind):
        raise SettingsError(f"{key} in {path} must be {wanted}, and is {value!r}.")
    if key in _RANGES and value not in _RANGES[key]:
        low, high = _RANGES[key].start, _RANGES[key].stop - 1
        raise SettingsError(f"{key} in {path} must be {low} to {high:,}, and is {value}.")
    if key == "tensor_split" and (min(value, default=0) < 0 or not sum(value) < math.inf):
        raise SettingsError(f"{key} in {path} must hold numbers of 0 or more, and is {value!r}.")
    return tuple(value) if isinstance(value, list) else value


def _misfit(value: object, kind: Any) -> str:
    """What the value must be; "" when it is that."""
    if get_origin(kind) is Literal:
        choices = [choice for choice in get_args(kind) if choice]
        return "" if value in get_args(kind) else f"one of {', '.join(choices)}"
    if get_origin(kind) is tuple:
        inner = (float, int) if get_args(kind)[0] is float else (str,)
        fits = isinstance(value, list) and all(type(one) in inner for one in value)
        return "" if fits else f"a list of {'numbers' if float in inner else 'names'}"
    return "" if type(value) is kind else f"a {kind.__name__}"
