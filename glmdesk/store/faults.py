"""Says in a sentence for a person what SQLite or the disk refused to do."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glmdesk.errors import StorageError

_LEFT = (
    "It was left as it is. Move it away to start with an empty history, or put a copy in its place."
)
_FULL = (
    "Not saved: the disk is full. Free some space, then try again; what was saved before is safe."
)
_UNREADABLE = (
    "Your history file {path} cannot be read ({error}). See that it is a file and its disk works."
)
_SENTENCES = {
    sqlite3.SQLITE_IOERR_READ: _UNREADABLE,
    sqlite3.SQLITE_IOERR_SHORT_READ: _UNREADABLE,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: (
        "Not saved: the disk is full or fails ({error}). Free some space, then try again; "
        "what was saved before is safe."
    ),
    sqlite3.SQLITE_BUSY: (
        "Not saved: another program is using your history file {path}. Close it, then try again."
    ),
    sqlite3.SQLITE_CORRUPT: "Your history file {path} is damaged; some of it cannot be read. "
    + _LEFT,
    sqlite3.SQLITE_NOTADB: "{path} is not a history file of glmdesk. " + _LEFT,
    sqlite3.SQLITE_READONLY: (
        "Not saved: your history file {path} cannot be written to. Make it writable, then try again."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "Your history file {path} cannot be opened. See that its folder exists and is writable."
    ),
}
_OTHER = "Your history file {path} cannot be used ({error}). Start glmdesk again."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def damaged(path: Path) -> StorageError:
    """The error of a file that SQLite can open, whose contents make no sense."""
    return StorageError(_SENTENCES[sqlite3.SQLITE_CORRUPT].format(path=path))


def foreign(path: Path) -> StorageError:
    """The error of a file that another program made."""
    return StorageError(_SENTENCES[sqlite3.SQLITE_NOTADB].format(path=path))


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn every sqlite3 and operating system error inside into a StorageError about `path`."""
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(_sqlite_sentence(path, error)) from error
    except OSError as error:
        raise StorageError(_disk_sentence(path, error)) from error
    except UnicodeDecodeError as error:
        # Raised by sqlite3 itself, when a damaged name stands in SQLite's own message.
        raise damaged(path) from error
    except UnicodeEncodeError as error:
        raise StorageError("Not saved: a name holds half a character. Write it again.") from error


def _sqlite_sentence(path: Path, error: sqlite3.Error) -> str:
    # The low byte is the kind of error, all of it says where. What Python itself raises has none.
    code = getattr(error, "sqlite_errorcode", 0)
    sentence = _SENTENCES.get(code) or _SENTENCES.get(code & 0xFF, _OTHER)
    return sentence.format(path=path, error=error)


def _disk_sentence(path: Path, error: OSError) -> str:
    if error.errno in _NO_ROOM:
        return _FULL
    reason = os.strerror(error.errno or 0)
    return f"Not saved: {error.filename or path} cannot be read or written ({reason})."
