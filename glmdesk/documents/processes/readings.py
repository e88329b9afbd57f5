"""Reads documents in the background, range by range, and remembers those that were asked for last."""

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents import notes
from glmdesk.documents.page import Document, Sheet
from glmdesk.documents.processes.pool import SEATS, Pool, closing_down
from glmdesk.documents.processes.progress import MOST_LETTERS, Pace, Progress, Range
from glmdesk.documents.processes.rota import URGENT
from glmdesk.documents.processes.seat import Lost, Seat
from glmdesk.documents.processes.shelf import Shelf
from glmdesk.documents.protocol import Answer, Done, Opened, ReadDocument
from glmdesk.errors import DocumentError, GlmdeskError

REMEMBERED = 16
"""Documents whose pages are kept in memory."""
MOST_PAGES = 100_000
"""No reader gives more; a child that says so is not well."""
CAP_S = 1800.0
"""Seconds for a whole document."""
_JOIN_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to read, as the child is told of it."""

    path: Path
    name: str
    sha256: str
    encoding: str

    @property
    def key(self) -> tuple[str, str]:
        return self.sha256, self.encoding


class Readings:
    """Every method may be called from any thread."""

    def __init__(self, pool: Pool, shelf: Shelf, timeout_s: float) -> None:
        self._pool = pool
        self._shelf = shelf
        self._timeout_s = timeout_s
        self._known: OrderedDict[tuple[str, str], Progress] = OrderedDict()
        self._lock = threading.Lock()
        self._ranks = itertools.count(URGENT + 1)
        self._threads: set[threading.Thread] = set()

    def begin(self, source: Source, *, again: bool = False) -> Progress:
        """The reading of a document, begun now unless it was before; `again` where that failed."""
        with self._lock:
            known = self._known.get(source.key)
            if known is None or (again and known.failed):
                known = Progress(source.name, time.monotonic() + CAP_S)
                self._known[source.key] = known
                rank = next(self._ranks)
                self._spawn(lambda: self._begin(source, known, rank))
            self._known.move_to_end(source.key)
            self._make_room()
            return known

    def find(self, sha256: str, encoding: str) -> Progress | None:
        """A reading that was begun, or was finished and kept on disk."""
        with self._lock:
            known = self._known.get((sha256, encoding))
            if known is not None:
                return known
        kept = self._shelf.document(sha256, encoding, "")
        return self._remember((sha256, encoding), kept) if kept else None

    def forget(self, sha256: str) -> None:
        """Stop reading a file and remember nothing of it."""
        with self._lock:
            found = [key for key in self._known if key[0] == sha256]
            gone = [self._known.pop(key) for key in found]
        for progress in gone:
            progress.stop(
                DocumentError(f"{progress.name} was removed while it was read. Attach it again.")
            )

    def close(self) -> None:
        """Whoever waits for a document gets an error. The pool must be closed before."""
        with self._lock:
            readings, threads = list(self._known.values()), list(self._threads)
        for progress in readings:
            progress.stop(closing_down(progress.name))
        for thread in threads:
            thread.join(_JOIN_S)

    def _remember(self, key: tuple[str, str], document: Document) -> Progress:
        with self._lock:
            known = self._known.get(key)
            if known is None:
                known = Progress(document.name, 0.0)
                known.finish(document)
                self._known[key] = known
                self._make_room()
            return known

    def _make_room(self) -> None:
        """The one asked for longest ago goes, unless it is the last or is still being read."""
        letters = sum(progress.letters for progress in self._known.values())
        for key, progress in list(self._known.items())[:-1]:
            if len(self._known) <= REMEMBERED and letters <= MOST_LETTERS:
                return
            if progress.over:
                letters -= progress.letters
                del self._known[key]

    def _spawn(self, work: Callable[[], None]) -> None:
        """Called with the lock held."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="glmdesk reading", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _begin(self, source: Source, progress: Progress, rank: int) -> None:
        kept = self._shelf.document(source.sha256, source.encoding, source.name)
        if kept:
            progress.finish(kept)
            return
        progress.enter()
        self._work(source, progress, rank)
        if progress.flawless and self._wanted(source, progress):
            self._shelf.keep(source.sha256, source.encoding, progress.wait())
            if not self._wanted(source, progress):
                self._shelf.forget(source.sha256)

    def _wanted(self, source: Source, progress: Progress) -> bool:
        """Whether it was not forgotten meanwhile."""
        with self._lock:
            return self._known.get(source.key) is progress

    def _work(self, source: Source, progress: Progress, rank: int) -> None:
        """Read ranges until none is left, in whichever child is free and not wanted more elsewhere."""
        try:
            while progress.more:
                with self._pool.rota.seat(rank, source.path) as seat:
                    self._shift(seat, source, progress, rank)
        except Lost:
            progress.stop(closing_down(source.name))
        finally:
            progress.leave()

    def _shift(self, seat: Seat, source: Source, progress: Progress, rank: int) -> None:
        while pages := progress.take():
            if not self._range(seat, source, progress, pages):
                return  # the child that follows is cold, and another may be warm
            if self._pool.rota.pressed(rank):
                return
            self._help(source, progress, rank)

    def _help(self, source: Source, progress: Progress, rank: int) -> None:
        """Have the other child read too, where it has nothing to do and that is quicker."""
        if progress.readers < SEATS and progress.help_pays() and self._pool.rota.spare():
            progress.enter()
            with self._lock:
                self._spawn(lambda: self._work(source, progress, rank))

    def _range(self, seat: Seat, source: Source, progress: Progress, pages: Range) -> bool:
        """Read some pages; returns whether the child is still there."""
        request = ReadDocument(
            path=source.path,
            name=source.name,
            encoding=source.encoding,
            first=pages[0],
            last=pages[1],
        )
        course = _Course(progress, pages, seat.pid)
        try:
            with closing(self._pool.exchange(seat, request, CAP_S)) as answers:
                for answer in answers:
                    course.take(answer)
        except Lost as lost:
            self._lost(source, progress, course, lost)
            return False
        except GlmdeskError as error:
            progress.fail(error)
        return True

    def _lost(self, source: Source, progress: Progress, course: "_Course", lost: Lost) -> None:
        if self._pool.closed:
            progress.stop(closing_down(source.name))
            return
        hopeless = not progress.counted and (lost.slow or progress.deaths)
        if hopeless or not lost.started:
            progress.fail(self._pool.sorry(source.name, lost))
            return
        fault = ""
        if course.opened and course.page <= course.last:
            seconds = self._timeout_s
            fault = notes.slow(course.page, seconds) if lost.slow else ""
            fault = fault or notes.ended(course.page, lost.how)
        progress.lost((course.page, course.last), fault)


class _Course:
    """What a child said of one range so far."""

    def __init__(self, progress: Progress, pages: Range, pid: int) -> None:
        self._progress = progress
        self._pid = pid
        self._begun = time.monotonic()
        self._open_s = 0.0
        self._first = pages[0]
        self.page, self.last = pages
        self.opened = False

    def take(self, answer: Answer) -> None:
        """Raises Lost for what a child that is well would not say."""
        match answer:
            case Opened() if 0 <= answer.pages <= MOST_PAGES:
                self.opened = True
                self.last = min(self.last, answer.pages)
                self._open_s = time.monotonic() - self._begun
                self._progress.opened(answer.pages)
            case Sheet() if answer.number == self.page <= self.last:
                self._progress.add(answer)
                self.page += 1
            case Done() if self.page > self.last:
                self._progress.done(self._pid, answer.note, answer.encoding, self._pace())
            case _:
                raise Lost("it gave the wrong answer")

    def _pace(self) -> Pace:
        seconds = time.monotonic() - self._begun - self._open_s
        return Pace(page_s=max(1e-6, seconds / (self.page - self._first or 1)), open_s=self._open_s)
