"""The downloads of one installation: a queue that outlives the process, and what each one shows.

A second process on the same folder sees the first one's downloads as `elsewhere`.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from glmdesk.errors import DiskFull, DownloadElsewhere, DownloadError, FileMissing, GlmdeskError
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers import twin
from glmdesk.library.transfers.download import (
    Download,
    Source,
    clear,
    clear_locks,
    hold,
    is_held,
    model_folder,
)
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.part import disk_error, disk_errors
from glmdesk.library.transfers.progress import Progress, Speed, State, seconds_left
from glmdesk.library.transfers.ticket import Ticket

_ACTIVE: tuple[State, ...] = ("waiting", "downloading")
_RESTING: tuple[State, ...] = ("paused", "failed", "elsewhere")
"""What another process may go on with, or remove."""
_LOOK_S = 1.0
_END_S = 10.0
_QUEUED = "It waits in the queue of another glmdesk"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One download as a page shows it. `code` and `message` are of the error that stopped it."""

    id: str
    item: Item
    progress: Progress
    code: str = ""
    message: str = ""

    @property
    def state(self) -> State:
        return self.progress.state


class _Entry:
    """What the queue knows of one download; guarded by the queue's lock."""

    def __init__(self, ticket: Ticket, download: Download) -> None:
        self.ticket = ticket
        self.download = download
        self.stop = threading.Event()
        self.wish: State | None = None
        """What it becomes when it has stopped."""
        self.cancelled = False
        self.thread: threading.Thread | None = None
        self.speed = Speed()
        self.over: Progress | None = None
        """The last of a finished one, whose folder is gone."""
        self.queued_elsewhere = False
        self._claim = ExitStack()

    @property
    def state(self) -> State:
        return self.ticket.state

    @property
    def busy(self) -> bool:
        """Nobody else may have a say in it; a finished one is only shown."""
        return self.thread is not None or self.state not in _RESTING

    def claim(self) -> None:
        """Let other processes see that it waits here."""
        self.release()
        with suppress(DownloadElsewhere, OSError):
            self._claim.enter_context(hold(self.download.parts, name="queue"))

    def release(self) -> None:
        self._claim.close()

    def status(self) -> Status:
        progress = self.over or self.download.progress(self.state)
        if self.queued_elsewhere:
            progress = replace(progress, note=_QUEUED)
        elif self.state == "elsewhere":
            speed = self.speed.add(time.monotonic(), progress.done)
            left = seconds_left(progress.total - progress.done, speed)
            progress = replace(progress, bytes_per_s=speed, seconds_left=left)
        ticket = self.ticket
        return Status(
            id=ticket.item.id, item=ticket.item, progress=progress, code=ticket.code,
            message=ticket.message,
        )  # fmt: skip


