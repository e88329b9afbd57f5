"""The app without a page: real store, real reader, real worker."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pymupdf
import pytest

from glmdesk.app import App, Draft
from glmdesk.chat.jobs import Job, Snapshot
from glmdesk.chat.prompt import Options
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.pool import Status
from glmdesk.errors import DocumentError, StorageError
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.store.conversations import Entry
from tests.environment import smollm2_path
from tools.pico.scenes import scene

QUIET = Options(think="off")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(Settings(paths=find(tmp_path / "home")))
    yield made
    made.close()


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Path, str]:
    image, things = scene(random.Random(21), n=1, sizes=((112, 112),))
    path = tmp_path / "shapes.png"
    image.save(path)
    color, kind = things[0]
    return path, f"The {kind} is {color}."


def finish(job: Job) -> Snapshot:
    now = job.snapshot
    while now.running:
        now = job.wait(now.version, 10)
    return now


def ask(app: App, words: str, *files: Path, chat: str = "", model: str = "pico") -> Entry:
    draft = Draft(text=words, files=tuple((file, file.name) for file in files))
    job = app.ask("owner", chat, draft, QUIET, model)
    finish(job)
    return app.conversations.entries("owner", job.conversation)[-1]


def test_the_question_is_on_disk_before_the_model_is_asked(app: App) -> None:
    job = app.ask("owner", "", Draft(text="Hello"), QUIET, "pico")
    question, answer = app.conversations.entries("owner", job.conversation)
    assert (question.text, question.state) == ("Hello", "done")
    assert answer.role == "assistant"
    assert finish(job).text == "Hello! How can I help you?"
    assert [chat.title for chat in app.list("owner")] == ["Hello"]


def test_a_second_question_about_a_picture_reads_only_what_is_new(
    app: App, shapes: tuple[Path, str]
) -> None:
    path, described = shapes
    kind = described.split()[1]
    first = ask(app, f"What color is the {kind}?", path)
    assert first.text == described
    assert first.usage.image_tokens == 16
    second = ask(app, "How many shapes are there?", chat=first.conversation)
    assert second.usage.image_tokens == 16
    read = first.usage.prompt_tokens + first.usage.completion_tokens
    assert second.usage.cached_tokens == read
    assert second.usage.prompt_tokens - read < 20


def test_what_the_reader_refuses_leaves_no_trace(app: App, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pdf"
    empty.touch()
    with pytest.raises(DocumentError, match="empty"):
        ask(app, "Read this.", empty)
    assert app.conversations.list("owner") == []


def test_nothing_to_send_and_still_answering(app: App) -> None:
    with pytest.raises(StorageError, match="nothing to send"):
        ask(app, "  ")


def test_pico_only_when_there_is_nothing_else(app: App) -> None:
    assert app.default_model() == "pico"
    app.paths.models.mkdir(exist_ok=True)
    (app.paths.models / "other.gguf").symlink_to(smollm2_path())
    assert app.default_model() == "other"
    assert [model.id for model in app.models()] == ["other", "pico"]


def test_a_model_that_cannot_be_loaded_is_said_in_the_answer(app: App) -> None:
    (app.paths.models / "broken").mkdir(parents=True)
    (app.paths.models / "broken" / "m.gguf").write_bytes(b"not a model at all, just words")
    answer = ask(app, "Hello", model="broken")
    assert answer.state == "failed"
    assert "not a GGUF model file" in answer.error
    again = ask(app, "Hello", chat=answer.conversation)
    assert again.text == "Hello! How can I help you?"


def test_a_damaged_model_is_never_the_default(app: App) -> None:
    app.paths.models.mkdir(exist_ok=True)
    (app.paths.models / "a.gguf").touch()
    assert app.default_model() == "pico"
    (app.paths.models / "b.gguf").symlink_to(smollm2_path())
    assert app.default_model() == "b"
    assert [bool(model.problem) for model in app.models()] == [True, False, False]


def test_a_document_with_nothing_left_in_it_is_refused_before_it_is_stored(
    app: App, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.pdf", tmp_path / "cut.pdf"
    document = pymupdf.open()
    for number in range(3):
        document.new_page().insert_text((72, 72), f"The code of lima is {number}.")
    document.save(whole)
    cut.write_bytes(whole.read_bytes()[:480])  # the pages are listed, their contents are gone
    with pytest.raises(DocumentError, match="Nothing was attached"):
        ask(app, "What is the code of lima?", cut)
    assert app.conversations.list("owner") == []


@pytest.mark.model
def test_another_model_waits_for_the_answer(app: App) -> None:
    app.paths.models.mkdir(exist_ok=True)
    (app.paths.models / "smollm2.gguf").symlink_to(smollm2_path())
    job = app.ask("owner", "", Draft(text="Tell me a long story."), QUIET, "smollm2")
    while len(job.snapshot.text) < 40:
        job.wait(job.snapshot.version, 10)
    app.warm("pico")
    early = len(job.snapshot.text)
    while len(job.snapshot.text) < early + 40:
        job.wait(job.snapshot.version, 10)
    assert app.pool.status.model == "smollm2"
    job.stop()
    finish(job)
    end = time.monotonic() + 10
    while app.pool.status != Status(model="pico", state="ready", progress=1.0):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_earlier_run_is_put_right(tmp_path: Path) -> None:
    settings = Settings(paths=find(tmp_path))
    app = App(settings)
    chat = app.conversations.create("owner").id
    app.conversations.add_user("owner", chat, "q")
    entry = app.conversations.begin_answer("owner", chat, "pico", "auto")
    app.conversations.save_draft(entry.id, "", "half an answer")
    app.close()
    again = App(settings)
    again.recover()
    kept = again.conversations.entries("owner", chat)[-1]
    assert (kept.state, kept.text) == ("interrupted", "half an answer")
    again.close()


def test_deleting_a_chat_deletes_its_files(app: App, shapes: tuple[Path, str]) -> None:
    answer = ask(app, "Describe the image.", shapes[0])
    assert len(list(app.paths.files.iterdir())) == 1
    app.delete("owner", answer.conversation)
    assert list(app.paths.files.iterdir()) == []


@pytest.mark.model
@pytest.mark.slow
def test_twenty_kills_of_the_worker(app: App) -> None:
    """Killed at random moments: the app stays up, what was shown stays, the next message works."""
    app.paths.models.mkdir(exist_ok=True)
    (app.paths.models / "smollm2.gguf").symlink_to(smollm2_path())
    rng = random.Random(20)
    workers: set[int] = set()
    failed = 0
    for number in range(20):
        engine = app.pool.engine("smollm2")
        assert isinstance(engine, LlamaEngine)
        draft = Draft(text=f"Tell me a long story, number {number}.")
        job = app.ask("owner", "", draft, Options(max_tokens=120), "smollm2")
        end = time.monotonic() + rng.uniform(0.0, 0.8)
        while time.monotonic() < end:
            job.wait(job.snapshot.version, max(0.0, end - time.monotonic()))
        shown = job.snapshot.text
        while not psutil.pid_exists(engine.worker_pid):  # the one before is being replaced
            time.sleep(0.005)
        workers.add(engine.worker_pid)
        os.kill(engine.worker_pid, signal.SIGKILL)
        now = finish(job)
        kept = app.conversations.entries("owner", job.conversation)[-1]
        assert kept.text.startswith(shown)
        if now.state == "failed":
            assert "Send again" in kept.error
            failed += 1
        else:  # killed before it had said anything: the next worker answered
            assert (now.state, kept.error) == ("done", "")
    assert failed > 10
    answer = ask(app, "Say hello.", model="smollm2")
    assert answer.state == "done"
    assert answer.text
    app.close()
    assert not [pid for pid in workers if psutil.pid_exists(pid)]
