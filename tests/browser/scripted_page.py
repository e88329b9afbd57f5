"""The real page over an engine that says what a test tells it."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import expect

from glmdesk.app import App
from glmdesk.engines.base import ModelInfo, Request
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.messages import Event, Text
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.web.server import PageServer
from tests.browser.conftest import Tab

SEES = ModelInfo(
    id="pico", name="Scripted", n_ctx=32_768, vision=True, image_min_tokens=8, image_max_tokens=1024
)
_SET = ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "HF_HUB_DISABLE_TELEMETRY")

GRADIO_WARNS = pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")
"""Here its server is in the process of the tests, where a warning is an error."""

Answering = Callable[[], Iterator[Event]]


@dataclass
class Desk:
    """The app, where its page is, and what is answered to which question."""

    app: App
    url: str
    answers: dict[str, Answering]
    asked: list[Request] = field(default_factory=list)


def attach(tab: Tab, *files: Path) -> None:
    """Hand files over, and wait until they are in the strip."""
    tab.page.set_input_files("#composer input[type=file]", [str(file) for file in files])
    there = tab.page.locator("#attachments .file.document, #attachments .file.picture")
    expect(there).to_have_count(len(files), timeout=20_000)


@contextmanager
def desk(home: Path) -> Iterator[Desk]:
    """A page whose answers are looked up by the last words of the question."""
    answers: dict[str, Answering] = {}
    asked: list[Request] = []

    def script(request: Request) -> Sequence[Event]:
        asked.append(request)
        part = request.messages[-1].parts[-1]
        assert isinstance(part, Text)
        return answers[part.text]()  # type: ignore[return-value]

    before = {name: os.environ.get(name) for name in _SET}
    app = App(Settings(paths=find(home)), load=lambda model, progress: ScriptedEngine(script, SEES))
    server = PageServer(app, None)
    try:
        yield Desk(app=app, url=server.start(), answers=answers, asked=asked)
    finally:
        server.stop()
        app.close()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
