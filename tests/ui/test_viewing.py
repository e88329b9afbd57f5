"""A page touches only what is its visitor's, and lets go of what it no longer shows."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from glmdesk.app import App, Draft
from glmdesk.chat.jobs import Job
from glmdesk.chat.prompt import Options
from glmdesk.engines.base import Request
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.errors import StorageError
from glmdesk.identity import OWNER, Identity
from glmdesk.messages import Answer, Event, Finished, Thinking
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.ui import render
from glmdesk.ui.viewing import Viewing, Written

VISITOR = Identity(name="visitor", kind="visitor")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(
        Settings(paths=find(tmp_path)), load=lambda model, progress: ScriptedEngine(delay_s=0.01)
    )
    yield made
    made.close()


def request(session: str) -> Any:
    return SimpleNamespace(session_hash=session)


@pytest.fixture
def pages(app: App) -> tuple[Viewing, Viewing]:
    return Viewing(app, lambda request: OWNER), Viewing(app, lambda request: VISITOR)


def ask(app: App, words: str = "hello") -> Job:
    job = app.ask("owner", "", Draft(text=words), Options(), "pico")
    while job.snapshot.running:
        job.wait(job.snapshot.version, 5)
    return job


def test_a_visitor_sees_nothing_of_the_owner(app: App, pages: tuple[Viewing, Viewing]) -> None:
    owner, visitor = pages
    chat = ask(app).conversation
    assert [id for _, id in owner.chats(request("a"))] == [chat]
    assert visitor.chats(request("b")) == []
    assert owner.look(chat, request("a")).entries
    assert visitor.look(chat, request("b")).entries == []
    assert visitor.look(chat, request("b")).conversation == ""
    with pytest.raises(StorageError, match="no such chat"):
        visitor.ask(Written(text="x"), chat, "auto", "pico", request("b"))
    assert len(app.conversations.entries("owner", chat)) == 2


def test_a_visitor_cannot_stop_the_owner(app: App, pages: tuple[Viewing, Viewing]) -> None:
    job = app.ask("owner", "", Draft(text="x"), Options(), "pico")
    pages[1].stop(job.conversation, request("b"))
    assert not job.stopping.is_set()


def test_answer_now_reaches_the_engine(app: App, pages: tuple[Viewing, Viewing]) -> None:
    """From the owner's page, and from no other."""
    hurried = threading.Event()

    class Thinker(ScriptedEngine):
        def stream(
            self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
        ) -> Iterator[Event]:
            assert answer_now
            yield Thinking(text="Let me see")
            while not answer_now.wait(0.01):
                if stop.is_set():
                    break
            hurried.set()
            yield Answer(text="one")
            yield Finished(reason="stop")

    app.pool._engine = Thinker()
    app.pool._load = lambda model, progress: Thinker()
    job = app.ask("owner", "", Draft(text="x"), Options(), "pico")
    job.wait(1, 5)
    pages[1].hurry(job.conversation, request("b"))
    assert not hurried.wait(0.1)
    assert render.is_thinking(job.snapshot)
    pages[0].hurry(job.conversation, request("a"))
    assert hurried.wait(5)
    while job.snapshot.running:
        job.wait(job.snapshot.version, 5)
    assert job.snapshot.text == "one"
    assert not render.is_thinking(job.snapshot)


def test_a_tail_ends_when_the_page_shows_something_else(
    app: App, pages: tuple[Viewing, Viewing]
) -> None:
    class Endless(ScriptedEngine):
        def stream(
            self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
        ) -> Iterator[Event]:
            yield Answer(text="one")
            stop.wait(10)
            yield Finished(reason="cancelled")

    app.pool._engine = Endless()  # the answer that is running must not end by itself
    app.pool._load = lambda model, progress: Endless()
    viewing = pages[0]
    viewing.take_ticket(request("a"))
    job = app.ask("owner", "", Draft(text="x"), Options(), "pico")

    async def follow() -> list[str]:
        seen = []
        async for now in viewing.tail(job.conversation, request("a")):
            seen.append(now.text)
            if now.text == "one":
                viewing.take_ticket(request("a"))
        return seen

    assert asyncio.run(asyncio.wait_for(follow(), 5))[-1] == "one"
    assert job.snapshot.running
    job.stop()


def test_the_newest_messages_are_shown(app: App, pages: tuple[Viewing, Viewing]) -> None:
    chat = ask(app, "first").conversation
    for _ in range(3):
        app.conversations.add_user("owner", chat, "more")
    view = pages[0].look(chat, request("a"), shown=2)
    assert [entry.text for entry in view.visible] == ["more", "more"]
    assert view.hidden == 3
