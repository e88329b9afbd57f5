"""The library: a document of one chat is used in another, kept, and removed with what was made of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pymupdf
import pytest

from glmdesk.app import App, Draft
from glmdesk.chat.prompt import Options
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.identity import OWNER, Identity
from glmdesk.messages import Attachment
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.ui import text
from glmdesk.ui.archiving import ArchivePage
from glmdesk.ui.attaching import AttachmentsPage, Shown
from glmdesk.ui.viewing import Viewing

VISITOR = Identity(name="visitor", kind="visitor")
ASKED: Any = SimpleNamespace(session_hash="a")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(Settings(paths=find(tmp_path)), load=lambda model, progress: ScriptedEngine())
    yield made
    made.close()


def pages(app: App, who: Identity) -> tuple[ArchivePage, AttachmentsPage]:
    def identify(request: gr.Request) -> Identity:
        return who

    attachments = AttachmentsPage(app, identify, Viewing(app, identify))
    return ArchivePage(app, identify, attachments), attachments


@pytest.fixture
def report(app: App) -> Attachment:
    """A document that was asked about in a chat."""
    path = app.paths.uploads / "report.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The code of lima is 4821.")
    document.save(path)
    attachment = app.papers.take("owner", path, "report.pdf")
    job = app.ask("owner", "", Draft(text="x", attachments=(attachment,)), Options(), "pico")
    while job.snapshot.running:
        job.wait(job.snapshot.version, 5)
    return attachment


def wish(do: str, attachment: Attachment) -> str:
    return json.dumps({"do": do, "sha256": attachment.sha256})


def test_use_it_in_another_chat(app: App, report: Attachment) -> None:
    archive, attachments = pages(app, OWNER)
    panel, papers, _ = archive.open(ASKED)
    assert panel.visible
    assert "report.pdf" in papers
    panel, _, said, strip, count, _ = archive.act(wish("use", report), "other", "pico", ASKED)
    assert not panel.visible
    assert "report.pdf is attached" in said
    assert "report.pdf" in json.loads(strip)["html"]
    assert count == "1"
    assert attachments.collect(Shown(files="1"), "other", "pico", ASKED).attachments == (report,)
    assert attachments.collect(Shown(files="0"), "", "pico", ASKED).attachments == ()


def test_keep_it_without_chats(app: App, report: Attachment) -> None:
    archive, _ = pages(app, OWNER)
    kept = archive.act(wish("keep", report), "", "pico", ASKED)[1]
    assert 'aria-pressed="true"' in kept
    loose = archive.act(wish("loose", report), "", "pico", ASKED)[1]
    assert 'aria-pressed="false"' in loose


def test_remove_it(app: App, report: Attachment) -> None:
    archive, attachments = pages(app, OWNER)
    archive.act(wish("use", report), "", "pico", ASKED)
    _, papers, said, strip, *_ = archive.act(wish("remove", report), "", "pico", ASKED)
    assert "report.pdf was removed; that freed" in said
    assert text.DOCUMENTS_NONE in papers
    assert json.loads(strip)["html"] == ""
    assert not (app.paths.files / report.sha256).exists()
    (chat,) = app.list("owner")
    assert app.conversations.entries("owner", chat.id)[0].attachments[0].name == "report.pdf"


def test_a_visitor_sees_and_reaches_nothing(app: App, report: Attachment) -> None:
    archive, attachments = pages(app, VISITOR)
    assert text.DOCUMENTS_NONE in archive.open(ASKED)[1]
    for do in ("use", "keep", "loose", "remove"):
        said = archive.act(wish(do, report), "", "pico", ASKED)[2]
        assert "There is no such file." in said
    assert attachments.collect(Shown(files="0"), "", "pico", ASKED).attachments == ()
    assert app.files.find("owner", report.sha256)


@pytest.mark.parametrize("action", ["", "x", '{"do":"sell"}', '{"sha256":"x"}', "[1]"])
def test_nonsense_changes_nothing(app: App, report: Attachment, action: str) -> None:
    archive, _ = pages(app, OWNER)
    _, papers, said, *_ = archive.act(action, "", "pico", ASKED)
    assert "report.pdf" in papers
    assert said == ""
