"""One model from its source to its folder, as one thing: all shards and the projector.

<models>/<id>/.download/lock            held by the one process that fetches it
<models>/<id>/.download/queue           held by the process in whose queue it waits
<models>/<id>/.download/item.json       what is wanted: see `ticket`
<models>/<id>/.download/<name>.part     see `journal`
<models>/<id>/<name>                    only when every file was found right
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, Protocol

import filelock

from glmdesk.errors import DownloadElsewhere, DownloadError, FileMissing, UnsafeName
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs import names
from glmdesk.library.hubs.kept import told_what_came
from glmdesk.library.hubs.network import Place
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers import manifest as manifests
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.address import Address
from glmdesk.library.transfers.connection import Lines
from glmdesk.library.transfers.fetch import Job
from glmdesk.library.transfers.journal import Journal
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.manifest import FileRecord, Manifest
from glmdesk.library.transfers.part import Part, disk_errors
from glmdesk.library.transfers.progress import FileProgress, Progress, Speed, State, seconds_left
from glmdesk.library.transfers.spans import Spans
from glmdesk.library.transfers.transfer import Transfer

Report = Callable[[Progress], None]
Lock = Literal["lock", "queue"]
LOCKS: tuple[Lock, ...] = ("lock", "queue")
_MOST_TRIES = 20
_REPORT_S = 0.2
_LOOKED_AT_S = 0.5
"""Another process that only looks whether the lock is held is gone by then."""


class Source(Protocol):
    """What a download needs of a hub."""

    def address(self, item: Item, file: RemoteFile) -> str: ...

    def place(self, item: Item, file: RemoteFile) -> Place: ...

    def headers_for(self, url: str) -> dict[str, str]: ...


class Download:
    """Use once: `run`."""

    def __init__(
        self, item: Item, models: Path, source: Source, limits: Limits | None = None
    ) -> None:
        """Raises UnsafeName when the item or one of its files would leave its folder."""
        self.item = item
        self.folder = model_folder(models, item.id)
        self.parts = tickets.folder_of(self.folder)
        self.limits = limits or Limits()
        self._source = source
        self._files = named(item)
        self._speed = Speed()
        self._received = 0
        self._reported, self._noted = 0.0, ""
        self._current: Transfer | None = None
        self._journals = {
            name: journals.read(self.parts, name) or self._wanted(name, file)
            for name, file in self._files.items()
        }

    def run(self, stop: threading.Event, report: Report) -> bool:
        """Whether the model is in its folder; False when it was stopped, with all kept that came.

        Raises DownloadError: what came is kept unless the error says otherwise.
        """
        with told_what_came(self._came), disk_errors(self.parts):
            self.parts.mkdir(parents=True, exist_ok=True)
        with told_what_came(self._came), hold(self.parts), disk_errors(self.parts):
            self._sweep()
            lines = Lines(self.limits.stall_s)
            try:
                finished = self._fetch(lines, stop, report)
            finally:
                lines.close()
            if finished:
                self._settle()
                with suppress(DownloadError):  # the model is there, whatever stays beside it
                    clear(self.parts)
        if finished:
            clear_locks(self.parts)
            report(self.progress("finished"))
        return finished

    def progress(self, state: State = "downloading") -> Progress:
        """How far it is now."""
        files = tuple(self._file_progress(name) for name in self._files)
        done, total = sum(file.done for file in files), sum(file.total for file in files)
        speed = self._speed.add(time.monotonic(), self._received_now())
        speed = speed if state == "downloading" else 0.0
        state = self._shade(state, done, total)
        return Progress(
            done=done, total=total, files=files, bytes_per_s=speed,
            seconds_left=seconds_left(total - done, speed), state=state, note=self._note(),
        )  # fmt: skip

    # one file after the other

    def _fetch(self, lines: Lines, stop: threading.Event, report: Report) -> bool:
        installed = _installed(self.folder)
        for name, file in self._files.items():
            if self._is_here(name, file, installed):
                continue
            part = Part(journals.part_path(self.parts, name), file.size)
            job = Job(
                address=address_of(self.item, file, self._source, lines),
                part=part,
                limits=self.limits,
                stop=stop,
            )
            transfer = Transfer(job, self._wanted(name, file), self._room_after(name))
            self._current = transfer
            try:
                if not transfer.run(lambda: self._tick(report)):
                    return False
            finally:
                self._journals[name] = transfer.journal
                self._received = self._received_now()
                self._current = None
        return True

    def _sweep(self) -> None:
        """Remove what is left of files that are not wanted any more."""
        kept = {*LOCKS, tickets.NAME}
        for name in self._files:
            kept |= {journals.part_path(self.parts, name).name}
            kept |= {journals.journal_path(self.parts, name).name}
        for path in self.parts.iterdir():
            if path.name not in kept and path.is_file():
                path.unlink()

    def _wanted(self, name: str, file: RemoteFile) -> Journal:
        return Journal(
            name=name, url=self._source.address(self.item, file), commit=self.item.commit,
            sha256=file.sha256.lower(), size=file.size,
        )  # fmt: skip

    def _is_here(self, name: str, file: RemoteFile, installed: dict[str, FileRecord]) -> bool:
        """Already in the model's folder: from a run that was killed at its very end, or another variant
        that shares this file."""
        path, journal = self.folder / name, self._journals[name]
        if not path.is_file():
            return False
        size = path.stat().st_size
        if journal.verified and journal.size == size:
            return not journals.part_path(self.parts, name).exists()
        record = installed.get(name)
        if record is None or not file.sha256 or record.sha256 != file.sha256.lower():
            return False
        if record.size != size:
            return False
        whole = ((0, size),)
        self._journals[name] = Journal(
            name=name, commit=self.item.commit, sha256=record.sha256, size=size, spans=whole,
            blocks=record.blocks, verified=True,
        )  # fmt: skip
        return True

    def _room_after(self, name: str) -> int:
        """Bytes that the files after this one will still take."""
        order = list(self._files)
        later = (self._journals[other] for other in order[order.index(name) + 1 :])
        return sum(journal.size - Spans(journal.spans).total for journal in later)

    # the end

    def _settle(self) -> None:
        """All files into the folder, then the manifest. A kill in between is gone on with."""
        for name in self._files:
            part = journals.part_path(self.parts, name)
            if part.exists():
                part.replace(names.place(self.folder, name))
        journals.sync_folder(self.folder)
        manifests.write(self.folder, self._manifest())
        journals.sync_folder(self.folder)

    def _manifest(self) -> Manifest:
        item = self.item
        kept = _installed(self.folder)
        fresh = {name: self._record(name, file) for name, file in self._files.items()}
        return Manifest(
            id=item.id, name=item.name, source=item.source, repository=item.repository,
            commit=item.commit, revision=item.revision, quant=item.quant,
            files=tuple({**kept, **fresh}.values()),
        )  # fmt: skip

    def _record(self, name: str, file: RemoteFile) -> FileRecord:
        journal = self._journals[name]
        return FileRecord(
            name=name, path=file.path, size=journal.size, sha256=journal.sha256,
            blocks=journal.blocks, confirmed=bool(file.sha256), mmproj=file is self.item.mmproj,
        )  # fmt: skip

    # what is shown

    def _tick(self, report: Report) -> None:
        now, note = time.monotonic(), self._note()
        if now - self._reported >= _REPORT_S or note != self._noted:
            self._reported, self._noted = now, note
            report(self.progress())

    def _shade(self, state: State, done: int, total: int) -> State:
        """Downloading begins with a question to the hub, and ends with the rest of the hashing."""
        if state != "downloading":
            return state
        if self._current and self._current.fetch is None:
            return "checking"
        return "verifying" if total and done == total else state

    def _came(self) -> tuple[int, int]:
        progress = self.progress()
        return progress.done, progress.total

    def _received_now(self) -> int:
        fetch = self._current.fetch if self._current else None
        return self._received + (fetch.received if fetch else 0)

    def _note(self) -> str:
        current = self._current
        if current is None:
            return ""
        return (current.fetch.note if current.fetch else "") or current.note

    def _file_progress(self, name: str) -> FileProgress:
        current = self._current
        if current is None or current.journal.name != name:
            return of_journal(self._journals[name])
        done = current.fetch.done if current.fetch else Spans(current.journal.spans).total
        return FileProgress(name=name, done=done, total=current.journal.size)


def address_of(item: Item, file: RemoteFile, source: Source, lines: Lines) -> Address:
    """Where a file of the item is fetched. Raises DownloadError where its hub cannot be asked at all."""
    place = source.place(item, file)
    return Address(source.address(item, file), place, source.headers_for, lines)


def model_folder(models: Path, id: str) -> Path:
    """Raises UnsafeName when the id could lead out of the models folder."""
    if not names.is_safe_id(id):
        raise UnsafeName(
            f"A model cannot be called {id!r} here: that is no plain name of a folder. Nothing was saved."
        )
    return models / id


def named(item: Item) -> dict[str, RemoteFile]:
    """Name on disk -> file of the repository. Raises UnsafeName; FileMissing when there are none."""
    files = [*item.files, *([item.mmproj] if item.mmproj else [])]
    if not files:
        raise FileMissing(f"{item.name} has no files to fetch. Choose another variant.")
    return dict(zip(names.distinct(file.path for file in files), files, strict=True))


def of_journal(journal: Journal) -> FileProgress:
    return FileProgress(
        name=journal.name, done=Spans(journal.spans).total, total=journal.size,
        verified=journal.verified,
    )  # fmt: skip


def _installed(folder: Path) -> dict[str, FileRecord]:
    """What an earlier download left in this folder and is still there, by name."""
    found = manifests.read(folder)
    files = found.files if found else ()
    return {file.name: file for file in files if (folder / file.name).is_file()}


@contextmanager
def hold(parts: Path, timeout: float = _LOOKED_AT_S, *, name: Lock = "lock") -> Iterator[None]:
    """Be the only one who writes there, or in whose queue it waits. The system lets go when a process
    dies.

    Raises DownloadElsewhere, OSError.
    """
    lock = _taken(parts, timeout, name)
    try:
        yield
    finally:
        lock.release()


def _taken(parts: Path, timeout: float, name: Lock) -> filelock.BaseFileLock:
    """Whoever held it before may just have removed it with the folder: then it is made anew."""
    lock = filelock.FileLock(parts / name, thread_local=False)
    for _ in range(_MOST_TRIES):
        try:
            parts.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout, poll_interval=0.05)
        except filelock.Timeout:
            break
        except (FileNotFoundError, FileExistsError):
            continue
        if (parts / name).exists():
            return lock
        lock.release()
    raise DownloadElsewhere(
        "Another glmdesk on this computer fetches this model already. Its progress is shown here."
    )


def is_held(parts: Path, name: Lock = "lock") -> bool:
    """Whether some process fetches into this folder now, or has it in its queue."""
    if not (parts / name).exists():
        return False
    lock = filelock.FileLock(parts / name, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def clear(parts: Path) -> None:
    """Remove all of it, the lock last, so that whoever takes that next finds a folder of its own. For the
    one who holds it; `clear_locks` follows."""
    with disk_errors(parts):
        for path in parts.iterdir():
            if path.name not in LOCKS:
                path.unlink(missing_ok=True)
    if os.name != "nt":
        _remove_locks(parts)


def clear_locks(parts: Path) -> None:
    """Where a file that is open cannot be removed, the locks go when they are let go of."""
    if os.name == "nt":
        _remove_locks(parts)


def _remove_locks(parts: Path) -> None:
    with suppress(OSError):  # somebody else may have it by now
        for name in reversed(LOCKS):
            (parts / name).unlink(missing_ok=True)
        parts.rmdir()
