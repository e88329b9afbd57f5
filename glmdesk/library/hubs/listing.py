"""What a repository holds at one commit, checked as it comes in: nothing odd of a hub's answer goes further."""

import re
from dataclasses import dataclass

from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.references import Source

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MAX_SIZE = 1 << 50
_MAX_FILES = 50_000


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All files of a repository; their names are the hub's and not yet safe to write."""

    source: Source
    repository: str
    revision: str
    commit: str
    """"" where the hub does not tell it."""
    files: tuple[RemoteFile, ...]

    def find(self, path: str) -> RemoteFile | None:
        return next((file for file in self.files if file.path == path), None)


def remote_file(path: object, size: object, sha256: object) -> RemoteFile | None:
    """A row of a listing; None where it names no file. What is no size or hash counts as unknown."""
    if not isinstance(path, str) or not path:
        return None
    known = size if type(size) is int and 0 <= size <= _MAX_SIZE else 0
    digest = sha256.lower() if isinstance(sha256, str) else ""
    return RemoteFile(path=path, size=known, sha256=digest if _SHA256.fullmatch(digest) else "")


def files_of(rows: list[RemoteFile | None]) -> tuple[RemoteFile, ...]:
    return tuple(row for row in rows[:_MAX_FILES] if row is not None)


def commit_of(value: object) -> str:
    return value if isinstance(value, str) and _COMMIT.fullmatch(value) else ""
