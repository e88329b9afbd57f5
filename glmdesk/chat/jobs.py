"""Answers that outlive a page: each is a job that runs here, is saved as it grows, and can be tailed.

A few jobs run at once, in the order they came. A job's words are in the store at most a second after
they were said, and in its `snapshot` at once; any number of pages may watch it.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from glmdesk.errors import GlmdeskError
from glmdesk.messages import (
    Answer,
    Event,
    Failed,
    Finished,
    Noted,
    Reading,
    Think,
    Thinking,
    Timings,
    Usage,
)
from glmdesk.store.conversations import Conversations, Outcome, State

DRAFT_EVERY_S = 1.0
CLOSE_DEADLINE_S = 10.0
AT_ONCE = 4
"""Answers that are written at the same time; the engine shares its context among them."""

Run = Callable[[threading.Event], Iterator[Event]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An answer as far as it is. `version` grows with every change."""

    version: int = 0
    state: State = "running"
    thinking: str = ""
    text: str = ""
    note: str = ""
    error: str = ""
    position: int = 0
    """Place in the queue while it waits: 1 is next; 0 when it runs."""
    read: int = 0
    to_read: int = 0
    """Tokens of the prompt, while it is being read."""
    thinking_since: float = 0.0
    thinking_s: float = 0.0
    think: Think = "auto"
    usage: Usage = Usage()
    timings: Timings = Timings()
    tokens: tuple[int, ...] = ()
    saved: bool = True
    """False while the store refuses to take it: the words are only in memory."""

    @property
    def running(self) -> bool:
        return self.state == "running"


