"""One SQLite file, opened so that what was committed survives a crash and a power cut."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from glmdesk.errors import StorageError
from glmdesk.store import faults, migrations

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA secure_delete = ON",
)
_CHECKED_BYTES = 256 * 2**20
"""Files up to this size are checked when they are opened: 0.1 s for 200 MiB in memory."""


class Database:
    """A connection that threads share, one at a time.

    Every error of SQLite leaves as StorageError.
    """

    def __init__(self, path: Path, *, wait_s: float = 10.0) -> None:
        """Open or make the file; `wait_s` is how long to wait for another program's write.

        Raises StorageError when the file cannot be opened, is damaged, is not ours or comes from a
        newer glmdesk; it is then left as it is.
        """
        self._path = path
        self._lock = threading.RLock()
        with faults.told(path):
            if path.exists():
                _inspect(path, wait_s)
            self._connection = _connect(path, wait_s)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for SELECT; other threads wait."""
        with self._lock, faults.told(self._path):
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, for writing: all of it is on disk afterwards, or after an error nothing.

        Transactions do not nest.
        """
        with self._lock, faults.told(self._path), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock, faults.told(self._path):
            self._connection.close()


def _inspect(path: Path, wait_s: float) -> None:
    """Raise StorageError unless the file is one that we may write to; change nothing."""
    # A rollback journal is left by a kill while the file was being made, and only a connection that
    # may write can undo it.
    mode = "rw" if Path(f"{path}-journal").exists() else "ro"
    address = f"{_address(path)}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=wait_s)) as connection:
        if migrations.is_foreign(connection):
            raise faults.foreign(path)
        if migrations.version(connection) > len(migrations.MIGRATIONS):
            raise StorageError(
                f"Your history file {path} comes from a newer glmdesk and was left as it is. "
                "Update glmdesk to open it."
            )
        if path.stat().st_size <= _CHECKED_BYTES and not _is_sound(connection):
            raise faults.damaged(path)


def _is_sound(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


def _address(path: Path) -> str:
    # Not as_uri(): SQLite takes the host of a Windows network path for an error.
    plain = path.absolute().as_posix()
    return "file://" + ("" if plain.startswith("/") else "/") + quote(os.fsencode(plain), safe="/:")


def _connect(path: Path, wait_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=wait_s, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        migrations.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
