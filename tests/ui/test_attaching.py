"""Files are taken in, priced and chosen on the page; only what came through it, only its visitor's."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pymupdf
import pytest
from PIL import Image

from glmdesk.app import App
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.errors import DocumentError, StorageError
from glmdesk.identity import OWNER, Identity
from glmdesk.messages import Attachment, Choice
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.ui import text
from glmdesk.ui.attaching import AttachmentsPage, Shown
from glmdesk.ui.viewing import Viewing

VISITOR = Identity(name="visitor", kind="visitor")
PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("home")
    made = App(Settings(paths=find(home)), load=lambda model, progress: ScriptedEngine())
    yield made
    made.close()


def request(session: str = "a") -> Any:
    return SimpleNamespace(session_hash=session)


@dataclass
class Person:
    """Someone at one open page, in one chat."""

    page: AttachmentsPage
    session: str = "a"
    chat: str = ""
    number: int = 0
    shown: str = ""

    def act(self, do: str, **values: Any) -> str:
        """Wish for something as the script does; returns the strip."""
        self.number += 1
        wish = {"do": do, "number": self.number, "chat": self.chat, **values}
        return self.seen(
            self.page.act(json.dumps([wish]), self.chat, "pico", request(self.session))
        )

    def look(self) -> str:
        return self.seen(self.page.look(self.chat, "pico", request(self.session)))

    def seen(self, updates: list[Any]) -> str:
        state, _, self.timer = updates
        if isinstance(state, str):
            self.shown = json.loads(state)["html"]
        return self.shown

    def attach(self, path: Path, key: str = "k") -> str:
        self.act("announce", key=key, name=path.name)
        self.act("take", key=key, path=str(path))
        return self.until(lambda html: text.ATTACHED_TAKING not in html)

    def until(self, wanted: Callable[[str], bool]) -> str:
        end = time.monotonic() + 20
        while not wanted(self.look()):
            assert time.monotonic() < end, self.shown
            time.sleep(0.02)
        return self.shown

    def collect(self) -> tuple[Attachment, ...]:
        return self.page.collect(
            Shown(files="1"), self.chat, "pico", request(self.session)
        ).attachments


@pytest.fixture
def owner(app: App) -> Person:
    return Person(page(app, OWNER))


def page(app: App, who: Identity) -> AttachmentsPage:
    def identify(request: gr.Request) -> Identity:
        return who

    return AttachmentsPage(app, identify, Viewing(app, identify))


@pytest.fixture
def report(app: App) -> Path:
    path = app.paths.uploads / "report.pdf"
    document = pymupdf.open()
    for number in range(1, 6):
        document.new_page().insert_text((72, 72), f"Page {number} of the report.")
    document.save(path)
    return path


@pytest.fixture
def locked(app: App) -> Path:
    path = app.paths.uploads / "locked.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "a secret")
    document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=PASSWORD, owner_pw="other")
    return path


@pytest.fixture
def picture(app: App) -> Path:
    path = app.paths.uploads / "shot.png"
    Image.new("RGB", (400, 300), "teal").save(path)
    return path


def test_a_document_is_read_while_the_person_types(owner: Person, report: Path) -> None:
    owner.act("announce", key="k", name="report.pdf")
    assert text.ATTACHED_COMING in owner.shown
    assert owner.timer.active
    owner.act("take", key="k", path=str(report))
    html = owner.until(lambda html: html.count("<img") == 5)
    assert "5 pages" in html
    owner.look()
    assert not owner.timer.active
    assert [one.name for one in owner.collect()] == ["report.pdf"]


def test_nothing_is_sent_to_a_page_that_shows_it_already(owner: Person, report: Path) -> None:
    owner.attach(report)
    owner.until(lambda html: html.count("<img") == 5)
    updates = owner.page.look("", "pico", request())
    assert all(not isinstance(update, str) for update in updates)


def test_choices_reach_the_question(owner: Person, report: Path) -> None:
    owner.attach(report)
    owner.until(lambda html: html.count("<img") == 5)
    owner.act("way", key="k", value="pages")
    owner.act("pages", key="k", value="1-2, 4")
    assert owner.shown.count(text.NOT_SENT) == 2
    owner.act("mode", key="k", page=2, value="picture")
    (attachment,) = owner.collect()
    assert attachment.choice == Choice(way="pages", pages="1-2, 4", modes=((2, "picture"),))


def test_wrong_pages_are_said_at_once_and_not_sent(owner: Person, report: Path) -> None:
    owner.attach(report)
    owner.until(lambda html: html.count("<img") == 5)
    owner.act("way", key="k", value="pages")
    assert "no page 9" in owner.act("pages", key="k", value="9")
    with pytest.raises(DocumentError, match=r"report\.pdf: There is no page 9.*correct the pages"):
        owner.collect()


def test_a_locked_document_asks_for_its_password(
    app: App, owner: Person, locked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert text.LOCKED in owner.attach(locked)
    with pytest.raises(DocumentError, match="still needs its password"):
        owner.collect()
    owner.act("unlock", key="k", password="wrong one")
    html = owner.until(lambda html: "alert" in html and 'type="password"' in html)
    assert "wrong one" not in html
    owner.act("unlock", key="k", password=PASSWORD)
    html = owner.until(lambda html: "1 page" in html)
    assert PASSWORD not in html
    assert [one.name for one in owner.collect()] == ["locked.pdf"]
    assert PASSWORD not in caplog.text
    kept = [path for path in app.paths.home.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]


def test_a_file_that_cannot_be_read_says_why_and_the_others_stay(
    app: App, owner: Person, report: Path
) -> None:
    owner.attach(report)
    broken = app.paths.uploads / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    html = owner.attach(broken, "b")
    assert "broken.png is damaged" in html
    assert "report.pdf" in html
    with pytest.raises(DocumentError, match=r"broken\.png cannot be sent"):
        owner.collect()
    owner.act("remove", key="b")
    assert [one.name for one in owner.collect()] == ["report.pdf"]


def test_a_picture_with_its_price_for_each_detail(owner: Person, picture: Path) -> None:
    html = owner.attach(picture)
    assert 'value="normal" checked' in html
    assert 'value="high" checked' in owner.act("detail", value="high")
    assert owner.page.collect(Shown(files="1"), "", "pico", request()).detail == "high"


def test_the_same_file_twice_is_one(owner: Person, picture: Path) -> None:
    owner.attach(picture, "one")
    owner.attach(picture, "two")
    owner.until(lambda html: html.count("<article") == 1)


@pytest.mark.parametrize("path", ["/etc/passwd", "relative.txt", "../../glmdesk.db", ""])
def test_no_other_file_of_this_computer_is_taken(app: App, owner: Person, path: str) -> None:
    before = set(app.paths.files.iterdir())
    owner.act("announce", key="k", name="x.txt")
    html = owner.act("take", key="k", path=path)
    assert "Only files that are attached on this page" in html
    assert set(app.paths.files.iterdir()) == before


def test_a_link_out_of_the_uploads_is_not_followed(app: App, owner: Person, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    link = app.paths.uploads / "link.txt"
    link.symlink_to(secret)
    assert "Only files that are attached on this page" in owner.attach(link)
    link.unlink()


def test_a_path_without_an_announced_file_is_not_taken(
    app: App, owner: Person, picture: Path
) -> None:
    before = set(app.paths.files.iterdir())
    assert owner.act("take", key="nobody", path=str(picture)) == ""
    assert set(app.paths.files.iterdir()) == before


def test_chats_and_pages_do_not_mix(owner: Person, report: Path) -> None:
    owner.attach(report)
    owner.chat = "other"
    assert owner.look() == ""
    owner.chat, owner.session = "", "b"
    assert "report.pdf" not in owner.look()


def test_a_file_lands_in_the_chat_where_it_was_dropped(owner: Person, picture: Path) -> None:
    """Also when another chat is shown before it is there."""
    owner.act("announce", key="k", name="shot.png")
    wish = {"do": "take", "number": 99, "chat": "", "key": "k", "path": str(picture)}
    assert owner.seen(owner.page.act(json.dumps([wish]), "other", "pico", request())) == ""
    owner.until(lambda html: "<img" in html)
    assert [one.name for one in owner.collect()] == ["shot.png"]


def test_another_visitor_reaches_nothing(app: App, owner: Person, report: Path) -> None:
    owner.attach(report)
    (attachment,) = owner.collect()
    visitor = Person(page(app, VISITOR))
    assert visitor.look() == ""
    for do in ("attach", "crop"):
        html = visitor.act(do, sha256=attachment.sha256, page=1, box=[0, 0, 500, 500])
        assert "There is no such file." in html
        assert "<article" not in html
    with pytest.raises(StorageError):
        visitor.page.attach(attachment.sha256, "", request())


def test_a_part_of_a_page_becomes_a_picture(owner: Person, report: Path) -> None:
    owner.attach(report)
    (attachment,) = owner.collect()
    crop = {"do": "crop", "sha256": attachment.sha256, "page": 1, "box": [0, 0, 500, 200]}
    html = owner.seen(owner.page.act(json.dumps(crop), "", "pico", request()))
    assert html.count('class="file picture"') == 1
    assert [one.kind for one in owner.collect()] == ["document", "picture"]


@pytest.mark.parametrize("box", [None, [1, 2, 3], ["0", 0, 9, 9], [0, 0, 1e9, 2.5], "0099"])
def test_an_odd_box_is_nothing(owner: Person, report: Path, box: object) -> None:
    owner.attach(report)
    (attachment,) = owner.collect()
    owner.act("crop", sha256=attachment.sha256, page=1, box=box)
    assert len(owner.collect()) == 1


def test_a_file_that_never_arrived(owner: Person) -> None:
    owner.act("announce", key="a", name="big.iso")
    assert "200 MB" in owner.act("lost", key="a", why="size")
    owner.act("announce", key="b", name="b.txt")
    assert text.NOT_HANDED_OVER in owner.act("lost", key="b", why="broken")


def test_a_question_does_not_leave_without_a_file_on_its_way(
    owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmdesk.ui.attaching.PATIENCE_S", 0.05)
    owner.act("announce", key="a", name="slow.pdf")
    with pytest.raises(DocumentError, match=r"slow\.pdf is still on its way"):
        owner.collect()


def test_a_restart_does_not_lose_files_silently(owner: Person) -> None:
    with pytest.raises(DocumentError, match="was restarted"):
        owner.collect()
    assert owner.page.collect(Shown(files="0"), "", "pico", request()).items == ()
    assert owner.page.collect(Shown(files=""), "", "pico", request()).items == ()


def test_after_sending_only_what_came_since_is_left(
    owner: Person, report: Path, picture: Path
) -> None:
    owner.attach(report, "a")
    tray = owner.page.collect(Shown(files="1"), "", "pico", request())
    owner.attach(picture, "b")
    owner.page.sent(tray, "", request())
    assert [one.name for one in owner.collect()] == ["shot.png"]


def test_a_wish_is_done_once_however_often_it_is_sent(owner: Person) -> None:
    wishes = [
        {"do": "announce", "number": n, "chat": "", "key": f"k{n}", "name": f"{n}.txt"}
        for n in (1, 2)
    ]
    remove = {"do": "remove", "number": 3, "chat": "", "key": "k1"}
    owner.page.act(json.dumps(wishes), "", "pico", request())
    html = owner.seen(owner.page.act(json.dumps([*wishes, remove]), "", "pico", request()))
    assert "2.txt" in html
    assert "1.txt" not in html
    state, count, _ = owner.page.act(json.dumps([*wishes, remove]), "x", "pico", request("z"))
    assert json.loads(state)["done"] == 3
    assert count == "0"


def test_nonsense_changes_nothing(owner: Person, report: Path) -> None:
    html = owner.attach(report)
    owner.until(lambda html: html.count("<img") == 5)
    before = owner.shown
    for action in ("", "x", "[]", '{"do":"nothing"}', '[{"do":"way"}]', "null"):
        owner.seen(owner.page.act(action, "", "pico", request()))
    assert owner.shown == before
    assert html


def test_a_text_is_read_again_in_another_encoding(app: App, owner: Person) -> None:
    path = app.paths.uploads / "note.txt"
    path.write_bytes("Grüße aus Köln, schöne Straße.\n".encode("cp1252") * 20)
    owner.attach(path)
    html = owner.until(lambda html: 'data-do="encoding"' in html)
    assert "Found: " in html
    html = owner.act("encoding", key="k", value="cp1251")
    owner.until(lambda html: 'data-value="cp1251"' in html and html.count("<small>") == 1)
    assert owner.collect()[0].encoding == "cp1251"


def test_what_was_wished_for_last_is_done_before_the_question_leaves(
    owner: Person, report: Path
) -> None:
    """A page number is typed and Send is pressed: both requests come at once."""
    owner.attach(report)
    owner.act("way", key="k", value="pages")
    pages = {"do": "pages", "number": owner.number + 1, "chat": "", "key": "k", "value": "2"}
    shown = Shown(files="1", action=json.dumps([pages]))
    (attachment,) = owner.page.collect(shown, "", "pico", request()).attachments
    assert attachment.choice.pages == "2"


def test_what_nobody_foresaw_is_said_too(
    app: App, owner: Person, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> Attachment:
        raise RuntimeError("unheard of")

    monkeypatch.setattr(app.papers, "take", broken)
    html = owner.attach(picture)
    assert text.NOT_TAKEN in html
    assert "unheard of" not in html
