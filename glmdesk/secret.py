"""The secret of one installation: 32 random bytes in the data folder, and the keys made from it."""

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path

from glmdesk.errors import StorageError

SIZE = 32
_ATTEMPTS = 5

_log = logging.getLogger(__name__)


def read_or_create(path: Path) -> bytes:
    """The 32 bytes of `path`, which only its owner may read; made when there are none.

    Of several processes that start at once, all get the same. Raises StorageError.
    """
    try:
        for _ in range(_ATTEMPTS):
            found = _read(path)
            if found is None:
                _create(path)
            elif len(found) == SIZE:
                return found
            else:
                _log.warning("The secret %s is damaged; it is made anew.", path)
                _put_aside(path)
    except OSError as error:
        raise _unusable(path, os.strerror(error.errno or 0)) from error
    raise _unusable(path, "it keeps changing")


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose; it tells nothing of the secret or of other keys."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def _read(path: Path) -> bytes | None:
    """None: there is no file. Whatever is no file counts as damaged."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return b""
        if sys.platform != "win32" and stat.S_IMODE(mode) != 0o600:
            _log.warning("The permissions of %s were wrong; now only you can read it.", path)
            path.chmod(0o600)
        with path.open("rb") as file:
            return file.read(SIZE + 1)
    except FileNotFoundError:
        if path.is_symlink():
            return b""  # it leads nowhere
        return None


def _create(path: Path) -> None:
    """Make the file whole or not at all; leave the one that another process made meanwhile."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            _publish(Path(name), path)
    finally:
        Path(name).unlink(missing_ok=True)


def _publish(new: Path, path: Path) -> None:
    """Give `new` its name. Raises FileExistsError when the name is taken."""
    if sys.platform == "win32":
        new.rename(path)
        return
    try:
        path.hardlink_to(new)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as FAT
        if path.exists():
            raise FileExistsError(path) from None
        new.rename(path)


def _put_aside(path: Path) -> None:
    """Take a damaged file away, and give it back if another process has replaced it meanwhile."""
    aside = path.with_name(f"{path.name}.damaged.{secrets.token_hex(4)}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if len(_read(aside) or b"") == SIZE:
        with contextlib.suppress(FileExistsError):
            _publish(aside, path)
    if not aside.is_dir():
        aside.unlink(missing_ok=True)


def _unusable(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"The secret of this installation, {path}, cannot be used ({reason}). "
        "Your chats are safe. See that its folder is yours and writable, then start again."
    )