class Job:
    """One answer under way. Safe to use from several threads."""

    def __init__(self, conversation: str, owner: str, entry: int, run: Run) -> None:
        self.conversation, self.owner, self.entry = conversation, owner, entry
        self.run = run
        self.stopping = threading.Event()
        self.hurrying = threading.Event()
        self.on_stop: Callable[[Job], None] = lambda job: None
        self._snapshot = Snapshot()
        self._changed = threading.Condition()

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def stop(self) -> None:
        """End the answer; what was said so far stays."""
        self.stopping.set()
        self.on_stop(self)

    def answer_now(self) -> None:
        """Close the thinking; the answer follows."""
        self.hurrying.set()

    def wait(self, version: int, seconds: float) -> Snapshot:
        """The first snapshot newer than `version`, or the same one after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._snapshot.version > version, seconds)
            return self._snapshot

    def change(self, **values: object) -> None:
        with self._changed:
            current = self._snapshot
            self._snapshot = replace(current, version=current.version + 1, **values)  # type: ignore[arg-type]
            self._changed.notify_all()


class Jobs:
    """The queue of answers and the threads that work it off."""

    def __init__(self, conversations: Conversations, at_once: int = AT_ONCE) -> None:
        self._conversations = conversations
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._by_conversation: dict[str, Job] = {}
        self._unsaved: list[tuple[int, Outcome]] = []
        self._wake = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"answers {number}", daemon=True)
            for number in range(at_once)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, job: Job) -> None:
        """Put `job` at the end of the queue."""
        with self._wake:
            job.on_stop = self._end_waiting
            self._waiting.append(job)
            self._by_conversation[job.conversation] = job
            self._tell_positions()
            self._wake.notify()

    def _end_waiting(self, job: Job) -> None:
        """A job that was stopped before its turn ends at once."""
        with self._wake:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
            self._running.append(job)
            self._tell_positions()
        self._run(job)

    def find(self, owner: str, conversation: str) -> Job | None:
        """The answer that runs or waits in this chat."""
        job = self._by_conversation.get(conversation)
        return job if job and job.owner == owner and job.snapshot.running else None

    def busy(self) -> bool:
        return bool(self._running or self._waiting)

    def close(self) -> None:
        """Stop everything; each answer keeps what it has said. Waits until they are saved."""
        with self._wake:
            self._closing = True
            jobs = [*self._waiting, *self._running]
            self._wake.notify_all()
        for job in jobs:
            job.stop()
        end = time.monotonic() + CLOSE_DEADLINE_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._save_rest()

    def _tell_positions(self) -> None:
        ahead = 1 if len(self._running) >= len(self._threads) else 0
        for place, job in enumerate(self._waiting):
            job.change(position=place + ahead)

    def _work(self) -> None:
        while job := self._next():
            self._run(job)

    def _run(self, job: Job) -> None:
        outcome = _Keeper(job, self._conversations).keep()
        self._save_rest()
        with self._wake:
            if not job.snapshot.saved:
                self._unsaved.append((job.entry, outcome))
            self._running.remove(job)
            if self._by_conversation.get(job.conversation) is job:
                del self._by_conversation[job.conversation]

    def _save_rest(self) -> None:
        """Try again to save what the store refused before, as when the disk was full."""
        with self._wake:
            unsaved, self._unsaved = self._unsaved, []
        for entry, outcome in unsaved:
            try:
                self._conversations.finish(entry, outcome)
            except GlmdeskError:
                with self._wake:
                    self._unsaved.append((entry, outcome))

    def _next(self) -> Job | None:
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            if not self._waiting:
                return None
            job = self._waiting.popleft()
            self._running.append(job)
            job.change(position=0)
            self._tell_positions()
            return job


class _Keeper:
    """Runs one job and keeps what it says: in its snapshot, and in the store."""

    def __init__(self, job: Job, conversations: Conversations) -> None:
        self._job = job
        self._conversations = conversations
        self._saved_at = time.monotonic()
        self._cut = False

    def keep(self) -> Outcome:
        """Returns how it ended; the snapshot tells whether that was saved."""
        try:
            for event in self._job.run(self._job.stopping):
                self._take(event)
                self._save_draft()
        except GlmdeskError as error:
            self._take(Failed(code=error.code, message=error.message))
        except Exception:  # noqa: BLE001 - a turn must end in words, whatever happened
            _log.exception("a turn failed unexpectedly")
            self._take(
                Failed(
                    code="error",
                    message="Something went wrong inside glmdesk; the log has the details. The text "
                    "so far is kept.",
                )
            )
        return self._finish()

    def _take(self, event: Event) -> None:
        job, now = self._job, self._job.snapshot
        if isinstance(event, Thinking):
            since = now.thinking_since or time.monotonic()
            spent = time.monotonic() - since
            job.change(thinking=now.thinking + event.text, thinking_since=since, thinking_s=spent)
        elif isinstance(event, Answer):
            job.change(text=now.text + event.text)
        elif isinstance(event, Reading):
            job.change(read=event.done, to_read=event.total)
        elif isinstance(event, Noted):
            job.change(note=" ".join(filter(None, (now.note, event.text))))
        elif isinstance(event, Failed):
            job.change(error=event.message)
        elif isinstance(event, Finished):
            self._take_end(event)

    def _take_end(self, event: Finished) -> None:
        note = self._job.snapshot.note
        self._cut = event.reason == "cancelled"
        if event.reason == "length":
            note = " ".join(filter(None, (note, "The answer was cut: there was no room for more.")))
        self._job.change(
            usage=event.usage,
            timings=event.timings,
            tokens=event.tokens,
            think=event.think,
            thinking_s=event.timings.thinking_s or self._job.snapshot.thinking_s,
            note=note,
        )

    def _save_draft(self) -> None:
        if time.monotonic() - self._saved_at < DRAFT_EVERY_S:
            return
        self._saved_at = time.monotonic()
        now = self._job.snapshot
        try:
            self._conversations.save_draft(self._job.entry, now.thinking, now.text)
        except GlmdeskError as error:
            _log.warning("draft not saved: %s", error.message)

    def _finish(self) -> Outcome:
        now = self._job.snapshot
        state: State = "done"
        if now.error:
            state = "failed"
        elif self._job.stopping.is_set() or self._cut:
            state = "cancelled"
        timings = replace(now.timings, thinking_s=now.thinking_s)
        outcome = Outcome(
            state=state,
            thinking=now.thinking,
            text=now.text,
            think=now.think,
            usage=now.usage,
            timings=timings,
            tokens=now.tokens,
            error=now.error,
            note=now.note,
        )
        try:
            self._conversations.finish(self._job.entry, outcome)
            self._job.change(state=state, timings=timings)
        except GlmdeskError as error:
            _log.error("answer not saved: %s", error.message)
            told = " ".join(filter(None, (now.error, error.message)))
            self._job.change(state="failed", timings=timings, error=told, saved=False)
        return outcome