class Downloads:
    """Safe between threads. What was running when the last process ended runs again at once, or when
    `recover` is called."""

    def __init__(
        self, models: Path, source: Source, limits: Limits | None = None, *,
        finished: Callable[[Item], None] | None = None, resume: bool = True,
    ) -> None:  # fmt: skip
        """`finished` is called from the thread of its download; `resume`: go on at once."""
        self._models = models
        self._source = source
        self._limits = limits or Limits()
        self._finished = finished or (lambda item: None)
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()
        self._closing = False
        self._looked = 0.0
        if resume:
            self.recover()

    def recover(self) -> None:
        """Go on with what was running when the last process ended."""
        with self._lock:
            idle = [id for id, entry in self._entries.items() if entry.thread is None]
            for id in idle:
                self._entries.pop(id).release()
            self._adopt(restart=True)
            self._pump()

    # what people do

    def start(self, item: Item) -> Status:
        """Put it at the queue's end; what is there already goes on. Raises DownloadError, and UsageError
        when the same files are here under another name."""
        twin.check(self._models, item)
        with self._lock:
            self._adopt()
            entry = self._entries.get(item.id)
            if entry and entry.state in (*_ACTIVE, "elsewhere"):
                return entry.status()
            entry = _Entry(Ticket(item=item, order=time.time()), self._download(item))
            self._save(entry)
            entry.claim()
            self._entries[item.id] = entry
            self._pump()
            return entry.status()

    def pause(self, id: str) -> None:
        """Stop it and keep what came. Raises DownloadError when there is none, or it is elsewhere."""
        with self._lock:
            entry = self._ours(id)
            if entry.thread:
                entry.wish = "paused"
                entry.stop.set()
            elif entry.state in _ACTIVE:
                self._set(entry, "paused")

    def resume(self, id: str) -> None:
        """Put it at the queue's end again, whatever stopped it. Raises DownloadError."""
        with self._lock:
            entry = self._ours(id)
            if entry.thread:
                entry.wish = "waiting" if entry.stop.is_set() else None
            elif entry.state != "finished":
                self._set(entry, "waiting", order=time.time())
                self._pump()

    def cancel(self, id: str) -> None:
        """Stop it and remove what came; what is finished only leaves the list. Raises DownloadError."""
        with self._lock:
            entry = self._ours(id)
            if entry.thread:
                entry.cancelled = True
                entry.stop.set()
                return
            entry.release()
            if entry.state != "finished":
                discard(self._models, id)
            del self._entries[id]

    def list(self) -> tuple[Status, ...]:
        """All of them in the order they were asked for, as they are now."""
        with self._lock:
            self._adopt()
            entries = sorted(self._entries.values(), key=lambda entry: entry.ticket.order)
            return tuple(entry.status() for entry in entries)

    def find(self, id: str) -> Status | None:
        return next((status for status in self.list() if status.id == id), None)

    def close(self) -> None:
        """Stop all and keep what came; what was running runs again next time."""
        with self._lock:
            self._closing = True
            threads = [entry.thread for entry in self._entries.values() if entry.thread]
            for entry in self._entries.values():
                entry.stop.set()
        for thread in threads:
            thread.join(_END_S)
        with self._lock:
            for entry in self._entries.values():
                entry.release()

    # the queue

    def _pump(self) -> None:
        """Begin what may begin."""
        running = sum(entry.thread is not None for entry in self._entries.values())
        waiting = [entry for entry in self._entries.values() if entry.state == "waiting"]
        waiting = [entry for entry in waiting if entry.thread is None]
        waiting.sort(key=lambda entry: entry.ticket.order)
        for entry in waiting[: 0 if self._closing else max(0, self._limits.at_once - running)]:
            entry.stop.clear()
            entry.wish = None
            self._set(entry, "downloading")
            entry.download = self._download(entry.ticket.item)
            entry.thread = threading.Thread(
                target=self._run, args=(entry,), name="download-item", daemon=True
            )
            entry.thread.start()

    def _run(self, entry: _Entry) -> None:
        error: GlmdeskError | None = DownloadError(
            "The download ended by a fault of glmdesk itself. What came so far is kept. Resume it, and "
            "please report this with the log."
        )
        finished = False
        try:
            finished = entry.download.run(entry.stop, lambda progress: None)
            error = None
        except GlmdeskError as found:
            error = found
        except OSError as found:
            error = disk_error(found, entry.download.parts)
        finally:
            with self._lock:
                self._end(entry, finished, error)
        if finished:
            self._finished(entry.ticket.item)

    def _end(self, entry: _Entry, finished: bool, error: GlmdeskError | None) -> None:
        entry.thread = None
        id = entry.ticket.item.id
        if finished:
            entry.over = entry.download.progress("finished")
            self._set(entry, "finished")
        elif entry.cancelled:
            with suppress(DownloadError):
                discard(self._models, id)
            self._entries.pop(id, None)
        elif isinstance(error, DownloadElsewhere):
            self._set(entry, "elsewhere", error=error)
        elif error:
            self._set(entry, "paused" if isinstance(error, DiskFull) else "failed", error=error)
        elif entry.wish:
            self._set(entry, entry.wish, order=time.time() if entry.wish == "waiting" else 0)
        self._pump()

    def _set(
        self, entry: _Entry, state: State, *, order: float = 0, error: GlmdeskError | None = None
    ) -> None:
        entry.ticket = replace(
            entry.ticket, state=state, order=order or entry.ticket.order,
            code=error.code if error else "", message=error.message if error else "",
        )  # fmt: skip
        if state not in ("finished", "elsewhere"):
            with suppress(DownloadError):  # a full disk must not keep it from being paused
                self._save(entry)
        if state == "waiting":
            entry.claim()
        else:
            entry.release()

    def _save(self, entry: _Entry) -> None:
        parts = entry.download.parts
        with disk_errors(parts):
            tickets.write(parts, entry.ticket)

    def _ours(self, id: str) -> _Entry:
        self._adopt()
        entry = self._entries.get(id)
        if entry is None:
            raise FileMissing(f"There is no download of {id} here. Start it again.")
        if entry.state == "elsewhere":
            what = "waits in the queue of" if entry.queued_elsewhere else "is fetched by"
            raise DownloadElsewhere(
                f"{entry.ticket.item.name} {what} another glmdesk on this computer. Pause or cancel it "
                "there."
            )
        return entry

    def _download(self, item: Item) -> Download:
        return Download(item, self._models, self._source, self._limits)

    # what other processes do, and earlier ones did

    def _adopt(self, *, restart: bool = False) -> None:
        """Look for downloads on disk that are not ours; once a second at most."""
        now = time.monotonic()
        if not restart and now - self._looked < _LOOK_S:
            return
        self._looked = now
        busy = {id: entry for id, entry in self._entries.items() if entry.busy}
        found = {}
        for parts in sorted(self._models.glob(f"*/{tickets.FOLDER}")):
            ticket = None if parts.parent.name in busy else tickets.read(parts)
            if ticket and ticket.item.id == parts.parent.name:
                found[ticket.item.id] = self._adopted(ticket, parts, restart)
        for id in self._entries.keys() - busy.keys():
            self._replace(id, self._entries[id], found.get(id))
        self._entries = {**found, **self._entries}

    def _replace(self, id: str, entry: _Entry, found: _Entry | None) -> None:
        """What rests here may have been taken over, gone on with or removed by another process."""
        if found is None:
            del self._entries[id]
        elif entry.state == "elsewhere" or found.ticket != replace(
            entry.ticket, state="paused", code="", message=""
        ):
            found.speed = entry.speed
            self._entries[id] = found

    def _adopted(self, ticket: Ticket, parts: Path, restart: bool) -> _Entry:
        """Ours from now on, unless another process holds it. What another process left behind while we
        ran is paused, since its person may have stopped it."""
        queued = False
        if is_held(parts) or (queued := is_held(parts, "queue")):
            ticket = replace(ticket, state="elsewhere")
        elif ticket.state in _ACTIVE:
            ticket = replace(ticket, state="waiting" if restart else "paused")
        entry = _Entry(ticket, self._download(ticket.item))
        entry.queued_elsewhere = queued
        if ticket.state == "waiting":
            entry.claim()
        return entry


def discard(models: Path, id: str) -> None:
    """Remove what came of a download; files of a finished model stay. Raises DownloadError."""
    folder = model_folder(models, id)
    parts = tickets.folder_of(folder)
    if not parts.is_dir():
        return
    with hold(parts):
        clear(parts)
    clear_locks(parts)
    with suppress(OSError):
        folder.rmdir()
    journals.sync_folder(models)
