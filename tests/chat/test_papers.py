"""What a front end is told of files before they are sent: the real store and reader, a scripted engine."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from glmdesk.app import App, Draft
from glmdesk.chat.papers import Strip
from glmdesk.chat.prompt import Options
from glmdesk.engines.base import ModelInfo
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.errors import DocumentError, DocumentLocked, StorageError
from glmdesk.messages import Attachment, Choice, Detail, Mode
from glmdesk.paths import find
from glmdesk.settings import Settings

OWNER, STRANGER = "owner", "stranger"
SEEING = ModelInfo(
    id="pico", name="V", n_ctx=4096, vision=True, image_min_tokens=8, image_max_tokens=256,
    image_ceiling_tokens=1024,
)  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    engine = ScriptedEngine(info=SEEING)
    app = App(Settings(paths=find(tmp_path / "home")), load=lambda model, progress: engine)
    with app.pool.use("pico", wanted=lambda: True):
        pass
    yield app
    app.close()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    document = pymupdf.open()
    for number in range(1, 4):
        document.new_page().insert_text((72, 72), f"Words of page {number}. " * 3)
    path = tmp_path / "report.pdf"
    document.save(path)
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (1080, 1440), "red").save(path)
    return path


def complete(app: App, attachment: Attachment, detail: Detail = "normal") -> Strip:
    """The strip once everything was read."""
    deadline = time.monotonic() + 20
    while True:
        strip = app.papers.strip(OWNER, attachment, "pico", detail)
        if len(strip.pages) == strip.total:
            return strip
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_document_has_a_card_for_each_page(app: App, report: Path) -> None:
    strip = complete(app, app.papers.take(OWNER, report, "report.pdf"))
    assert [(card.number, card.mode, card.sent) for card in strip.pages] == [
        (1, "text", True), (2, "text", True), (3, "text", True),
    ]  # fmt: skip
    assert strip.pages[0].modes == ("text", "picture", "both")
    assert (strip.total, strip.way, strip.exact) == (3, "whole", True)
    around = strip.tokens - sum(card.tokens for card in strip.pages)
    assert around == len('<document name="report.pdf" pages="3">\n</document>\n\n') // 4


def test_pages_and_modes_are_chosen(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    usual = complete(app, taken)
    by_hand: tuple[tuple[int, Mode], ...] = ((3, "both"),)
    strip = complete(app, replace(taken, choice=Choice(pages="2-3", modes=by_hand)))
    assert [card.sent for card in strip.pages] == [False, True, True]
    assert strip.way == "pages"
    assert strip.pages[2].tokens > 200 > usual.pages[2].tokens
    assert strip.tokens > strip.pages[1].tokens + strip.pages[2].tokens


def test_pages_that_are_not_there_are_told_and_nothing_is_lost(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    strip = complete(app, replace(taken, choice=Choice(pages="7")))
    assert "There is no page 7" in strip.warning
    assert len(strip.pages) == 3


def test_a_picture_has_its_price_by_detail(app: App, photo: Path) -> None:
    taken = app.papers.take(OWNER, photo, "photo.png")
    normal, high = complete(app, taken), complete(app, taken, "high")
    assert normal.tokens <= 256 < high.tokens <= 1024
    assert normal.sees[0] * normal.sees[1] == normal.tokens * 28 * 28
    view = app.papers.view(OWNER, taken.sha256, 0, "pico")
    assert (view.sees, view.tokens, view.picture) == (normal.sees, normal.tokens, True)


def test_a_locked_document_needs_its_password(app: App, report: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pdf"
    document = pymupdf.open(report)
    document.save(locked, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own")
    with pytest.raises(DocumentLocked):
        app.papers.take(OWNER, locked, "locked.pdf")
    with pytest.raises(DocumentLocked):
        app.papers.unlock(OWNER, locked, "locked.pdf", "wrong")
    strip = complete(app, app.papers.unlock(OWNER, locked, "locked.pdf", "open"))
    assert strip.total == 3
    assert app.papers.view(OWNER, strip.attachment.sha256, 2).text.startswith("Words of page 2.")


def test_pages_can_be_looked_at(app: App, report: Path) -> None:
    sha256 = app.papers.take(OWNER, report, "report.pdf").sha256
    view = app.papers.view(OWNER, sha256, 2, "pico")
    assert (view.number, view.pages, view.picture, view.name) == (2, 3, True, "report.pdf")
    assert view.sees != (0, 0)
    with Image.open(app.papers.thumbnail(OWNER, sha256, 2)) as thumbnail:
        assert max(thumbnail.size) == 160
    (box,) = app.papers.find(OWNER, sha256, 2, "Words of page 2.")
    assert box[0] < box[2] <= 1000
    with pytest.raises(DocumentError, match="no page 9"):
        app.papers.view(OWNER, sha256, 9)
    with pytest.raises(DocumentError):
        app.papers.thumbnail(OWNER, sha256, 9)


def test_a_part_becomes_a_picture(app: App, photo: Path, report: Path) -> None:
    whole = app.papers.take(OWNER, photo, "photo.png")
    part = app.papers.crop(OWNER, whole.sha256, 0, (0, 0, 500, 250))
    assert (part.kind, part.name) == ("picture", "photo, part.png")
    with Image.open(app.files.find(OWNER, part.sha256)[0]) as image:
        assert image.size == (540, 360)
    page = app.papers.take(OWNER, report, "report.pdf")
    assert app.papers.crop(OWNER, page.sha256, 2, (0, 0, 1000, 200)).kind == "picture"


def test_the_library_has_what_is_used_or_kept(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    assert app.papers.library(OWNER) == []
    job = app.ask(OWNER, "", Draft(text="?", attachments=(taken,)), Options(), "pico")
    while job.snapshot.running:
        job.wait(job.snapshot.version, 10)
    (shelved,) = app.papers.library(OWNER)
    assert (shelved.chats, shelved.kept) == (1, False)
    app.papers.keep(OWNER, taken.sha256, kept=True)
    app.delete(OWNER, job.conversation)
    (shelved,) = app.papers.library(OWNER)
    assert (shelved.chats, shelved.kept) == (0, True)
    assert app.papers.remove(OWNER, taken.sha256) >= taken.size
    assert app.papers.library(OWNER) == []


def test_without_being_kept_a_document_goes_with_its_last_chat(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    job = app.ask(OWNER, "", Draft(text="?", attachments=(taken,)), Options(), "pico")
    while job.snapshot.running:
        job.wait(job.snapshot.version, 10)
    app.delete(OWNER, job.conversation)
    assert app.papers.library(OWNER) == []
    with pytest.raises(StorageError):
        app.files.find(OWNER, taken.sha256)


def test_another_owners_file_is_not_there(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    sha256 = taken.sha256
    for ask in (
        lambda: app.papers.strip(STRANGER, taken, "pico", "normal"),
        lambda: app.papers.thumbnail(STRANGER, sha256, 1),
        lambda: app.papers.view(STRANGER, sha256, 1),
        lambda: app.papers.find(STRANGER, sha256, 1, "words"),
        lambda: app.papers.crop(STRANGER, sha256, 1, (0, 0, 500, 500)),
        lambda: app.papers.keep(STRANGER, sha256, kept=True),
        lambda: app.papers.remove(STRANGER, sha256),
        lambda: app.ask(STRANGER, "", Draft(text="?", attachments=(taken,)), Options(), "pico"),
    ):
        with pytest.raises(StorageError):
            ask()
    assert app.papers.library(STRANGER) == []
    app.papers.take(STRANGER, report, "mine.pdf")
    assert app.papers.remove(STRANGER, sha256) == 0
    assert app.papers.view(OWNER, sha256, 1).text


def test_a_question_may_be_nothing_but_a_document(app: App, report: Path) -> None:
    taken = app.papers.take(OWNER, report, "report.pdf")
    job = app.ask(OWNER, "", Draft(text="", attachments=(taken,)), Options(), "pico")
    while job.snapshot.running:
        job.wait(job.snapshot.version, 10)
    assert "Words of page 3." in app.conversations.entries(OWNER, job.conversation)[-1].text


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\nb\u202egnp.pdf", "a b gnp.pdf"),
        ("\u200b.pdf", ".pdf"),
        ("👩\u200d🚀 plan.pdf", "👩\u200d🚀 plan.pdf"),
        ("\0\t", "file"),
    ],
)
def test_a_name_stays_on_its_line(app: App, report: Path, name: str, kept: str) -> None:
    assert app.papers.take(OWNER, report, name).name == kept
