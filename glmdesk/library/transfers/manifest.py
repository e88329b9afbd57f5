"""What a model's folder says of itself once it is complete: `.glmdesk.json`, with a hash of every 4 MiB of
every file, and where to get it again."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from glmdesk.errors import ModelDamaged, ModelMissing
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.references import Source
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import journal as journals

NAME = ".glmdesk.json"
VERSION = 1
Origin = Source | Literal[""]
"""The hub; "" for files that a person took in from this computer."""
HUBS: Mapping[Source, str] = {"hf": "Hugging Face", "ms": "ModelScope"}


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """One file beside the manifest. `path` is its place in the repository."""

    name: str
    path: str
    size: int
    sha256: str
    blocks: str
    """As in the journal."""
    confirmed: bool
    """Whether the source gave this sha256; else it is only what came."""
    mmproj: bool = False


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Where a model came from, and what it must look like."""

    id: str
    name: str
    source: Origin
    repository: str
    """"" where there is no hub."""
    commit: str
    revision: str = "main"
    quant: str = ""
    files: tuple[FileRecord, ...]

    @property
    def confirmed(self) -> bool:
        """Whether the source vouched for every file."""
        return all(file.confirmed for file in self.files)

    @property
    def origin(self) -> str:
        """ "from owner/name at Hugging Face", for a sentence."""
        if not self.source:
            return "taken in from this computer"
        return f"from {self.repository} at {HUBS[self.source]}"

    def item(self) -> Item:
        """What to ask a hub for to get the same files again. Raises UnsafeName, and ModelMissing where no
        hub has them."""
        if not self.source:
            raise ModelMissing(
                f"{self.id} was taken in from this computer, so there is no hub to fetch it from again. "
                "Import or download it anew."
            )
        remote = {
            file: RemoteFile(path=file.path, size=file.size, sha256=file.sha256)
            for file in self.files
        }
        towers = [remote[file] for file in self.files if file.mmproj]
        return Item(
            id=self.id, name=self.name, source=self.source, repository=self.repository,
            revision=self.revision, commit=self.commit, quant=self.quant,
            files=tuple(remote[file] for file in self.files if not file.mmproj),
            mmproj=towers[0] if towers else None,
        )  # fmt: skip


def read(folder: Path) -> Manifest | None:
    """None when there is none that can be understood: it is as good as none, and is replaced by the next
    download."""
    try:
        return read_strictly(folder)
    except ModelDamaged:
        return None


def read_strictly(folder: Path) -> Manifest | None:
    """None when there is none. Raises ModelDamaged when it cannot be understood."""
    path = folder / NAME
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("version") != VERSION:
            raise ValueError("made by a newer glmdesk")
        files = tuple(FileRecord(**file) for file in values.pop("files"))
        return Manifest(files=files, **values)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(path, f"cannot be read ({os.strerror(error.errno or 0)})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unusable(path, "is not as glmdesk wrote it") from error


def _unusable(path: Path, why: str) -> ModelDamaged:
    return ModelDamaged(
        f"The record {path} {why}, so nobody can tell whether the files beside it are whole. They are not "
        f"touched, and load as before. Remove that record; or remove the model (glmdesk models remove "
        f"{path.parent.name}) and fetch it again."
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Raises OSError."""
    text = json.dumps({"version": VERSION, **asdict(manifest)}, indent=1)
    journals.write_whole(folder / NAME, text)
