"""What an import would take: the shards and the projector of a model, found beside it and checked."""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from glmdesk import paths
from glmdesk.errors import ModelError, ModelMissing, ModelUnsupported, UnsafeName, UsageError
from glmdesk.library.cards import catalogue
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.gguf import pairing, peek, preflight, tree
from glmdesk.library.gguf.header import Header
from glmdesk.library.hubs import names
from glmdesk.library.local.verdicts import weigh

_BLOB = re.compile(r"sha256[-:][0-9a-f]{64}", re.ASCII)
_MAX_PROJECTORS = 20


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One file of the model."""

    source: Path
    name: str
    """What it will be called in the models folder."""
    size: int
    """Bytes."""
    changed: int
    """When it was changed last, in ns."""

    def is_unchanged(self) -> bool:
        """Whether it still is what was examined. Raises OSError when it is gone."""
        now = self.source.stat()
        return (now.st_size, now.st_mtime_ns) == (self.size, self.changed)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that can be imported; nothing has been written yet."""

    id: str
    """Its folder in the models folder."""
    models: Path
    pieces: tuple[Piece, ...]
    """The shards in their order, then the projector."""
    mmproj: str = ""
    """The projector's name; "" when none was found."""
    owner: str = ""
    """The program in whose folder it lies: then it cannot be moved."""
    notice: str = ""
    """What a person should know before; "" when there is nothing."""

    @property
    def folder(self) -> Path:
        return self.models / self.id

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(piece.size for piece in self.pieces)


def examine(
    path: Path,
    models: Path,
    id: str = "",
    *,
    taken: Collection[str] = (),
    places: Places | None = None,
) -> Candidate:
    """What importing `path` would take: a model file, a shard of one, or a folder with one model.

    `id` names its folder; without it the file does. `taken` are ids that are in use already.
    Raises ModelMissing, ModelDamaged, ModelUnsupported, ModelError, UsageError; nothing is written.
    """
    model = _model(path.expanduser(), models)
    header = _checked(model)
    id = _id(id, model, header)
    _check_called(id, model, header)
    check_free(id, models, taken)
    projector, reason = _projector(model, header)
    pieces = [_piece(part, _name(part, id)) for part in preflight.shards(model)]
    if projector:
        pieces.append(_piece(projector, _tower_name(projector, id)))
    return Candidate(
        id=id, models=models, pieces=tuple(pieces),
        mmproj=pieces[-1].name if projector else "",
        owner=places.owner(model) if places else "",
        notice=" ".join(filter(None, (preflight.notice(header), reason))),
    )  # fmt: skip


def _check_called(id: str, model: Path, header: Header) -> None:
    """Raises UsageError for the name of a model of the catalogue that this file does not hold."""
    cards = catalogue.read(paths.shipped("models"))
    card = next((one for one in cards if catalogue.plain(one.id) == catalogue.plain(id)), None)
    weights = weigh(header, None) if card and card.shape else None
    if card and card.shape and weights and not weights.has_shape(card.shape):
        raise UsageError(
            f"{model.name} does not hold {card.name}, by its header, so it cannot be called {id}. Nothing was "
            "changed. Give it another name with --name."
        )


def check_free(id: str, models: Path, taken: Collection[str] = ()) -> None:
    """Raises ModelError when a model of this id is there, in any case of its letters."""
    folders = {folder.name for folder in tree.folders(models) if not tree.is_empty(folder)}
    files = {pairing.stem(path) for path in tree.files(models, depth=0)}
    if id.lower() in {one.lower() for one in (*folders, *files, *taken)}:
        raise ModelError(
            f"There is a model {id} already. Nothing was changed. Import this one under another name, "
            "or remove the other one first."
        )


def _model(path: Path, models: Path) -> Path:
    """The model's first file."""
    if tree.is_true(path.is_dir):
        path = _only(tree.files(path, depth=0), path)
    if not tree.is_true(path.is_file):
        raise ModelMissing(f"There is no model file at {path}. Check the path and try again.")
    model = preflight.shards(path.absolute())[0]
    if Path(os.path.realpath(model.parent)).is_relative_to(os.path.realpath(models)):
        raise ModelError(f"{model.name} is in the models folder already. Nothing was changed.")
    return model


def _only(files: Iterable[Path], folder: Path) -> Path:
    found = [path for path in files if pairing.is_weights(path)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(path.name for path in found[:5]) or "none"
    raise ModelMissing(
        f"{folder} must hold one model to be imported as a folder, and has {len(found)} ({listed}). "
        "Nothing was changed. Name the file that you want."
    )


def _checked(model: Path) -> Header:
    header = preflight.read(model)
    preflight.check(header)
    if header.is_projector:
        raise ModelUnsupported(
            f"{model.name} is a vision projector and no model. Import the model; its projector is taken "
            "along when both lie in one folder."
        )
    return header


def _id(wanted: str, model: Path, header: Header) -> str:
    if wanted:
        if not names.is_safe_id(wanted):
            raise UsageError(
                f"{wanted[:100]!r} cannot be the name of a model's folder. Nothing was changed. Use "
                "letters, digits, dots, hyphens and underscores."
            )
        return wanted
    title = header.text("general.name") if _BLOB.fullmatch(model.name) else pairing.stem(model)
    try:
        return names.folder_id(title)
    except UnsafeName:
        return "model"


def _piece(path: Path, name: str) -> Piece:
    try:
        found = path.stat()
    except OSError:
        raise ModelMissing(
            f"{path} cannot be read any more. Nothing was changed. Check the disk and try again."
        ) from None
    return Piece(source=path, name=name, size=found.st_size, changed=found.st_mtime_ns)


def _name(path: Path, id: str) -> str:
    """Its own, since shards need theirs; a file with a hash for a name is called like the model."""
    name = path.name.lstrip(".")
    return name if name.endswith(".gguf") and name != "gguf" else f"{id}.gguf"


def _tower_name(path: Path, id: str) -> str:
    name = _name(path, id)
    return name if pairing.is_projector(Path(name)) else f"mmproj-{name}"


def _projector(model: Path, header: Header) -> tuple[Path | None, str]:
    """The one whose header fits, beside the model or above a folder that is named for a precision;
    else why the one that is named for it does not fit."""
    folders, reason = [model.parent], ""
    if pairing.precision(model.parent):
        folders.append(model.parent.parent)
    for folder in folders:
        files = tree.files(folder, depth=0)
        named = pairing.by_name(model, files)
        found, why = pairing.by_header(header, _towers(files), named)
        if found:
            return found.path, ""
        reason = reason or why
    return None, reason


def _towers(files: Iterable[Path]) -> list[Header]:
    """The sound vision projectors among `files`, whatever they are called."""
    towers: list[Header] = []
    for path in files:
        if peek.architecture(path) != "clip" or len(towers) >= _MAX_PROJECTORS:
            continue
        try:
            header = preflight.read(path)
            preflight.check(header)
        except ModelError:
            continue
        towers.append(header)
    return towers
