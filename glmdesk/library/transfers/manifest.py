"""What a model's folder says of itself once it is complete: `.glmdesk.json`, with a hash of every 4 MiB of
every file, and where to get it again."""

import json
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
    """None when there is none. Raises ModelDamaged when it cannot be understood."""
    path = folder / NAME
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("version") != VERSION:
            raise ValueError("made by a newer glmdesk")
        files = tuple(FileRecord(**file) for file in values.pop("files"))
        return Manifest(files=files, **values)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamaged(
            f"{path} cannot be read ({error}). The weights are not touched. Remove that file, or fetch "
            "the model again."
        ) from error


def write(folder: Path, manifest: Manifest) -> None:
    """Raises OSError."""
    text = json.dumps({"version": VERSION, **asdict(manifest)}, indent=1)
    journals.write_whole(folder / NAME, text)
