"""One pass over a file: several connections fill its holes until none is left, while a follower hashes."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO

from glmdesk.errors import DiskFull, DownloadError
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers.address import Address
from glmdesk.library.transfers.answers import Setback, Wanted, plain_etag
from glmdesk.library.transfers.connection import Answer, LineError
from glmdesk.library.transfers.hashing import Follower
from glmdesk.library.transfers.journal import Journal
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.part import (
    Part,
    disk_error,
    free_bytes,
    full,
    give_up_spare,
    write_at,
)
from glmdesk.library.transfers.patience import Patience
from glmdesk.library.transfers.segments import Segment, Segments
from glmdesk.library.transfers.spans import Spans

_LOOK_S = 0.1
_DISK_LOOK_S = 0.5
_JOIN_S = 2.0
_SAME_ETAG = 2
"""How often another etag must be seen until it is believed."""
_NO_RANGES = 3
"""How often a whole file must come instead of a part until the server is taken to know no parts."""


class Restart(Exception):
    """What is on disk belongs to another version of the file."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is fetched and how."""

    address: Address
    part: Part
    limits: Limits
    stop: threading.Event


class Fetch:
    """Use once: `run`, then read `journal`."""

    def __init__(self, job: Job, journal: Journal, *, ranges: bool = True) -> None:
        """`ranges`: whether the server sends parts of a file."""
        self.journal = journal
        self.note = ""
        self._job = job
        self._limits = job.limits
        done, limits = Spans(journal.spans), job.limits
        self._segments = Segments(journal.size, done, limits.segment, limits.connections)
        self._at_risk = job.limits.at_risk(journal.size)
        self._received = [0] * limits.connections
        self._gained = [0] * limits.connections
        self._synced, self._synced_at = 0, time.monotonic()
        self._over = threading.Event()
        self._wake = threading.Event()
        self._follower = Follower(
            job.part.path, self._segments, _split(journal.blocks), self._wake.set
        )
        self._roomy = threading.Event()
        self._roomy.set()
        self._answers: dict[Segment, Answer] = {}
        self._etags: Counter[str] = Counter()
        self._wholes = 0 if ranges else _NO_RANGES
        self._failure: Exception | None = None

    @property
    def received(self) -> int:
        """Bytes that came in this pass."""
        return sum(self._received)

    @property
    def gained(self) -> int:
        """Those of them that were missing."""
        return sum(self._gained)

    @property
    def done(self) -> int:
        """Bytes of the file that are written."""
        return self._segments.written().total

    def run(self, tick: Callable[["Fetch"], None]) -> str | None:
        """The sha256 of the whole file; None when it was stopped. `tick` is called some times a second.

        Raises Restart or DownloadError; what came is kept and journalled in every case.
        """
        workers = [
            threading.Thread(target=self._work, args=(number,), name="download", daemon=True)
            for number in range(self._limits.connections)
        ]
        self._follower.start()
        try:
            for worker in workers:
                worker.start()
            finished = self._watch(tick)
        finally:
            self._end(workers)
        return self._follower.sha256() if finished else None

    # the thread that watches

    def _watch(self, tick: Callable[["Fetch"], None]) -> bool:
        looked = 0.0
        while not self._job.stop.is_set():
            if self._failure:
                raise self._failure
            if self._follower.error:
                raise disk_error(self._follower.error, self._job.part.path)
            if self._follower.done:
                self._sync()
                return True
            now = time.monotonic()
            if now - looked >= _DISK_LOOK_S:
                looked = now
                self._look_at_disk()
                self._look_for_stalls(now)
            self._sync_if_due(now)
            tick(self)
            self._wake.wait(_LOOK_S)
            self._wake.clear()
        return False

    def _look_at_disk(self) -> None:
        path, reserve = self._job.part.path, self._limits.reserve
        missing = self.journal.size - self.done
        free = free_bytes(path)
        if missing and free < reserve:
            raise full(path, missing, reserve, free)

    def _look_for_stalls(self, now: float) -> None:
        for segment in self._segments.active():
            if not segment.moved:
                segment.moved, segment.seen = now, segment.position
            if now - segment.moved < self._limits.stall_s:
                continue
            slow = segment.position - segment.seen < self._limits.stall_bytes
            answer = self._answers.get(segment)
            if slow and answer and self._roomy.is_set():
                answer.abort()
            segment.moved, segment.seen = now, segment.position

    def _sync_if_due(self, now: float) -> None:
        waiting = self.gained - self._synced
        late = now - self._synced_at >= self._limits.sync_s
        if waiting >= self._at_risk // 2 or (waiting and late):
            self._sync()

    def _sync(self) -> None:
        """First the data, then the journal that speaks of it."""
        gained, spans = self.gained, tuple(self._segments.written())
        blocks = "".join(self._follower.blocks())
        try:
            self._job.part.sync()
            self.journal = replace(self.journal, spans=spans, blocks=blocks)
            journals.write(self._job.part.path.parent, self.journal)
        except OSError as error:
            raise disk_error(error, self._job.part.path) from error
        self._synced, self._synced_at = gained, time.monotonic()
        self._roomy.set()

    def _end(self, workers: list[threading.Thread]) -> None:
        self._over.set()
        self._roomy.set()
        for answer in list(self._answers.values()):
            answer.abort()
        deadline = time.monotonic() + _JOIN_S
        for worker in workers:
            if worker.is_alive():
                worker.join(max(0.0, deadline - time.monotonic()))
        self._follower.close()
        if not self._follower.done:
            with suppress(DownloadError):  # then the journal says less than there is
                self._sync_at_last()

    def _sync_at_last(self) -> None:
        try:
            self._sync()
        except DiskFull:
            give_up_spare(self._job.part.path.parent)
            self._sync()

    # the threads that fetch

    def _work(self, number: int) -> None:
        patience = Patience(self._limits, self.journal.name, self._over.wait, self._say)
        came = 0
        try:
            with self._job.part.opened() as file:
                while not self._over.is_set():
                    setback = self._one(number, file)
                    if setback and not self._over.is_set():
                        if self.gained - came >= self._limits.progress_bytes:
                            patience.reset()
                        came = self.gained
                        self._check_etag(setback)
                        patience.bear(setback)
        except (DownloadError, Restart) as error:
            self._fail(error)
        except OSError as error:
            self._fail(disk_error(error, self._job.part.path))

    def _one(self, number: int, file: FileIO) -> Setback | LineError | None:
        """Fetch the next segment; what kept it from coming whole."""
        segment = self._take(number)
        if segment is None:
            self._over.wait(_LOOK_S)
            return None
        try:
            self._fetch(number, segment, file)
        except (Setback, LineError) as setback:
            return setback
        finally:
            self._answers.pop(segment, None)
            self._segments.release(segment)
            self._follower.nudge()
        return None

    def _take(self, number: int) -> Segment | None:
        if self._wholes >= _NO_RANGES:
            return self._segments.take(whole=True) if number == 0 else None
        return self._segments.take()

    def _fetch(self, number: int, segment: Segment, file: FileIO) -> None:
        wanted = Wanted(
            place=self._job.address.place, start=segment.start, stop=segment.stop,
            size=self.journal.size, etag=self.journal.etag,
        )  # fmt: skip
        answer, offer = self._job.address.ask(wanted)
        with answer:
            self._answers[segment], segment.moved = answer, 0.0
            self._note_parts(offer.whole, segment)
            self._etags.clear()
            place = offer.start
            for chunk in answer.chunks():
                if self._over.is_set():
                    return
                self._received[number] += len(chunk)
                self._gained[number] += self._write(file, segment, place, chunk)
                place += len(chunk)
                self._keep_pace(segment)
                if segment.position >= segment.stop:
                    return
            if place < (offer.stop or segment.stop):
                raise Setback("the connection ended early", "line")

    def _note_parts(self, whole: bool, segment: Segment) -> None:
        """Once is a mishap; a server that does it always is read from its beginning."""
        if not whole:
            self._wholes = 0
        elif segment.start and self._wholes < _NO_RANGES:
            self._wholes += 1
            raise Setback("the server sends the whole file instead of a part", "whole")

    def _write(self, file: FileIO, segment: Segment, place: int, chunk: bytes) -> int:
        """Write what the segment lacks of this chunk, which begins at `place` of the file."""
        data = chunk[max(0, segment.position - place) : max(0, segment.stop - place)]
        if data:
            write_at(file, segment.position, data)
            segment.position += len(data)
            self._follower.nudge()
        return len(data)

    def _keep_pace(self, segment: Segment) -> None:
        """Wait while too much is not sure on disk yet."""
        waiting = self.gained - self._synced
        if waiting >= self._at_risk // 2:
            self._wake.set()
        while waiting >= self._at_risk and not self._over.is_set():
            self._roomy.clear()
            if self.gained - self._synced >= self._at_risk:
                self._roomy.wait(_LOOK_S)
            segment.moved = 0.0
            waiting = self.gained - self._synced

    def _check_etag(self, setback: Setback | LineError) -> None:
        """Another version is believed when it was seen twice without the known one in between."""
        if isinstance(setback, Setback) and setback.kind == "etag":
            etag = plain_etag(setback.etag)
            self._etags[etag] += 1
            if self._etags[etag] >= _SAME_ETAG:
                raise Restart

    def _say(self, note: str) -> None:
        self.note = note

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._over.set()
        self._wake.set()


def _split(blocks: str) -> list[str]:
    return [blocks[place : place + journals.HEX] for place in range(0, len(blocks), journals.HEX)]
