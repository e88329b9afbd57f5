"""What is surely on disk of a file that is coming, so that a new process goes on where a killed one was.

<folder>/<name>.part    the bytes, at their places
<folder>/<name>.json    the journal, written whole and renamed; never says more than what was synced
"""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from glmdesk.library.transfers.spans import Span, Spans

VERSION = 1
HEX = 32
"""Characters of one block's hash."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """One file. Empty texts and size 0 are what the source did not tell."""

    name: str
    url: str = ""
    commit: str = ""
    sha256: str = ""
    size: int = 0
    etag: str = ""
    spans: tuple[Span, ...] = ()
    blocks: str = ""
    """Hashes of the first blocks of 4 MiB, one after the other, 32 hex digits each."""
    verified: bool = False
    restarts: dict[str, int] = field(default_factory=dict)
    """How often it began again, by reason."""

    def is_of(self, other: "Journal") -> bool:
        """Whether what is on disk can be a beginning of `other`: the same content, by hash or commit."""
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        same = self.commit == other.commit or not other.commit
        return same and (not self.size or not other.size or self.size == other.size)

    def restarted(self, reason: str) -> "Journal":
        """The same file with nothing on disk."""
        counts = {**self.restarts, reason: self.restarts.get(reason, 0) + 1}
        return replace(self, etag="", spans=(), blocks="", verified=False, restarts=counts)


def part_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.part"


def journal_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def read(folder: Path, name: str) -> Journal | None:
    """None when there is none, or none that can be trusted."""
    try:
        values = json.loads(journal_path(folder, name).read_text(encoding="utf-8"))
        return _checked(values, part_path(folder, name), name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _checked(values: Any, part: Path, name: str) -> Journal | None:
    if values.pop("version") != VERSION or values["name"] != name:
        return None
    values["spans"] = tuple((int(start), int(stop)) for start, stop in values["spans"])
    journal = Journal(**values)
    inside = all(0 <= start < stop <= journal.size for start, stop in journal.spans)
    if not inside or len(journal.blocks) % HEX or Spans(journal.spans).total > journal.size:
        return None
    moved = journal.verified and not part.exists()  # into the model's folder already
    if journal.spans and not moved and part.stat().st_size != journal.size:
        return None
    return journal


def write(folder: Path, journal: Journal) -> None:
    """Replace the journal; the caller has synced the data that it speaks of. Raises OSError."""
    text = json.dumps({"version": VERSION, **asdict(journal)})
    write_whole(journal_path(folder, journal.name), text)


def write_whole(path: Path, text: str) -> None:
    """The file holds either the old text or the new one, whatever happens. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def sync_folder(folder: Path) -> None:
    """Make a rename last; where folders cannot be opened (Windows) the system does it itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
