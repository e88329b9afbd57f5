"""Full text search in the passages of documents, by the sha256 of their files.

A file that was read in another encoding is another document, "sha256:encoding".

Texts are not kept here as such: `passage` says where each one stands, the full text table `passage_terms`
holds no content, and `indexed` the packed words, without which SQLite could not take them out again.
All of it can be made again from the files.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glmdesk.store import terms
from glmdesk.store.database import Database

_SEARCH = """
    SELECT page, start, stop, -bm25(passage_terms) AS score
    FROM passage_terms JOIN passage ON passage.id = passage_terms.rowid
    WHERE passage_terms MATCH :terms AND passage_terms.rowid BETWEEN :first AND :last
    ORDER BY score DESC, passage.id LIMIT :limit
"""
_READINGS = """
    SELECT sha256 FROM indexed
    WHERE sha256 = :sha256 OR (sha256 > :sha256 || ':' AND sha256 < :sha256 || ';')
"""
_BETWEEN = "\0"


@dataclass(frozen=True, kw_only=True)
class Extract:
    """A passage to be found: `text` is what stands from `start` to `end` of the page's text."""

    page: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A passage that fits a question; the higher the score, the better."""

    sha256: str
    page: int
    start: int
    end: int
    score: float


class Index:
    """What documents say, to be searched. Knows no owners. Every method raises StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, sha256: str) -> bool:
        """Whether the document was put here, even if it has no words."""
        with self._database.read() as connection:
            return _range(connection, sha256) is not None

    def put(self, sha256: str, extracts: Iterable[Extract]) -> None:
        """Make a document searchable, in place of what was known of it before."""
        found = list(extracts)
        words = [terms.indexed(extract.text) for extract in found]
        packed = zlib.compress(_BETWEEN.join(words).encode())
        with self._database.transaction() as connection:
            _forget(connection, sha256)
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM passage").fetchone()
            ids = range(last + 1, last + 1 + len(found))
            places = [(page.page, page.start, page.end) for page in found]
            connection.executemany(
                "INSERT INTO passage (id, page, start, stop) VALUES (?, ?, ?, ?)",
                [(id, *place) for id, place in zip(ids, places, strict=True)],
            )
            connection.executemany(
                "INSERT INTO passage_terms (rowid, terms) VALUES (?, ?)",
                zip(ids, words, strict=True),
            )
            connection.execute(
                "INSERT INTO indexed (sha256, first, last, terms) VALUES (?, ?, ?, ?)",
                (sha256, last + 1, last + len(found), packed),
            )

    def search(self, sha256s: Sequence[str], question: str, limit: int) -> list[Hit]:
        """The `limit` passages of these documents that fit a person's question best, best first."""
        asked = terms.question(question)
        if not asked:
            return []
        with self._database.read() as connection:
            hits = [
                hit
                for sha256 in dict.fromkeys(sha256s)
                for hit in _search(connection, sha256, asked, limit)
            ]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def forget(self, sha256: str) -> None:
        """Take out a document and its other readings; none of its words stay."""
        with self._database.transaction() as connection:
            readings = connection.execute(_READINGS, {"sha256": sha256}).fetchall()
            for row in readings:
                _forget(connection, row["sha256"])
            # Deleted words stay in the file until everything is merged.
            if readings:
                connection.execute("INSERT INTO passage_terms (passage_terms) VALUES ('optimize')")


def _range(connection: sqlite3.Connection, sha256: str) -> tuple[int, int] | None:
    """The ids of a document's first and last passage; the last is before the first if it has none."""
    row = connection.execute(
        "SELECT first, last FROM indexed WHERE sha256 = ?", (sha256,)
    ).fetchone()
    return (row["first"], row["last"]) if row else None


def _search(connection: sqlite3.Connection, sha256: str, asked: str, limit: int) -> Iterable[Hit]:
    if not (found := _range(connection, sha256)):
        return
    values = {"terms": asked, "first": found[0], "last": found[1], "limit": limit}
    for row in connection.execute(_SEARCH, values):
        yield Hit(
            sha256=sha256,
            page=row["page"],
            start=row["start"],
            end=row["stop"],
            score=row["score"],
        )


def _forget(connection: sqlite3.Connection, sha256: str) -> None:
    row = connection.execute(
        "SELECT first, last, terms FROM indexed WHERE sha256 = ?", (sha256,)
    ).fetchone()
    if row is None:
        return
    try:
        _take_out(connection, row)
    except (zlib.error, ValueError):
        # What cannot be taken out one by one is made again when it is asked for.
        connection.execute("INSERT INTO passage_terms (passage_terms) VALUES ('delete-all')")
        connection.execute("DELETE FROM passage")
        connection.execute("DELETE FROM indexed")
        return
    connection.execute("DELETE FROM passage WHERE id BETWEEN ? AND ?", (row["first"], row["last"]))
    connection.execute("DELETE FROM indexed WHERE sha256 = ?", (sha256,))


def _take_out(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Raises zlib.error or ValueError when the words are damaged."""
    ids = range(row["first"], row["last"] + 1)
    words = zlib.decompress(row["terms"]).decode().split(_BETWEEN)
    connection.executemany(
        "INSERT INTO passage_terms (passage_terms, rowid, terms) VALUES ('delete', ?, ?)",
        zip(ids, words if ids else (), strict=True),
    )
