"""Attachments: stored once by content, seen by their owner, removed when no one uses them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from glmdesk.errors import StorageError
from glmdesk.messages import Attachment
from glmdesk.store.conversations import Conversations, Question
from glmdesk.store.database import Database
from glmdesk.store.files import Files, Upload


def upload(
    folder: Path,
    content: bytes = b"cat",
    name: str = "cat.png",
    kind: Literal["picture", "document"] = "picture",
) -> Upload:
    source = folder / "source"
    source.write_bytes(content)
    return Upload(source=source, name=name, kind=kind, media_type="image/png", note="small")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "files").glob("*"))


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_round_trip(files: Files, tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(1000)) * (size // 1000 + 1)
    content = content[:size]
    added = files.add("owner", upload(tmp_path, content, "Katze 🐈.pdf", "document"))
    path, found = files.find("owner", added.sha256)
    assert found == added
    assert path.read_bytes() == content
    assert path.name == added.sha256 == hashlib.sha256(content).hexdigest()
    assert (added.name, added.kind, added.size) == ("Katze 🐈.pdf", "document", size)
    assert (added.media_type, added.note) == ("image/png", "small")
    assert names(tmp_path) == [added.sha256]


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "C:\\x", "a\0b", "half \ud83d", ""])
def test_a_name_is_only_text(files: Files, tmp_path: Path, name: str) -> None:
    added = files.add("owner", upload(tmp_path, name=name))
    assert files.find("owner", added.sha256)[1].name == name.replace("\ud83d", "\ufffd")
    assert names(tmp_path) == [added.sha256]


def test_the_same_bytes_are_stored_once(files: Files, tmp_path: Path) -> None:
    first = files.add("owner", upload(tmp_path, name="a.png"))
    again = files.add("owner", upload(tmp_path, name="b.png"))
    theirs = files.add("visitor", upload(tmp_path, name="c.png"))
    assert first.sha256 == again.sha256 == theirs.sha256
    assert names(tmp_path) == [first.sha256]
    assert files.find("owner", first.sha256)[1].name == "b.png"
    assert files.find("visitor", first.sha256)[1].name == "c.png"


def test_a_copy_that_was_cut_is_made_whole(files: Files, tmp_path: Path) -> None:
    added = files.add("owner", upload(tmp_path))
    (tmp_path / "files" / added.sha256).write_bytes(b"c")
    files.add("owner", upload(tmp_path))
    assert files.find("owner", added.sha256)[0].read_bytes() == b"cat"


@pytest.mark.parametrize("owner", ["visitor", "", "OWNER", "%"])
def test_another_owner_finds_nothing(files: Files, tmp_path: Path, owner: str) -> None:
    added = files.add("owner", upload(tmp_path))
    with pytest.raises(StorageError, match=r"^There is no such file\.$"):
        files.find(owner, added.sha256)


@pytest.mark.parametrize("sha256", ["", "../glmdesk.db", "A" * 64, "0" * 64, "0" * 64 + "\n", "\0"])
def test_an_unknown_file(files: Files, tmp_path: Path, sha256: str) -> None:
    files.add("owner", upload(tmp_path))
    with pytest.raises(StorageError, match="There is no such file"):
        files.find("owner", sha256)


def test_a_planted_row_leads_nowhere(files: Files, database: Database, tmp_path: Path) -> None:
    added = files.add("owner", upload(tmp_path))
    with database.transaction() as connection:
        connection.execute("UPDATE file SET sha256 = '../glmdesk.db', sent = 1")
    with pytest.raises(StorageError, match="There is no such file"):
        files.find("owner", "../glmdesk.db")
    files.remove_unused(["../glmdesk.db"])
    assert (tmp_path / "glmdesk.db").exists()
    assert names(tmp_path) == [added.sha256]


def test_a_file_that_someone_deleted_is_named(files: Files, tmp_path: Path) -> None:
    added = files.add("owner", upload(tmp_path))
    (tmp_path / "files" / added.sha256).unlink()
    with pytest.raises(StorageError, match=r"The file cat\.png is missing"):
        files.find("owner", added.sha256)


def test_a_source_that_is_gone(files: Files, tmp_path: Path) -> None:
    gone = upload(tmp_path)
    gone.source.unlink()
    with pytest.raises(StorageError, match="source cannot be read or written"):
        files.add("owner", gone)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, files: Files) -> None:
    (tmp_path / "files").touch()
    with pytest.raises(StorageError, match="Not saved: "):
        files.add("owner", upload(tmp_path))


def test_deleting_chats_removes_what_no_one_uses(
    chats: Conversations, files: Files, tmp_path: Path
) -> None:
    both, one = (files.add("owner", upload(tmp_path, content)) for content in (b"both", b"one"))
    first, second = chats.create("owner").id, chats.create("owner").id
    chats.add_user("owner", first, "", (both, one))
    chats.ask("owner", second, Question(text="", attachments=(both,)), "glm", "auto")
    files.remove_unused(chats.delete("owner", first))
    assert names(tmp_path) == [both.sha256]
    with pytest.raises(StorageError):
        files.find("owner", one.sha256)
    files.find("owner", both.sha256)
    files.remove_unused(chats.delete("owner", second))
    assert names(tmp_path) == []


def test_remove_unused_judges_for_itself(
    chats: Conversations, files: Files, tmp_path: Path
) -> None:
    used = files.add("visitor", upload(tmp_path))
    chats.add_user("visitor", chats.create("visitor").id, "", (used,))
    (tmp_path / "outside").touch()
    files.remove_unused([used.sha256, "../outside", "0" * 64])
    files.find("visitor", used.sha256)
    assert (tmp_path / "outside").exists()


@pytest.mark.parametrize("owner", ["owner", "visitor"])
def test_a_file_about_to_be_sent_outlives_the_deletion_of_another_chat(
    chats: Conversations, files: Files, tmp_path: Path, owner: str
) -> None:
    old = chats.create("owner").id
    added = files.add("owner", upload(tmp_path))
    chats.add_user("owner", old, "", (added,))
    waiting = files.add(owner, upload(tmp_path))
    files.remove_unused(chats.delete("owner", old))
    new = chats.create(owner).id
    chats.add_user(owner, new, "", (waiting,))
    assert files.find(owner, waiting.sha256)[0].read_bytes() == b"cat"
    files.remove_unused(chats.delete(owner, new))
    assert names(tmp_path) == []


def test_sweep_removes_what_was_never_sent(
    chats: Conversations, files: Files, tmp_path: Path
) -> None:
    used, waiting = (files.add("owner", upload(tmp_path, content)) for content in (b"u", b"w"))
    chats.add_user("owner", chats.create("owner").id, "", (used,))
    for name in ("tmpabc.part", "f" * 64, "README"):
        (tmp_path / "files" / name).touch()
    files.sweep()
    assert names(tmp_path) == sorted([used.sha256, "README"])
    files.find("owner", used.sha256)
    with pytest.raises(StorageError):
        files.find("owner", waiting.sha256)


def test_sweep_of_a_folder_that_is_not_there(files: Files) -> None:
    files.sweep()


def test_threads_add_and_remove_the_same_file(
    chats: Conversations, files: Files, tmp_path: Path
) -> None:
    source = upload(tmp_path)

    def work(number: int) -> None:
        owner = f"user {number}"
        for _ in range(10):
            chat, added = chats.create(owner).id, files.add(owner, source)
            chats.add_user(owner, chat, "", (added,))
            assert files.find(owner, added.sha256)[0].read_bytes() == b"cat"
            files.remove_unused(chats.delete(owner, chat))

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(work, range(4)))
    assert names(tmp_path) == []


def _sent(chats: Conversations, owner: str, attachment: Attachment) -> str:
    chat = chats.create(owner).id
    chats.add_user(owner, chat, "look", (attachment,))
    return chat


def _document(files: Files, tmp_path: Path, owner: str = "owner") -> Attachment:
    return files.add(owner, replace(upload(tmp_path, kind="document"), pages=9))


def test_documents_are_those_in_use_and_those_kept(
    files: Files, chats: Conversations, tmp_path: Path
) -> None:
    waiting = _document(files, tmp_path)
    assert files.documents("owner") == []
    for _ in range(2):
        chat = _sent(chats, "owner", waiting)
    (filed,) = files.documents("owner")
    assert (filed.attachment, filed.chats, filed.kept) == (waiting, 2, False)
    assert files.documents("another") == []
    files.keep("owner", waiting.sha256, kept=True)
    for id in chats.ids():
        files.remove_unused(chats.delete("owner", id))
    (filed,) = files.documents("owner")
    assert (filed.chats, filed.kept) == (0, True)
    files.sweep()
    assert files.find("owner", waiting.sha256)[1].pages == 9
    assert chat not in chats.ids()


def test_what_is_no_longer_kept_goes(files: Files, chats: Conversations, tmp_path: Path) -> None:
    one = _document(files, tmp_path)
    files.keep("owner", one.sha256, kept=True)
    files.keep("owner", one.sha256, kept=False)
    files.sweep()
    with pytest.raises(StorageError, match="no such file"):
        files.find("owner", one.sha256)


def test_adding_again_keeps_what_was_kept(files: Files, tmp_path: Path) -> None:
    one = _document(files, tmp_path)
    files.keep("owner", one.sha256, kept=True)
    _document(files, tmp_path)
    assert files.documents("owner")[0].kept


def test_removing_takes_a_file_from_its_owner_only(
    files: Files, chats: Conversations, tmp_path: Path
) -> None:
    one = _document(files, tmp_path)
    _document(files, tmp_path, "another")
    _sent(chats, "owner", one)
    assert not files.remove("owner", one.sha256)
    with pytest.raises(StorageError):
        files.find("owner", one.sha256)
    path, _ = files.find("another", one.sha256)
    assert files.remove("another", one.sha256)
    assert not path.exists()
    for owner in ("owner", "another", "nobody"):
        with pytest.raises(StorageError, match="no such file"):
            files.remove(owner, one.sha256)
        with pytest.raises(StorageError, match="no such file"):
            files.keep(owner, one.sha256, kept=True)
