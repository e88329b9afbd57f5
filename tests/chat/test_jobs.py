"""Answers run in order, a few at a time, are saved as they grow, and end in words whatever happens."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk.chat import jobs as module
from glmdesk.chat.jobs import Job, Jobs, Run, Snapshot
from glmdesk.errors import EngineDied, StorageError
from glmdesk.messages import (
    Answer,
    Event,
    Failed,
    Finished,
    Noted,
    Reading,
    Thinking,
    Timings,
    Usage,
)
from glmdesk.store.conversations import Conversations, Entry, Question
from glmdesk.store.database import Database

DONE = Finished(
    reason="stop",
    usage=Usage(prompt_tokens=3),
    timings=Timings(thinking_s=1.5),
    tokens=(1, 2),
    think="on",
)


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    database = Database(tmp_path / "glmdesk.db")
    yield Conversations(database)
    database.close()


@pytest.fixture
def queue(conversations: Conversations) -> Iterator[Jobs]:
    made = Jobs(conversations)
    yield made
    made.close()


def ask(conversations: Conversations, run: Run) -> Job:
    chat = conversations.create("owner")
    _, answer = conversations.ask("owner", chat.id, Question(text="q"), "m", "auto")
    return Job(chat.id, "owner", answer.id, run)


def script(*events: Event) -> Run:
    return lambda stop: iter(events)


def finish(job: Job) -> Snapshot:
    now = job.snapshot
    while now.running:
        now = job.wait(now.version, 5)
    return now


def stored(conversations: Conversations, job: Job) -> Entry:
    return conversations.entries("owner", job.conversation)[-1]


def test_an_answer_is_stored_with_everything(conversations: Conversations, queue: Jobs) -> None:
    events: list[Event] = [
        Reading(done=1, total=2),
        Noted(text="n."),
        Thinking(text="t"),
        Answer(text="a"),
        DONE,
    ]
    job = ask(conversations, script(*events))
    queue.start(job)
    now = finish(job)
    entry = stored(conversations, job)
    assert (now.thinking, now.text, now.state) == ("t", "a", "done")
    assert (entry.thinking, entry.text, entry.note, entry.state) == ("t", "a", "n.", "done")
    assert (entry.usage.prompt_tokens, entry.tokens, entry.think) == (3, (1, 2), "on")
    assert entry.timings.thinking_s == 1.5
    assert queue.find("owner", job.conversation) is None


def test_in_order_with_places(conversations: Conversations) -> None:
    queue = Jobs(conversations, at_once=1)
    gate = threading.Event()
    order: list[str] = []

    def slow(name: str) -> Run:
        def run(stop: threading.Event) -> Iterator[Event]:
            order.append(name)
            gate.wait(5)
            yield DONE

        return run

    jobs = [ask(conversations, slow(name)) for name in "abc"]
    for job in jobs:
        queue.start(job)
    jobs[0].wait(0, 5)
    while jobs[2].snapshot.position != 2:
        jobs[2].wait(jobs[2].snapshot.version, 5)
    assert [job.snapshot.position for job in jobs] == [0, 1, 2]
    gate.set()
    assert [finish(job).state for job in jobs] == ["done"] * 3
    assert order == ["a", "b", "c"]
    queue.close()


def test_four_at_once(conversations: Conversations, queue: Jobs) -> None:
    together = threading.Barrier(4)

    def run(stop: threading.Event) -> Iterator[Event]:
        together.wait(5)  # raises when the others do not come
        yield DONE

    jobs = [ask(conversations, run) for _ in range(4)]
    for job in jobs:
        queue.start(job)
    assert [finish(job).state for job in jobs] == ["done"] * 4


def test_stop_keeps_what_was_said(conversations: Conversations, queue: Jobs) -> None:
    def run(stop: threading.Event) -> Iterator[Event]:
        yield Answer(text="so far")
        stop.wait(5)
        yield Finished(reason="cancelled")

    job = ask(conversations, run)
    queue.start(job)
    while not job.snapshot.text:
        job.wait(job.snapshot.version, 5)
    job.stop()
    assert finish(job).state == "cancelled"
    assert stored(conversations, job).text == "so far"


@pytest.mark.parametrize(
    ("error", "words"),
    [(EngineDied("It died."), "It died."), (RuntimeError("secret detail"), "Something went wrong")],
)
def test_errors_end_in_words(
    conversations: Conversations, queue: Jobs, error: Exception, words: str
) -> None:
    def run(stop: threading.Event) -> Iterator[Event]:
        yield Answer(text="half")
        raise error

    job = ask(conversations, run)
    queue.start(job)
    assert finish(job).state == "failed"
    entry = stored(conversations, job)
    assert entry.text == "half"
    assert words in entry.error
    assert "secret" not in entry.error


def test_a_failed_event_keeps_the_text(conversations: Conversations, queue: Jobs) -> None:
    job = ask(conversations, script(Answer(text="x"), Failed(code="engine", message="No.")))
    queue.start(job)
    finish(job)
    assert (stored(conversations, job).text, stored(conversations, job).error) == ("x", "No.")


def test_drafts_are_saved_while_it_runs(
    conversations: Conversations, queue: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DRAFT_EVERY_S", 0.0)
    said = threading.Event()

    def run(stop: threading.Event) -> Iterator[Event]:
        yield Answer(text="draft")
        said.set()
        stop.wait(5)
        yield DONE

    job = ask(conversations, run)
    queue.start(job)
    assert said.wait(5)
    assert stored(conversations, job).text == "draft"
    assert stored(conversations, job).state == "running"
    job.stop()
    finish(job)


def test_what_cannot_be_saved_is_said(
    conversations: Conversations, queue: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(conversations, script(Answer(text="precious"), DONE))

    def full(entry: int, outcome: object) -> None:
        raise StorageError("Not saved: the disk is full.")

    monkeypatch.setattr(conversations, "finish", full)
    queue.start(job)
    now = finish(job)
    assert (now.text, now.saved) == ("precious", False)
    assert "disk is full" in now.error
    monkeypatch.undo()
    following = ask(conversations, script(Answer(text="next"), DONE))
    queue.start(following)
    finish(following)
    queue.close()
    assert stored(conversations, job).text == "precious"
    assert stored(conversations, job).state == "done"


def test_closing_stops_and_saves(conversations: Conversations) -> None:
    queue = Jobs(conversations)

    def run(stop: threading.Event) -> Iterator[Event]:
        yield Answer(text="kept")
        stop.wait(10)
        yield Finished(reason="cancelled")

    running, waiting = ask(conversations, run), ask(conversations, run)
    queue.start(running)
    queue.start(waiting)
    while not running.snapshot.text:
        running.wait(running.snapshot.version, 5)
    begun = time.monotonic()
    queue.close()
    assert time.monotonic() - begun < 5
    assert stored(conversations, running).state == "cancelled"
    assert stored(conversations, running).text == "kept"
    assert stored(conversations, waiting).state == "cancelled"


def test_a_stop_before_its_turn_ends_a_job_at_once(conversations: Conversations) -> None:
    """The only thread is busy; the stopped one does not wait for it."""
    queue, go = Jobs(conversations, at_once=1), threading.Event()

    def slow(stop: threading.Event) -> Iterator[Event]:
        go.wait(10)
        yield DONE

    def never(stop: threading.Event) -> Iterator[Event]:
        assert stop.is_set()
        yield Finished(reason="cancelled")

    first, second = ask(conversations, slow), ask(conversations, never)
    queue.start(first)
    queue.start(second)
    second.stop()
    assert second.snapshot.state == "cancelled"
    assert stored(conversations, second).state == "cancelled"
    assert queue.find("owner", second.conversation) is None
    assert first.snapshot.running
    go.set()
    assert finish(first).state == "done"
    queue.close()
