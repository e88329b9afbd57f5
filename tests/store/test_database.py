"""Files that cannot be used: each is named in a sentence and left as it is."""

import hashlib
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from glmdesk.errors import StorageError
from glmdesk.store import faults, migrations
from glmdesk.store.conversations import Conversations, Question
from glmdesk.store.database import Database
from glmdesk.store.migrations import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed history with a few chats."""
    path = tmp_path / "glmdesk.db"
    with closing(Database(path)) as database:
        chats = Conversations(database)
        for number in range(10):
            chat = chats.create("owner").id
            for _ in range(5):
                chats.ask("owner", chat, Question(text=f"{number} " * 500), "glm", "auto")
    return path


def fingerprints(folder: Path) -> dict[str, str]:
    files = [file for file in folder.iterdir() if file.suffix != ".db-shm" and file.stat().st_size]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def refusal(path: Path) -> str:
    """What opening says; afterwards nothing in the folder has changed."""
    before = fingerprints(path.parent)
    with pytest.raises(StorageError) as refused:
        Database(path)
    assert fingerprints(path.parent) == before
    return refused.value.message


def test_it_is_opened_for_safety(database: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "secure_delete": 1,
        "busy_timeout": 10_000,
        "user_version": len(MIGRATIONS),
        "application_id": migrations.APPLICATION_ID,
    }
    with database.read() as connection:
        for name, value in wanted.items():
            assert connection.execute(f"PRAGMA {name}").fetchone()[0] == value, name


def test_every_migration_names_its_version() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for number, migration in enumerate(MIGRATIONS, start=1):
            for statement in migration.statements:
                connection.execute(statement)
            assert migrations.version(connection) == number


def test_a_step_is_taken_entirely_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = migrations.Migration(name="broken", statements=("CREATE TABLE half (x)", "NONSENSE"))
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(StorageError, match="cannot be used"):
        Database(tmp_path / "glmdesk.db")
    monkeypatch.undo()
    with closing(Database(tmp_path / "glmdesk.db")) as database, database.read() as connection:
        assert migrations.version(connection) == len(MIGRATIONS)
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchall()


def test_messages_of_the_first_version_had_normal_detail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "glmdesk.db"
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:1])
    with closing(Database(path)) as database:
        chat = Conversations(database).create("owner").id
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO entry (conversation, seq, role, state, text, created)"
                " VALUES (?, 1, 'user', 'done', 'an old question', 0)",
                (chat,),
            )
    monkeypatch.undo()
    with closing(Database(path)) as database:
        (old,) = Conversations(database).entries("owner", chat)
        assert (old.text, old.detail, old.picture_limits) == ("an old question", "normal", {})


@pytest.mark.parametrize("name", ["emoji 🐈 and spaces.db", "50%?#&.db", "x" * 200 + ".db"])
def test_any_file_name(tmp_path: Path, name: str) -> None:
    for _ in range(2):
        with closing(Database(tmp_path / name)) as database:
            Conversations(database).create("owner")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_an_empty_file_is_a_new_history(tmp_path: Path) -> None:
    (tmp_path / "glmdesk.db").touch()
    with closing(Database(tmp_path / "glmdesk.db")) as database:
        assert Conversations(database).list("owner") == []


def test_an_error_inside_a_transaction_undoes_it(database: Database, chats: Conversations) -> None:
    chat = chats.create("owner")
    with pytest.raises(KeyError), database.transaction() as connection:  # noqa: PT012
        connection.execute("DELETE FROM conversation")
        raise KeyError
    assert chats.list("owner") == [chat]


def test_after_close_everything_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path / "glmdesk.db")
    database.close()
    database.close()
    chats = Conversations(database)
    with pytest.raises(StorageError, match="cannot be used"):
        chats.create("owner")
    with pytest.raises(StorageError, match="cannot be used"):
        chats.list("owner")


@pytest.mark.parametrize("content", [b"hello", b"%PDF-1.7\n" * 1000, b"\0" * 5000])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "glmdesk.db"
    path.write_bytes(content)
    said = refusal(path)
    assert "is not a history file of glmdesk. It was left as it is." in said
    assert str(path) in said


def test_the_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "glmdesk.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    assert "is not a history file of glmdesk" in refusal(path)


def test_a_newer_version_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    assert "comes from a newer glmdesk and was left as it is. Update glmdesk" in refusal(path)


def test_a_newer_version_that_crashed_keeps_its_log(path: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed" / path.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{crashed}{suffix}")
    assert Path(f"{crashed}-wal").stat().st_size
    assert "newer glmdesk" in refusal(crashed)


@pytest.mark.parametrize("place", ["header", "middle", "cut"])
def test_a_damaged_file(path: Path, place: str) -> None:
    content = bytearray(path.read_bytes())
    if place == "cut":
        content = content[: len(content) // 2]
    start = {"header": 100, "middle": 8192, "cut": 0}[place]
    if place != "cut":
        content[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    said = refusal(path)
    assert said == faults.damaged(path).message
    assert said.startswith(f"Your history file {path} is damaged; ")


def test_random_damage_never_escapes_as_another_error(path: Path, tmp_path: Path) -> None:
    sound, chance, refused = path.read_bytes(), random.Random(7), 0
    for number in range(60):
        content = bytearray(sound)
        for _ in range(chance.choice([1, 10, 200])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        damaged = tmp_path / f"{number}.db"
        damaged.write_bytes(content)
        try:
            with closing(Database(damaged)) as database:
                chats = Conversations(database)
                for chat in chats.list("owner"):
                    with suppress(StorageError):
                        chats.entries("owner", chat.id)
                    chats.add_user("owner", chat.id, "still here")
        except StorageError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("attachments", "[{"),
        ("attachments", "[1]"),
        ("usage", '{"unknown": 1}'),
        ("timings", "[]x"),
        ("tokens", b"abcdef"),
        ("detail", "sharp"),
        ("picture_limits", '{"glm": 8}'),
        ("picture_limits", '{"glm": [8]}'),
        ("picture_limits", '{"glm": [8, "many"]}'),
        ("picture_limits", "[1]"),
    ],
)
def test_a_damaged_message_is_named(
    database: Database, chats: Conversations, column: str, value: object
) -> None:
    chat, other = chats.create("owner").id, chats.create("owner").id
    chats.add_user("owner", chat, "x")
    with database.transaction() as connection:
        connection.execute(f"UPDATE entry SET {column} = ?", (value,))
    with pytest.raises(StorageError, match=r"^Message 1 of this chat is damaged"):
        chats.entries("owner", chat)
    assert chats.entries("owner", other) == []
    chats.delete("owner", chat)


@pytest.mark.parametrize("parent", ["a file", "missing"])
def test_a_folder_that_cannot_be_written_to(tmp_path: Path, parent: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(StorageError, match="cannot be opened. See that its folder exists"):
        Database(tmp_path / parent / "glmdesk.db")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read .* See that it is a file"):
        Database(tmp_path)


def test_a_file_that_may_only_be_read(chats: Conversations, database: Database) -> None:
    chat = chats.create("owner")
    with database.read() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="cannot be written to. Make it writable"):
        chats.add_user("owner", chat.id, "x")
    assert chats.get("owner", chat.id) == chat


def test_a_file_that_another_program_holds(path: Path) -> None:
    with closing(Database(path, wait_s=0.05)) as database:
        chats = Conversations(database)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert len(chats.list("owner")) == 10
            with pytest.raises(StorageError, match="Not saved: another program is using"):
                chats.create("owner")
            other.execute("ROLLBACK")
        chats.create("owner")


def test_two_programs_may_have_it_open(path: Path) -> None:
    with closing(Database(path)) as first, closing(Database(path)) as second:
        chat = Conversations(first).create("owner")
        assert Conversations(second).get("owner", chat.id) == chat


def test_a_journal_left_by_a_kill_is_undone(path: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed" / path.name
    killed.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE entry SET text = 'lost'")
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", f"{killed}{suffix}")
        connection.execute("ROLLBACK")
    with closing(Database(killed)) as database:
        chats = Conversations(database)
        texts = [e.text for chat in chats.list("owner") for e in chats.entries("owner", chat.id)]
        assert len(texts) == 100
        assert "lost" not in texts
