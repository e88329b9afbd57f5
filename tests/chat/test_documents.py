"""Documents from the file to the answer: the real app, reader, store and pico."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pymupdf
import pytest
from PIL import Image

from glmdesk.app import App, Draft
from glmdesk.chat.prompt import Options, TurnTools, prepare
from glmdesk.engines.base import Engine, Request
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.messages import Attachment, Choice, Finished, Message, Picture, SentPage, Text
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.store.conversations import Entry
from tools.pico.scenes import digits

OWNER = "owner"
SEED = 11


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = App(Settings(paths=find(tmp_path / "home"), n_ctx=2048))
    yield app
    app.close()


@pytest.fixture
def number() -> tuple[Image.Image, str]:
    return digits(Random(SEED))


@pytest.fixture
def mixed(tmp_path: Path, number: tuple[Image.Image, str]) -> Path:
    """A code in the text of page 1, words on page 2, digits drawn as a picture on page 3."""
    image, _ = number
    picture = tmp_path / "digits.png"
    image.save(picture)
    document = pymupdf.open()
    document.new_page(width=560, height=560).insert_text((72, 72), "The code of lima is 4172.")
    document.new_page(width=560, height=560).insert_text((72, 72), "The code of tokyo is 318.")
    document.new_page(width=560, height=560).insert_image((0, 0, 560, 560), filename=picture)
    path = tmp_path / "mixed.pdf"
    document.save(path)
    return path


def ask(app: App, text: str, *attached: Attachment, chat: str = "") -> Entry:
    draft = Draft(text=text, attachments=attached)
    job = app.ask(OWNER, chat, draft, Options(think="off", max_tokens=40), "pico")
    now = job.snapshot
    while now.running:
        now = job.wait(now.version, 10)
    return app.conversations.entries(OWNER, job.conversation)[-1]


def seen(engine: Engine, app: App, chat: str, *, cite: bool = False) -> tuple[Message, ...]:
    """The messages that the chat's next answer would be asked with."""
    tools = TurnTools(contents=app._contents, find_file=lambda sha: app.files.find(OWNER, sha))
    entries = app.conversations.entries(OWNER, chat)
    return prepare(entries, engine, tools, Options(cite=cite)).messages


def words(message: Message) -> str:
    return "".join(part.text if isinstance(part, Text) else "<picture>" for part in message.parts)


def test_a_mixed_document_is_read_and_cited(
    app: App, mixed: Path, number: tuple[Image.Image, str]
) -> None:
    taken = app.papers.take(OWNER, mixed, "mixed.pdf")
    first = ask(app, "What is the code of lima?", taken)
    chat = first.conversation
    assert first.text == "The code of lima is 4172 [p. 1]."
    second = ask(app, "What number is shown on page 3?", taken, chat="")
    assert second.text == f"The number is {number[1]} [p. 3]."
    with app.pool.use("pico", wanted=lambda: True) as engine:
        asked = seen(engine, app, chat)[0]
    assert words(asked) == (
        '<document name="mixed.pdf" pages="3">\n[page 1]\nThe code of lima is 4172.\n'
        "[page 2]\nThe code of tokyo is 318.\n[page 3]\n<picture>\n</document>\n\n"
        "What is the code of lima?"
    )
    pictures = [part for part in asked.parts if isinstance(part, Picture)]
    assert [(one.width % 28, one.height % 28) for one in pictures] == [(0, 0)]
    stored = app.conversations.entries(OWNER, chat)[0]
    assert stored.sent == {
        taken.sha256: (
            SentPage(number=1, mode="text"),
            SentPage(number=2, mode="text"),
            SentPage(number=3, mode="picture"),
        )
    }


def test_chosen_pages_only(app: App, mixed: Path) -> None:
    taken = app.papers.take(OWNER, mixed, "mixed.pdf")
    chosen = Attachment(**{**taken.__dict__, "choice": Choice(pages="2")})
    answer = ask(app, "What is the code of tokyo?", chosen)
    assert answer.text == "The code of tokyo is 318 [p. 2]."
    stored = app.conversations.entries(OWNER, answer.conversation)[0]
    assert [page.number for page in stored.sent[taken.sha256]] == [2]


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """Forty pages, of which one has what is asked for; more than a small context holds."""
    rng, document = Random(SEED), pymupdf.open()
    names = ["alpha", "bravo", "delta", "echo", "golf", "hotel", "india", "kilo"]
    for page in range(1, 41):
        lines = [
            f"Section {page} line {line}: {rng.choice(names)} {rng.choice(names)} {rng.choice(names)}."
            for line in range(40)
        ]
        if page == 31:
            lines[20] = "The maintenance interval of the pump is 250 hours."
        if page == 12:
            lines[3] = "Spare gaskets are kept in the blue cabinet."
        document.new_page().insert_text((50, 50), "\n".join(lines), fontsize=8)
    path = tmp_path / "handbook.pdf"
    document.save(path)
    return path


def test_what_does_not_fit_is_searched_again_for_each_question(
    tmp_path: Path, handbook: Path
) -> None:
    requests: list[Request] = []

    def script(request: Request) -> list[Finished]:
        requests.append(request)
        return [Finished(reason="stop")]

    engine = ScriptedEngine(script)
    app = App(Settings(paths=find(tmp_path / "home")), load=lambda model, progress: engine)
    try:
        taken = app.papers.take(OWNER, handbook, "handbook.pdf")
        first = ask(app, "What is the maintenance interval of the pump?", taken)
        assert "handbook.pdf is longer than what fits" in first.note
        prompt = words(requests[-1].messages[-1])
        assert "[page 31]" in prompt
        assert "250 hours" in prompt
        assert "gaskets" not in prompt
        second = ask(app, "Where are spare gaskets kept?", chat=first.conversation)
        assert second.error == ""
        prompt = words(requests[-1].messages[-1])
        assert "blue cabinet" in prompt
        assert prompt.endswith("Where are spare gaskets kept?")
        sent = app.conversations.entries(OWNER, first.conversation)[2].sent
        assert 12 in [page.number for page in sent[taken.sha256]]
        again = seen(engine, app, first.conversation, cite=True)
        assert [words(message) for message in again[:3]] == [
            words(message) for message in requests[-1].messages
        ]
    finally:
        app.close()
