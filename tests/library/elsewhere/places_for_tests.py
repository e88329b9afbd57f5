"""Folders as other programs lay them out, filled with copies of small models."""

import hashlib
import json
import os
from pathlib import Path

from glmdesk.paths import shipped
from tests.library.gguf_editor import GgufFile

PICO = shipped("models") / "pico" / "pico-f16.gguf"
TOWER = shipped("models") / "pico" / "mmproj-pico-f16.gguf"


def model(path: Path, name: str = "", **values: str) -> Path:
    """A small model of its own: no other file has the same bytes or the same place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = GgufFile.read(PICO).set("general.name", name or path.stem, kind=8)
    for key, value in values.items():
        file.set(key.replace("__", "."), value, kind=8)
    return file.write(path)


def tower(path: Path, name: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return GgufFile.read(TOWER).set("general.name", name or path.stem, kind=8).write(path)


def cached(hub: Path, repository: str, commit: str, name: str, content: Path) -> Path:
    """As the Hugging Face cache keeps a file: a blob, and a link to it in a snapshot."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    digest = hashlib.sha256(content.read_bytes()).hexdigest()
    blob = folder / "blobs" / digest
    blob.parent.mkdir(parents=True, exist_ok=True)
    content.rename(blob)
    link = folder / "snapshots" / commit / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    return link


def pulled(root: Path, name: str, layers: dict[str, Path], **changed: object) -> Path:
    """As Ollama keeps a model: `layers` are of kinds ("model", "projector"); returns the manifest."""
    described = []
    for kind, content in layers.items():
        data = content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        blob = root / "blobs" / f"sha256-{digest}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        layer = {
            "mediaType": f"application/vnd.ollama.image.{kind}",
            "digest": f"sha256:{digest}",
            "size": len(data),
        }
        described.append(layer | changed)
    manifest = root / "manifests" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": described}))
    return manifest
