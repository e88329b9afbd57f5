"""Models in Ollama's store, read without asking Ollama.

<models>/manifests/<registry>/<namespace>/<model>/<tag>     JSON with the layers of a model
<models>/blobs/sha256-<digest>                              a layer: here a GGUF file without a suffix

A manifest comes from the network: a digest is used only when it is one, never as a path.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glmdesk.library.elsewhere.found import Found
from glmdesk.library.gguf import tree

_MODEL = "application/vnd.ollama.image.model"
_PROJECTOR = "application/vnd.ollama.image.projector"
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})", re.ASCII)
_DEPTH = 3
_PARTS = 4
_MAX_MANIFEST = 1024 * 1024
_MAX_LAYERS = 256
_DEFAULT = ("registry.ollama.ai", "library")


def find(root: Path) -> Iterator[Found]:
    """Every model that is one GGUF file, and complete by its manifest."""
    manifests = root / "manifests"
    for path in tree.files(manifests, _DEPTH, suffix=""):
        parts = path.relative_to(manifests).parts
        layers = _layers(path) if len(parts) == _PARTS else []
        models = [layer for layer in layers if layer.get("mediaType") == _MODEL]
        model = _blob(root, models[0]) if len(models) == 1 else None
        if model:
            projectors = [layer for layer in layers if layer.get("mediaType") == _PROJECTOR]
            mmproj = _blob(root, projectors[0]) if len(projectors) == 1 else None
            yield _found(parts, model, mmproj)


def _found(parts: tuple[str, ...], model: Path, mmproj: Path | None) -> Found:
    registry, namespace, name, tag = parts
    usual = (registry, namespace) == _DEFAULT
    shown = name if usual else f"{namespace}/{name}"
    return Found(
        owner="Ollama", publisher="" if usual else namespace, label=f"{shown}:{tag}",
        stem=f"{name}-{tag}", model=model, mmproj=mmproj,
    )  # fmt: skip


def _layers(path: Path) -> list[dict[str, Any]]:
    try:
        manifest = json.loads(tree.read_small(path, _MAX_MANIFEST))
    except (ValueError, RecursionError):
        return []
    layers = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(layers, list) or len(layers) > _MAX_LAYERS:
        return []
    return [layer for layer in layers if isinstance(layer, dict)]


def _blob(root: Path, layer: dict[str, Any]) -> Path | None:
    """The file of a layer, when it is there in full length."""
    digest = _DIGEST.fullmatch(str(layer.get("digest", "")))
    if not digest:
        return None
    for name in (f"sha256-{digest[1]}", f"sha256:{digest[1]}"):
        path = root / "blobs" / name
        if tree.is_true(path.is_file) and _is_complete(path, layer.get("size")):
            return path
    return None


def _is_complete(path: Path, size: object) -> bool:
    try:
        return not isinstance(size, int) or path.stat().st_size == size
    except OSError:
        return False
