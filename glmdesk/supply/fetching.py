"""Fetch one model now, for somebody who waits for it: follow another process that fetches it already."""

import threading
import time
from collections.abc import Callable

from glmdesk.errors import DownloadElsewhere, DownloadError, GlmdeskError
from glmdesk.library import ticket as tickets
from glmdesk.library.download import Download, is_held
from glmdesk.library.downloads import Downloads
from glmdesk.library.part import disk_error, disk_errors
from glmdesk.library.progress import Progress
from glmdesk.library.ticket import Ticket
from glmdesk.sizes import size

Report = Callable[[Progress], None]
_LOOK_S = 0.5


def fetch(download: Download, downloads: Downloads, report: Report) -> None:
    """Until the model is complete. Ctrl+C pauses it. Raises DownloadError."""
    try:
        _run(download, report)
    except DownloadElsewhere:
        if not _follow(download.item.id, downloads, report):
            _run(download, report)


def _note(download: Download) -> None:
    """What is wanted, for whoever looks at the folder: others follow it, and can go on with it."""
    if not is_held(download.parts):
        with disk_errors(download.parts):
            ticket = Ticket(item=download.item, state="paused", order=time.time())
            tickets.write(download.parts, ticket)


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
            raise DownloadError(
                f"Paused at {size(done.done)} of {size(done.total)}; what came is kept. Run the same "
                "command again to go on."
            ) from None
    if failed:
        raise failed[0]
    if not finished:
        raise DownloadError(
            "The download ended by a fault of glmdesk itself. What came so far is kept. Run the same "
            "command again, and please report this."
        )


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
