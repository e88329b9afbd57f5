"""The settings of one installation: defaults, then settings.toml, then the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from glmdesk.errors import SettingsError
from glmdesk.paths import Paths, find


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
    log_level: str = "info"


_LEVELS = ("debug", "info", "warning", "error")
_RANGES = {
    "port": range(65536),
    "n_ctx": range(1 << 30),
    "n_threads": range(1025),
    "n_gpu_layers": range(-1, 100_001),
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
    for key, value in values.items():
        if key not in kinds:
            raise SettingsError(f"{path} has an unknown key {key!r}. Known: {', '.join(kinds)}.")
        if type(value) is not kinds[key]:
            raise SettingsError(
                f"{key} in {path} must be a {getattr(kinds[key], '__name__', kinds[key])}, "
                f"and is {value!r}."
            )
        if key in _RANGES and value not in _RANGES[key]:
            low, high = _RANGES[key].start, _RANGES[key].stop - 1
            raise SettingsError(f"{key} in {path} must be {low} to {high:,}, and is {value}.")
    return values
