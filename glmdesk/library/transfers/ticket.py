"""What is wanted of a download and how it stands, kept beside its parts: `.download/item.json`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glmdesk.errors import UnsafeName
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers.progress import State

FOLDER = ".download"
NAME = "item.json"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """`order`: when it was asked for, in seconds since 1970; the queue's order."""

    item: Item
    state: State = "waiting"
    order: float = 0.0
    code: str = ""
    message: str = ""
    """Why it stopped, as an error would say it; `code` is that error's."""


def folder_of(model: Path) -> Path:
    """Where the parts of a model lie while they come."""
    return model / FOLDER


def read(folder: Path) -> Ticket | None:
    """From a `.download` folder; None when there is none that can be understood."""
    try:
        values: Any = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if values.pop("version") != VERSION:
            return None
        item = _item(values.pop("item"))
        return Ticket(item=item, **values) if item.files else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnsafeName):
        return None


def write(folder: Path, ticket: Ticket) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    journals.write_whole(folder / NAME, json.dumps({"version": VERSION, **asdict(ticket)}))


def _item(values: Any) -> Item:
    files = tuple(RemoteFile(**file) for file in values.pop("files"))
    mmproj = values.pop("mmproj")
    return Item(files=files, mmproj=RemoteFile(**mmproj) if mmproj else None, **values)
