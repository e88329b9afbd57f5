"""Bring a model from elsewhere on this disk into the models folder: by move, by copy or by link.

<models>/.import.lock        held while an import runs
<models>/.import/<id>/       what is being imported; renamed to <models>/<id>/ once all of it is there

A killed import leaves only copies and second names of files in `.import`; the next one clears it.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from glmdesk.errors import ModelError, StorageError
from glmdesk.library.gguf import tree
from glmdesk.library.local import digests, placing
from glmdesk.library.local.candidate import Candidate, Piece, check_free
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.hashing import Digest
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.manifest import FileRecord, Manifest
from glmdesk.sizes import size

Way = Literal["move", "copy", "link"]
_STAGING, _LOCK = ".import", ".import.lock"
_RESERVE = Limits().reserve


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far it is."""

    file: str
    done: int
    """Bytes, of all files."""
    total: int


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Where the model is now."""

    folder: Path
    kept: tuple[Path, ...] = ()
    """Originals that were to be moved and could not be removed: both copies are whole."""


Report = Callable[[Progress], None]


def run(candidate: Candidate, way: Way, stop: threading.Event, report: Report) -> Imported:
    """Import it; all of it appears at once, and originals go only when it is there.

    Raises ModelError (a name that is taken, a stop, another import), StorageError.
    """
    try:
        candidate.models.mkdir(parents=True, exist_ok=True)
        with _alone(candidate.models):
            _clear(candidate.models)
            _refuse(candidate, way)
            return _import(candidate, way, stop, report)
    except placing.Stopped:
        raise ModelError(
            f"The import of {candidate.id} was stopped. Nothing was changed, and the original is where "
            "it was."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{candidate.id} could not be imported into {candidate.models} "
            f"({os.strerror(error.errno or 0)}). The original is safe. Check the disk and its "
            "permissions, then try again."
        ) from error


def left(models: Path) -> int:
    """Bytes in the folder of an import, be it running or killed."""
    return sum(map(tree.size, (models / _STAGING).glob("*/*")))


def clear(models: Path) -> bool:
    """Throw away what a killed import left; False while one is running. Raises StorageError."""
    if not (models / _STAGING).is_dir():
        return True
    try:
        with _alone(models):
            _clear(models)
    except ModelError:
        return False
    except OSError as error:
        raise StorageError(
            f"The rest of an interrupted import in {models / _STAGING} cannot be removed "
            f"({os.strerror(error.errno or 0)}). Your models are safe. Remove that folder yourself."
        ) from error
    return True


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    lock = FileLock(models / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ModelError(
            "Another import into this models folder is running. Nothing was changed. Wait until it is "
            "done, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _clear(models: Path) -> None:
    """Only ever copies and second names: the originals are elsewhere."""
    staging = models / _STAGING
    if staging.is_symlink():
        staging.unlink()
    elif staging.is_dir():
        shutil.rmtree(staging)


def _refuse(candidate: Candidate, way: Way) -> None:
    check_free(candidate.id, candidate.models)
    first = candidate.pieces[0].source
    if way == "move" and candidate.owner:
        raise ModelError(
            f"{first.name} belongs to {candidate.owner}, which would miss it. Nothing was changed. "
            "Copy or link it instead."
        )
    if way == "move" and any(piece.source.is_symlink() for piece in candidate.pieces):
        raise ModelError(
            f"{first.name} is only a link to a file elsewhere, so it cannot be moved. Nothing was "
            "changed. Copy or link it instead."
        )
    _check_space(candidate, way)


def _check_space(candidate: Candidate, way: Way) -> None:
    device = candidate.models.stat().st_dev
    needed = sum(
        piece.size
        for piece in candidate.pieces
        if way == "copy" or (way == "move" and piece.source.stat().st_dev != device)
    )
    free = shutil.disk_usage(candidate.models).free
    if needed and needed + _RESERVE > free:
        raise StorageError(
            f"{candidate.id} needs {size(needed)} of room and {size(_RESERVE)} to spare; the disk of "
            f"{candidate.models} has {size(free)} free. Nothing was changed. Make room, or link it instead."
        )


def _import(candidate: Candidate, way: Way, stop: threading.Event, report: Report) -> Imported:
    staging = candidate.models / _STAGING / candidate.id
    staging.mkdir(parents=True, mode=0o755)
    try:
        fill = _Fill(candidate, staging, stop, report)
        linked = way == "move" and fill.rename_is_needed()
        if linked:
            fill.read()
        else:
            fill.run(way)
            manifest.write(staging, fill.manifest())
            placing.sync_folder(staging)
            _appear(candidate, staging)
    except BaseException:
        _clear(candidate.models)
        raise
    _clear(candidate.models)
    if linked:
        return _rename(candidate, fill.manifest())
    return Imported(
        folder=candidate.folder, kept=_remove_originals(candidate) if way == "move" else ()
    )


def _appear(candidate: Candidate, staging: Path) -> None:
    """All of it at once, under its name."""
    check_free(candidate.id, candidate.models)
    if candidate.folder.is_dir():
        candidate.folder.rmdir()
    staging.rename(candidate.folder)
    placing.sync_folder(candidate.models)


class _Fill:
    """Puts every file of a candidate into the staging folder."""

    def __init__(
        self, candidate: Candidate, staging: Path, stop: threading.Event, report: Report
    ) -> None:
        self._candidate, self._staging, self._stop, self._report = candidate, staging, stop, report
        self._done = 0
        self._digests: dict[str, Digest] = {}

    def rename_is_needed(self) -> bool:
        """Whether this disk has the originals and knows no second names."""
        first = self._candidate.pieces[0]
        probe = self._staging / "probe"
        if first.source.stat().st_dev != self._staging.stat().st_dev:
            return False
        if not placing.link_hard(first.source, probe):
            return True
        probe.unlink()
        return False

    def run(self, way: Way) -> None:
        for piece in self._candidate.pieces:
            if self._stop.is_set():
                raise placing.Stopped
            if not piece.is_unchanged():
                raise placing.changed(piece.source)
            target = self._staging / piece.name
            if way == "link":
                placing.link(piece.source, target)
            elif way == "copy" or not placing.link_hard(piece.source, target):
                self._copy(piece, target, checked=way == "move")
                continue
            self._read(piece)

    def read(self) -> None:
        """The hashes of all files, where they lie."""
        for piece in self._candidate.pieces:
            self._read(piece)

    def manifest(self) -> Manifest:
        """What was taken in, so that damage can be told later."""
        candidate = self._candidate
        return Manifest(
            id=candidate.id, name=candidate.id, source="", repository="", commit="",
            files=tuple(self._record(piece) for piece in candidate.pieces),
        )  # fmt: skip

    def _record(self, piece: Piece) -> FileRecord:
        digest = self._digests[piece.name]
        return FileRecord(
            name=piece.name, path=piece.name, size=piece.size, sha256=digest.sha256,
            blocks=digest.blocks, confirmed=False, mmproj=piece.name == self._candidate.mmproj,
        )  # fmt: skip

    def _read(self, piece: Piece) -> None:
        digest = placing.read(piece.source, self._stop, lambda size: self._advance(piece, size))
        if not piece.is_unchanged():
            raise placing.changed(piece.source)
        self._keep(piece, digest)

    def _copy(self, piece: Piece, target: Path, checked: bool) -> None:
        digest = placing.copy(
            piece.source, target, self._stop, lambda size: self._advance(piece, size)
        )
        self._keep(piece, digest)
        if checked:
            placing.check(target, digest.sha256, self._stop)

    def _keep(self, piece: Piece, digest: Digest) -> None:
        digests.check(piece.source, digest.sha256)
        self._digests[piece.name] = digest

    def _advance(self, piece: Piece, size: int) -> None:
        self._done += size
        self._report(Progress(file=piece.name, done=self._done, total=self._candidate.size))


def _rename(candidate: Candidate, record: Manifest) -> Imported:
    """One after the other; what was renamed goes back when a later one cannot be."""
    candidate.folder.mkdir(exist_ok=True)
    done: list[Piece] = []
    try:
        for piece in candidate.pieces:
            piece.source.rename(candidate.folder / piece.name)
            done.append(piece)
        manifest.write(candidate.folder, record)
    except OSError:
        for piece in done:
            (candidate.folder / piece.name).rename(piece.source)
        for path in candidate.folder.glob(f"{manifest.NAME}*"):
            path.unlink()
        candidate.folder.rmdir()
        raise
    placing.sync_folder(candidate.folder)
    return Imported(folder=candidate.folder)


def _remove_originals(candidate: Candidate) -> tuple[Path, ...]:
    kept = []
    for piece in candidate.pieces:
        try:
            if _is_same(piece, candidate.folder / piece.name):
                piece.source.unlink()
            else:
                kept.append(piece.source)
        except OSError:
            kept.append(piece.source)
    return tuple(kept)


def _is_same(piece: Piece, target: Path) -> bool:
    """Still what was imported, and not something that another program put there since."""
    return piece.source.samefile(target) or piece.is_unchanged()
