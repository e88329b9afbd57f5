"""Search in passages, with real SQLite."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from glmdesk.errors import StorageError
from glmdesk.store import migrations
from glmdesk.store.conversations import Conversations
from glmdesk.store.database import Database
from glmdesk.store.index import Extract, Hit, Index

ONE, OTHER = "1" * 64, "2" * 64
PAGES = (
    "Tighten the bolts of the pump to 45 Nm.",
    "Oil: change it every 500 hours. The filter too.",
    "阀门的压力是六巴，请每周检查一次文档。",
    "Wartungsintervalle der Förderbänder und Größe",
    "Error E-1407: the sensor of the gate was not found.",
    "Crème brûlée is served in the canteen.",
    "ระบบหล่อลื่นอัตโนมัติ",
    "भारत की पुस्तक",
)


@pytest.fixture
def index(database: Database) -> Index:
    index = Index(database)
    index.put(ONE, extracts(PAGES))
    return index


def extracts(texts: tuple[str, ...]) -> list[Extract]:
    return [
        Extract(page=page, start=0, end=len(text), text=text)
        for page, text in enumerate(texts, start=1)
    ]


def pages(hits: list[Hit]) -> list[int]:
    return [hit.page for hit in hits]


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("How tight should the pump's bolts be?", 1),
        ("changing the filter", 2),
        ("压力是多少？", 3),
        ("文档", 3),
        ("阀", 3),
        ("巴", 3),
        ("Wartung", 4),
        ("forderbander", 4),
        ("GRÖSSE", 4),
        ("What does e-1407 mean?", 5),
        ("1407", 5),
        ("creme brulee", 6),
        ("หล่อลื่น", 7),
        ("पुस्तक", 8),
    ],
)
def test_people_find_what_they_ask_for(index: Index, question: str, page: int) -> None:
    assert pages(index.search([ONE], question, 3))[:1] == [page]


@pytest.mark.parametrize(
    "question",
    ['"', "pump AND", "terms : x", "NEAR(pump oil)", "pump* OR", "-pump ^oil", "{a b}: c", "' --"],
)
def test_nothing_is_an_operator(index: Index, question: str) -> None:
    wanted = [number for number, word in ((1, "pump"), (2, "oil")) if word in question]
    assert sorted(pages(index.search([ONE], question, 9))) == wanted


def test_any_question_can_be_asked(index: Index) -> None:
    rng = Random(5)
    letters = "pumoil \"*^():-+{}\\'\0\ud83d文档é,.ORANDNEAR"
    for _ in range(2_000):
        question = "".join(rng.choices(letters, k=rng.randrange(40)))
        assert len(index.search([ONE], question, 9)) <= 9


def test_hits_say_where_and_how_well(index: Index) -> None:
    best, second = index.search([ONE], "oil filter of the pump", 9)
    assert best == Hit(sha256=ONE, page=2, start=0, end=len(PAGES[1]), score=best.score)
    assert best.score > second.score > 0
    assert index.search([ONE], "oil filter of the pump", 1) == [best]


def test_several_documents(index: Index) -> None:
    index.put(OTHER, [Extract(page=7, start=3, end=9, text="pump")])
    assert pages(index.search([OTHER], "pump", 9)) == [7]
    assert {hit.sha256 for hit in index.search([ONE, OTHER, ONE], "pump", 9)} == {ONE, OTHER}
    assert len(index.search([ONE, OTHER], "pump", 9)) == 2
    assert index.search(["3" * 64], "pump", 9) == []
    assert index.search([], "pump", 9) == []


def test_put_again_replaces(index: Index) -> None:
    index.put(ONE, extracts(("a rope",)))
    assert index.search([ONE], "pump", 9) == []
    assert pages(index.search([ONE], "rope", 9)) == [1]


def test_a_document_without_words(index: Index) -> None:
    index.put(OTHER, [])
    assert index.has(OTHER)
    assert index.search([OTHER], "pump", 9) == []
    index.forget(OTHER)
    assert not index.has(OTHER)
    assert index.has(ONE)


def test_forgetting_leaves_no_word_behind(database: Database, index: Index) -> None:
    index.put(OTHER, extracts(("the pumpkin is secret", "mustard")))
    index.forget(OTHER)
    index.forget(OTHER)
    assert not index.has(OTHER)
    assert index.search([ONE, OTHER], "pumpkin mustard", 9) == []
    assert pages(index.search([ONE], "pump", 9)) == [1]
    with database.read() as connection:
        held = connection.execute("SELECT block FROM passage_terms_data").fetchall()
        assert not any(b"mustard" in row["block"] for row in held)
        connection.execute("INSERT INTO passage_terms (passage_terms) VALUES ('integrity-check')")


def test_a_file_is_forgotten_in_every_encoding(index: Index) -> None:
    keys = (f"{OTHER}:utf-8", f"{OTHER}:cp1252", OTHER)
    for key in keys:
        index.put(key, extracts(("rope",)))
    index.forget(OTHER)
    assert not any(index.has(key) for key in keys)
    assert index.has(ONE)
    index.put(f"{ONE}:utf-8", extracts(("rope",)))
    index.forget(f"{ONE}:utf-8")
    assert index.has(ONE)


def test_many_documents_come_and_go(database: Database, index: Index) -> None:
    rng, words = Random(3), ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    texts: dict[str, tuple[str, ...]] = {ONE: PAGES}
    for _ in range(60):
        sha256 = str(rng.randrange(8)) * 64
        if rng.random() < 0.4:
            index.forget(sha256)
            texts.pop(sha256, None)
        else:
            texts[sha256] = tuple(
                " ".join(rng.choices(words, k=5)) for _ in range(rng.randrange(4))
            )
            index.put(sha256, extracts(texts[sha256]))
        word = rng.choice(words)
        found = {(hit.sha256, hit.page) for hit in index.search(list(texts), word, 99)}
        assert found == {
            (name, number)
            for name, said in texts.items()
            for number, text in enumerate(said, start=1)
            if word in text.split()
        }
    assert all(index.has(sha256) for sha256 in texts)


@pytest.mark.parametrize("damage", [b"", b"nonsense", zlib.compress(b"one too few")])
def test_damaged_words_make_the_index_begin_again(
    database: Database, index: Index, damage: bytes
) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE indexed SET terms = ?", (damage,))
    index.put(OTHER, extracts(("rope",)))
    index.forget(ONE)
    assert not index.has(ONE)
    index.put(ONE, extracts(PAGES))
    assert pages(index.search([ONE], "pump", 9)) == [1]


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(Database(tmp_path / "glmdesk.db")) as database:
            index = Index(database)
            if not index.has(ONE):
                index.put(ONE, extracts(PAGES))
    with closing(Database(tmp_path / "glmdesk.db")) as database:
        assert pages(Index(database).search([ONE], "pump", 9)) == [1]


def test_a_history_of_the_version_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "glmdesk.db"
    monkeypatch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
    with closing(Database(path)) as database:
        chat = Conversations(database).create("owner").id
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO entry (conversation, seq, role, state, text, created)"
                " VALUES (?, 1, 'user', 'done', 'an old question', 0)",
                (chat,),
            )
            connection.execute(
                "INSERT INTO file (sha256, owner, name, kind, media_type, size, note)"
                " VALUES (?, 'owner', 'x.pdf', 'document', 'application/pdf', 3, '')",
                (ONE,),
            )
    monkeypatch.undo()
    with closing(Database(path)) as database:
        (old,) = Conversations(database).entries("owner", chat)
        assert (old.text, dict(old.sent)) == ("an old question", {})
        with database.read() as connection:
            row = connection.execute("SELECT name, kept, added, pages FROM file").fetchone()
        assert tuple(row) == ("x.pdf", 0, 0.0, 0)
        assert not Index(database).has(ONE)


def test_a_damaged_table_is_said(database: Database, index: Index) -> None:
    with database.transaction() as connection:
        connection.execute("DELETE FROM passage_terms_data WHERE id > 10")
    with pytest.raises(StorageError, match="is damaged"):
        index.search([ONE], "pump", 9)


def test_full_text_search_is_part_of_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE found USING fts5 (words, content = '')")
