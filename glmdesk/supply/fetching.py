"""Fetch one model now, for somebody who waits for it: follow another process that fetches it already."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from glmdesk.errors import DiskFull, DownloadElsewhere, DownloadError, GlmdeskError
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers import twin
from glmdesk.library.transfers.download import Download, is_held
from glmdesk.library.transfers.downloads import Downloads, discard
from glmdesk.library.transfers.part import disk_error, disk_errors
from glmdesk.library.transfers.progress import Progress, State
from glmdesk.library.transfers.ticket import Ticket
from glmdesk.sizes import size

Report = Callable[[Progress], None]
_LOOK_S = 0.5


def fetch(download: Download, downloads: Downloads, report: Report) -> None:
    """Until the model is complete. Ctrl+C pauses it. Raises DownloadError, whose reason is kept beside what
    came; UsageError when the same files are here under another name."""
    twin.check(download.folder.parent, download.item)
    try:
        _run(download, report)
    except DownloadElsewhere:
        if not _follow(download.item.id, downloads, report):
            _run(download, report)


def _note(download: Download, error: GlmdeskError | None = None) -> None:
    """What is wanted and why it stopped, for whoever looks at the folder: others follow it, and can go on
    with it."""
    if not is_held(download.parts):
        state: State = "paused" if error is None or isinstance(error, DiskFull) else "failed"
        ticket = Ticket(
            item=download.item, state=state, order=time.time(), code=error.code if error else "",
            message=error.message if error else "",
        )  # fmt: skip
        with disk_errors(download.parts):
            tickets.write(download.parts, ticket)


def _leave(download: Download, error: GlmdeskError) -> None:
    """Why it failed stays beside what came; where nothing came, nothing stays."""
    if isinstance(error, DownloadElsewhere):
        return
    if download.progress().done or is_held(download.parts, "queue"):
        _note(download, error)
    else:
        discard(download.folder.parent, download.item.id)


def _run(download: Download, report: Report) -> None:
    _note(download)
    stop, over = threading.Event(), threading.Event()
    failed: list[GlmdeskError] = []
    finished: list[bool] = []

    def run() -> None:
        try:
            finished.append(download.run(stop, report))
        except GlmdeskError as error:
            failed.append(error)
        except OSError as error:
            failed.append(disk_error(error, download.parts))
        finally:
            over.set()

    threading.Thread(target=run, name="download").start()
    try:
        while not over.wait(0.2):  # an interrupted join() takes a running thread for ended
            pass
    except KeyboardInterrupt:
        stop.set()
        over.wait()
        done = download.progress("paused")
        if not failed and finished != [True]:
            raise _paused(done) from None
    if failed:
        with suppress(DownloadError):  # a disk that takes nothing must not hide why
            _leave(download, failed[0])
        raise failed[0]
    if not finished:
        raise DownloadError(
            "The download ended by a fault of glmdesk itself. What came so far is kept. Run the same "
            "command again, and please report this."
        )


def _paused(progress: Progress) -> DownloadError:
    came = f"at {size(progress.done)} of {size(progress.total)}; what came is kept"
    if not progress.done:
        came = "before anything came"
    return DownloadError(f"Paused {came}. Run the same command again to go on.")


def _follow(id: str, downloads: Downloads, report: Report) -> bool:
    """Show what the other process has, until it stops; whether it finished."""
    progress: Progress | None = None
    while True:
        status = downloads.find(id)
        if status is None or status.state != "elsewhere":
            return status is None and progress is not None
        progress = status.progress
        report(progress)
        time.sleep(_LOOK_S)
