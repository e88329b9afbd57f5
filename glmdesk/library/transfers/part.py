"""The file that is coming, on disk: made at full length without taking room, written at many places at once."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from glmdesk.errors import DiskError, DiskFull, DownloadError
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.sizes import size

_SPARE = "spare"
_SPARE_BYTES = 64 * 1024
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


class Part:
    """`size` bytes at `path`."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size

    def prepare(self) -> None:
        """Make it, or keep what is there. Raises DiskFull or DiskError."""
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                if os.fstat(file.fileno()).st_size != self.size:
                    file.truncate(self.size)

    def opened(self) -> FileIO:
        """A handle of its own for each thread that writes. Raises DiskError."""
        with disk_errors(self.path):
            return self.path.open("r+b", buffering=0)

    def sync(self) -> None:
        """What was written is on disk when this returns. Raises DiskFull or DiskError."""
        with disk_errors(self.path), self.path.open("r+b", buffering=0) as file:
            getattr(os, "fdatasync", os.fsync)(file.fileno())


def keep_spare(folder: Path, size: int) -> None:
    """Room for a last journal of a file of `size` bytes, for when the disk is full.

    Raises DiskFull or DiskError.
    """
    spare, wanted = folder / _SPARE, _SPARE_BYTES + size // 50_000
    with disk_errors(spare):
        if not spare.exists() or spare.stat().st_size < wanted:
            with spare.open("wb") as file:
                file.write(b"\1" * wanted)
                file.flush()
                os.fsync(file.fileno())


def give_up_spare(folder: Path) -> None:
    """Let go of that room."""
    with disk_errors(folder):
        (folder / _SPARE).unlink(missing_ok=True)


def write_at(file: FileIO, offset: int, data: bytes) -> None:
    """All of `data`, or an OSError."""
    file.seek(offset)
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError into what a person is told."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> DownloadError:
    if error.errno in _FULL:
        return DiskFull(
            f"The disk with {path.parent} is full. {NOTHING} Free some room, then go on."
        )
    if error.errno == errno.EFBIG:
        return DiskError(
            f"{path.name} is too large for this disk's file system, or for a limit of this account. "
            f"{NOTHING} Choose a models folder on another disk, or a smaller variant."
        )
    return DiskError(
        f"{path} cannot be written or read ({error.strerror or error}). {NOTHING} Check the "
        "disk and the folder's permissions, then go on."
    )


def full(path: Path, needed: int, reserve: int, free: int) -> DiskFull:
    """All in bytes."""
    spare = f" and {size(reserve)} to spare" if reserve else ""
    return DiskFull(
        f"The download needs {size(needed)} of room{spare}; the disk with {path.parent} has {size(free)} "
        f"free. {NOTHING} Free {size(needed + reserve - free)}, then go on."
    )


def free_bytes(path: Path) -> int:
    """Of the disk that holds the nearest folder above that exists."""
    while not path.exists() and path.parent != path:
        path = path.parent
    with disk_errors(path):
        return shutil.disk_usage(path).free
