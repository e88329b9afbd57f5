"""What people attached: each file once, under the sha256 of its bytes."""

import hashlib
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from glmdesk.errors import StorageError
from glmdesk.messages import Attachment
from glmdesk.store.columns import words
from glmdesk.store.database import Database
from glmdesk.store.entries import is_attached
from glmdesk.store.faults import told

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = ".part"
_BLOCK = 2**20


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file to add: where it lies now, and what is known of it."""

    source: Path
    name: str
    """As its sender called it; stored as text, never used as a path."""
    kind: Literal["picture", "document"]
    media_type: str
    note: str = ""
    pages: int = 0
    """Of a document."""
    encoding: str = ""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """A document of the library: attached in `chats` chats of its owner, or `kept` by hand."""

    attachment: Attachment
    chats: int
    kept: bool
    added: float
    """Seconds since 1970, for showing only."""


class Files:
    """The folder of attachments, and who may see which.

    A file waits from `add` until a message with it is stored. While an owner's file waits, nothing
    but `sweep` removes it; while it is kept, nothing but `remove`. Every method raises StorageError with the reason when the disk or the
    database fails.
    """

    def __init__(
        self, folder: Path, database: Database, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._database = database
        self._clock = clock

    def add(self, owner: str, upload: Upload) -> Attachment:
        """Copy the file in; it is on disk, whole, when this returns."""
        with told(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with _part(self._folder) as part:
                sha256, size = _copy(upload.source, part)
                attachment = Attachment(
                    sha256=sha256,
                    name=words(upload.name),
                    kind=upload.kind,
                    media_type=words(upload.media_type),
                    size=size,
                    note=words(upload.note),
                    pages=upload.pages,
                    encoding=upload.encoding,
                )
                self._keep(owner, part, attachment)
        return attachment

    def find(self, owner: str, sha256: str) -> tuple[Path, Attachment]:
        """Where the file lies, and what the owner last called it.

        Raises StorageError when this owner has no such file.
        """
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM file WHERE sha256 = ? AND owner = ?",
                (sha256, owner),
            ).fetchone()
        if row is None or not _SHA256.fullmatch(sha256):
            raise StorageError("There is no such file.")
        path = self._folder / sha256
        if not path.is_file():
            raise StorageError(f"The file {row['name']} is missing from {self._folder}.")
        return path, _attachment(row)

    def documents(self, owner: str) -> list[Filed]:
        """The owner's documents that are attached somewhere or kept, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, kept, added, (SELECT count(DISTINCT entry.conversation)"
                " FROM attached JOIN entry ON entry.id = attached.entry"
                " JOIN conversation ON conversation.id = entry.conversation"
                " WHERE attached.sha256 = file.sha256 AND conversation.owner = file.owner) AS chats"
                " FROM file WHERE owner = ? AND kind = 'document' AND (kept OR chats)"
                " ORDER BY added DESC, name",
                (owner,),
            )
            return [
                Filed(
                    attachment=_attachment(row),
                    chats=row["chats"],
                    kept=bool(row["kept"]),
                    added=row["added"],
                )
                for row in rows
            ]

    def keep(self, owner: str, sha256: str, *, kept: bool) -> None:
        """Whether a document stays when no chat uses it any more."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE file SET kept = ? WHERE sha256 = ? AND owner = ?", (kept, sha256, owner)
            )
            if changed.rowcount != 1:
                raise StorageError("There is no such file.")

    def remove(self, owner: str, sha256: str) -> bool:
        """Take a file from its owner, whatever uses it; whether it is gone, others having none."""
        with told(self._folder), self._database.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM file WHERE sha256 = ? AND owner = ?", (sha256, owner)
            )
            if gone.rowcount != 1 or not _SHA256.fullmatch(sha256):
                raise StorageError("There is no such file.")
            return _unlink_unowned(connection, self._folder / sha256)

    def remove_unused(self, sha256s: Iterable[str]) -> None:
        """Remove those of the files that no message uses and no owner is about to send."""
        for sha256 in sha256s:
            if _SHA256.fullmatch(sha256):
                self._remove_unused(sha256)

    def sweep(self) -> None:
        """Remove what no message uses, files that wait and copies that were cut short included.

        Called once, when glmdesk starts and no other one runs.
        """
        with told(self._folder), self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM file WHERE NOT kept AND sha256 NOT IN (SELECT sha256 FROM attached)"
            )
            for path in self._folder.glob("*"):
                ours = path.suffix == _PART or _SHA256.fullmatch(path.name)
                if ours and not _is_owned(connection, path.name):
                    path.unlink()

    def _keep(self, owner: str, part: Path, attachment: Attachment) -> None:
        # Inside the transaction, so that no one removes the file between the two.
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO file (sha256, owner, name, kind, media_type, size, note, pages, added)"
                " VALUES (:sha256, :owner, :name, :kind, :media_type, :size, :note, :pages, :added)"
                " ON CONFLICT (sha256, owner) DO UPDATE SET name = :name, kind = :kind,"
                " media_type = :media_type, note = :note, pages = :pages, sent = 0",
                {"owner": owner, "added": self._clock(), **_values(attachment)},
            )
            path = self._folder / attachment.sha256
            if not path.is_file() or path.stat().st_size != attachment.size:
                part.replace(path)
                _sync(self._folder)

    def _remove_unused(self, sha256: str) -> None:
        with told(self._folder), self._database.transaction() as connection:
            if is_attached(connection, sha256):
                return
            connection.execute(
                "DELETE FROM file WHERE sha256 = ? AND sent = 1 AND NOT kept", (sha256,)
            )
            _unlink_unowned(connection, self._folder / sha256)


_COLUMNS = "sha256, name, kind, media_type, size, note, pages"


def _values(attachment: Attachment) -> dict[str, object]:
    values = asdict(attachment)
    del values["choice"], values["encoding"]
    return values


def _is_owned(connection: sqlite3.Connection, sha256: str) -> bool:
    owned = connection.execute("SELECT 1 FROM file WHERE sha256 = ? LIMIT 1", (sha256,))
    return owned.fetchone() is not None


def _unlink_unowned(connection: sqlite3.Connection, path: Path) -> bool:
    if _is_owned(connection, path.name):
        return False
    path.unlink(missing_ok=True)
    return True


def _attachment(row: sqlite3.Row) -> Attachment:
    return Attachment(
        sha256=row["sha256"],
        name=row["name"],
        kind=row["kind"],
        media_type=row["media_type"],
        size=row["size"],
        note=row["note"],
        pages=row["pages"],
    )


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A new file that is gone afterwards, unless it was moved to its own name."""
    handle, name = tempfile.mkstemp(suffix=_PART, dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy through to the disk; returns the sha256 and the size in bytes."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
        return digest.hexdigest(), writer.tell()


def _sync(folder: Path) -> None:
    """Make a new name in the folder survive a power cut; Windows does so by itself."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
