"""Put one file somewhere else: by a copy that is checked, or by a link. Nothing is ever overwritten."""

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from glmdesk.errors import StorageError
from glmdesk.library.transfers.hashing import Digest

if TYPE_CHECKING:
    from hashlib import _Hash

_CHUNK = 4 * 1024 * 1024


class Stopped(Exception):
    """The person stopped it; what was begun is still there."""


def link(source: Path, target: Path) -> None:
    """A second name for the file itself; on another disk, a symbolic link. Raises OSError."""
    real = Path(os.path.realpath(source))
    try:
        os.link(real, target)
    except FileExistsError:
        raise
    except OSError:
        target.symlink_to(real)


def link_hard(source: Path, target: Path) -> bool:
    """False where that cannot be: on another disk, or on one without hard links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOENT):
            raise
        return False
    return True


def copy(
    source: Path, target: Path, stop: threading.Event, advance: Callable[[int], None]
) -> Digest:
    """The hashes of what was copied; it is on disk then.

    `advance` is told the bytes of each piece. Raises Stopped, OSError, and StorageError when the
    source changed meanwhile.
    """
    digest = Digest()
    with source.open("rb", buffering=0) as reading, target.open("xb", buffering=0) as writing:
        before = os.fstat(reading.fileno())
        for piece in iter(lambda: reading.read(_CHUNK), b""):
            if stop.is_set():
                raise Stopped
            digest.update(piece)
            _write(writing, piece)
            advance(len(piece))
        os.fsync(writing.fileno())
        after = os.fstat(reading.fileno())
        written = writing.tell()
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or written != after.st_size:
        raise changed(source)
    return digest


def changed(source: Path) -> StorageError:
    return StorageError(
        f"{source.name} was changed while it was imported, so nothing was taken over. The original is "
        "untouched. Wait until the other program is done with it, then import it again."
    )


def check(target: Path, sha256: str, stop: threading.Event) -> None:
    """Read the copy back. Raises Stopped, OSError, and StorageError when it differs."""
    if _hash(target, stop) != sha256:
        raise StorageError(
            f"The copy of {target.name} is not the same as the original: the disk made a mistake. The "
            "original is untouched. Check the disk, then import it again."
        )


def read(path: Path, stop: threading.Event, advance: Callable[[int], None]) -> Digest:
    """The hashes of what lies there; `advance` as for `copy`. Raises Stopped, OSError."""
    digest = Digest()
    with path.open("rb", buffering=0) as file:
        for piece in iter(lambda: file.read(_CHUNK), b""):
            if stop.is_set():
                raise Stopped
            digest.update(piece)
            advance(len(piece))
    return digest


def _hash(path: Path, stop: threading.Event) -> str:
    digest: _Hash = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        _forget_cache(file)
        for piece in iter(lambda: file.read(_CHUNK), b""):
            if stop.is_set():
                raise Stopped
            digest.update(piece)
    return digest.hexdigest()


def _forget_cache(file: BinaryIO) -> None:
    """So that the disk is read, and not what memory still has of the copy."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _write(file: BinaryIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def sync_folder(folder: Path) -> None:
    """Make names in `folder` last; Windows does that by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
