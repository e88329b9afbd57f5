"""Remove a model from the models folder: what goes, what stays and why, and how much room that makes."""

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from glmdesk.errors import ModelError, StorageError
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.gguf import preflight, tree
from glmdesk.library.local.installed import Installed
from glmdesk.library.transfers import manifest, ticket
from glmdesk.sizes import size


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What removing a model would do; nothing has been removed yet."""

    id: str
    files: tuple[Path, ...]
    """In the order in which they go: what makes it a model goes last."""
    folder: Path | None
    """Goes too, when nothing else is in it."""
    frees: int
    """Bytes that the disk gets back; a file with another name elsewhere gives none."""
    size: int
    """Bytes of the files as they look."""
    shared: tuple[Path, ...] = ()
    """Belongs to another model as well, and stays."""
    others: tuple[Path, ...] = ()
    """What a person put there, and stays."""

    @property
    def sentence(self) -> str:
        """What a person is asked to agree to."""
        words = [f"Removing {self.id} frees {size(self.frees)}."]
        if self.frees < self.size:
            words.append(
                f"Its files show {size(self.size)}, and part of that stays in use under another "
                "name elsewhere."
            )
        if stays := [path.name for path in (*self.shared, *self.others)]:
            words.append(f"These stay: {', '.join(stays[:5])}{', …' if len(stays) > 5 else ''}.")
        return " ".join(words)


def examine(
    model: Installed, models: Path, beside: Iterable[Installed], places: Places | None = None
) -> Removal:
    """What removing `model` would do. `beside` are all models, so that no file of theirs is taken.

    Raises ModelError when it is not ours to remove.
    """
    _check_ours(model, models, places)
    needed = {
        file
        for other in beside
        if other.id != model.id or other.model != model.model
        for file in other.files
    }
    own = [path for path in model.files if path.parent == model.folder and os.path.lexists(path)]
    shared = tuple(path for path in own if path in needed)
    going = [path for path in own if path not in needed]
    folder = model.folder if not _is(model.folder, models) else None
    if folder and not any(path.parent == folder for path in needed):
        going += [path for path in (folder / manifest.NAME,) if path.is_file()]
    first = preflight.shards(model.model)[0]
    files = tuple(sorted(going, key=lambda path: (path == first, path in preflight.shards(first))))
    return Removal(
        id=model.id, files=files, folder=folder, frees=_freed(files), shared=shared,
        size=sum(map(tree.size, files)), others=_others(folder, {*own, *files, *needed}),
    )  # fmt: skip


def run(removal: Removal, is_used: Callable[[str], bool]) -> int:
    """Remove it and return the bytes freed. `is_used` tells whether the model of an id is loaded.

    Raises ModelError when it is in use, StorageError when a file cannot be removed.
    """
    if is_used(removal.id):
        raise ModelError(
            f"{removal.id} is loaded. Nothing was removed. Choose another model first, then try again."
        )
    freed = 0
    for path in removal.files:
        gain = _freed((path,))
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be removed ({os.strerror(error.errno or 0)}). Your chats are safe. "
                "Close the program that uses it, or check its permissions, then try again."
            ) from error
        freed += gain
    _forget(removal)
    _tidy(removal.folder)
    return freed


def _tidy(folder: Path | None) -> None:
    """Only folders with nothing in them go."""
    for empty in (ticket.folder_of(folder), folder) if folder else ():
        if tree.is_empty(empty):
            empty.rmdir()


def _forget(removal: Removal) -> None:
    """A record that stays, for another model in the folder, no longer tells of what is gone."""
    with contextlib.suppress(ModelError, OSError):
        record = manifest.read(removal.folder) if removal.folder else None
        if removal.folder and record:
            gone = {path.name for path in removal.files}
            files = tuple(file for file in record.files if file.name not in gone)
            manifest.write(removal.folder, replace(record, files=files))


def _check_ours(model: Installed, models: Path, places: Places | None) -> None:
    if model.builtin:
        raise ModelError(f"{model.name} comes with glmdesk and cannot be removed.")
    owner = places.owner(model.folder) if places else ""
    if model.source in ("Hugging Face cache", "LM Studio", "Ollama"):
        owner = model.source
    if owner:
        raise ModelError(
            f"{model.name} belongs to {owner}, which would miss it. Nothing was removed. Remove it there."
        )
    if not Path(os.path.realpath(model.folder)).is_relative_to(os.path.realpath(models)):
        raise ModelError(
            f"{model.name} lies in {model.folder}, outside the models folder. Nothing was removed. "
            "Delete the file yourself, if you want it gone."
        )
    parts = ticket.folder_of(model.folder)
    if parts.is_dir() and not tree.is_empty(parts):
        raise ModelError(
            f"A download of {model.name} is not finished. Nothing was removed. Cancel the download first."
        )


def _is(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _others(folder: Path | None, known: set[Path]) -> tuple[Path, ...]:
    if folder is None:
        return ()
    try:
        return tuple(sorted(set(folder.iterdir()) - known))
    except OSError:
        return ()


def _freed(files: Iterable[Path]) -> int:
    """Bytes on the disk of files whose every name is among `files`; a link itself takes nothing."""
    names: dict[tuple[int, int], int] = {}
    freed = 0
    for path in files:
        try:
            found = path.lstat()
        except OSError:
            continue
        if path.is_symlink():
            continue
        place = (found.st_dev, found.st_ino)
        names[place] = names.get(place, 0) + 1
        if names[place] == found.st_nlink:
            freed += min(found.st_size, getattr(found, "st_blocks", found.st_size) * 512)
    return freed
