"""A model that another program has put on this disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glmdesk.library.gguf import preflight

Owner = Literal["Hugging Face cache", "LM Studio", "Ollama"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Files that are read where they lie, and never written or removed by us."""

    owner: Owner
    publisher: str
    """Who made it, as the folder says: "ggml-org"; "" where nobody is named."""
    label: str
    """What the other program calls it: "ggml-org/GLM-4.6V-Flash-GGUF", "glm4:9b"."""
    stem: str
    """What the file is called, without suffix and shard number: "GLM-4.6V-Flash-Q4_K_M"."""
    model: Path
    mmproj: Path | None = None
    architecture: str = ""
    """As in its header; "" where the first bytes do not tell."""


def is_whole(model: Path) -> bool:
    """Whether every shard is there; what is in them is not looked at."""
    try:
        return all(part.is_file() for part in preflight.shards(model))
    except OSError:
        return False
