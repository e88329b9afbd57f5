"""Where other programs keep models: by their own variables, settings and defaults."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import Template

from glmdesk.library.gguf import tree

_MAX_SETTINGS = 1024 * 1024
_MAX_POINTER = 4096


@dataclass(frozen=True, kw_only=True)
class Places:
    """The folders of other programs; they need not exist."""

    hub: tuple[Path, ...] = ()
    lm_studio: tuple[Path, ...] = ()
    ollama: tuple[Path, ...] = ()

    def owner(self, path: Path) -> str:
        """The program in whose folder a path lies, itself or where its link leads; "" for none."""
        names = {"Hugging Face": self.hub, "LM Studio": self.lm_studio, "Ollama": self.ollama}
        own = (path.absolute(), Path(os.path.realpath(path)))
        for name, roots in names.items():
            for root in chain(roots, (Path(os.path.realpath(root)) for root in roots)):
                if any(one.is_relative_to(root) for one in own):
                    return name
        return ""


def find(environment: Mapping[str, str], home: Path) -> Places:
    """The folders that those programs themselves would use in this environment."""
    chosen = environment.get("OLLAMA_MODELS", "").strip()
    usual = (home / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models"))
    return Places(
        hub=(_hub(environment, home),),
        lm_studio=tuple(dict.fromkeys(_lm_studio(environment, home))),
        ollama=(_expanded(chosen, environment, home),) if chosen else usual,
    )


def _hub(environment: Mapping[str, str], home: Path) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if given := environment.get(name, "").strip():
            return _expanded(given, environment, home)
    if given := environment.get("HF_HOME", "").strip():
        return _expanded(given, environment, home) / "hub"
    if given := environment.get("XDG_CACHE_HOME", "").strip():
        return _expanded(given, environment, home) / "huggingface" / "hub"
    return home / ".cache" / "huggingface" / "hub"


def _expanded(text: str, environment: Mapping[str, str], home: Path) -> Path:
    text = Template(text).safe_substitute(environment)
    return home / text[2:] if text.startswith(("~/", "~\\")) else Path(text).absolute()


def _lm_studio(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """A file in the home may name another place for all of it, and its settings one for models."""
    pointer = tree.read_small(home / ".lmstudio-home-pointer", _MAX_POINTER)
    moved = pointer.decode(errors="replace").strip()
    homes = [home / ".lmstudio", home / ".cache" / "lm-studio"]
    homes = [Path(moved), *homes] if _is_folder_name(moved) else homes
    settings = [home / ".config", home / "Library" / "Application Support"]
    if roaming := environment.get("APPDATA", ""):
        settings.append(Path(roaming))
    for folder in (*homes, *(one / "LM Studio" for one in settings)):
        chosen = _setting(folder / "settings.json", "downloadsFolder")
        if _is_folder_name(chosen):
            yield Path(chosen)
    yield from (folder / "models" for folder in homes)


def _setting(path: Path, name: str) -> str:
    try:
        values = json.loads(tree.read_small(path, _MAX_SETTINGS))
    except (ValueError, RecursionError):
        return ""
    found = values.get(name) if isinstance(values, dict) else None
    return found if isinstance(found, str) else ""


def _is_folder_name(text: str) -> bool:
    """Not the root of the disk, which nobody has as a folder of models."""
    return text.isprintable() and Path(text).is_absolute() and Path(text) != Path(Path(text).anchor)
