"""The same model under another name: a file that is here already is not fetched a second time."""

from pathlib import Path

from glmdesk.errors import UsageError
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.gguf import tree
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.manifest import FileRecord, Manifest


def find(models: Path, item: Item) -> Manifest | None:
    """The record of a complete model in another folder that holds these very weights, and a projector where
    one is wanted."""
    for folder in tree.folders(models):
        record = manifest.read(folder) if folder.name != item.id else None
        if record and record.id == folder.name and _is_same(record, item, folder):
            return record
    return None


def check(models: Path, item: Item) -> None:
    """Raises UsageError when the model is here under another name."""
    if there := find(models, item):
        raise UsageError(
            f"{item.name} is here already, as {there.id}: {models / there.id}. Nothing was downloaded."
        )


def _is_same(record: Manifest, item: Item, folder: Path) -> bool:
    here = [file for file in record.files if tree.size(folder / file.name) == file.size]
    if item.mmproj and not any(file.mmproj for file in here):
        return False
    one_place = (record.source, record.repository) == (item.source, item.repository)
    same_place = one_place and bool(item.commit) and record.commit == item.commit
    return bool(item.files) and all(
        any(_is_one(own, file, same_place) for own in here) for file in item.files
    )


def _is_one(own: FileRecord, wanted: RemoteFile, same_place: bool) -> bool:
    """By its hash; where the hub gives none, by its place at one commit."""
    if wanted.sha256:
        return own.sha256 == wanted.sha256.lower()
    return same_place and (own.path, own.size) == (wanted.path, wanted.size)
