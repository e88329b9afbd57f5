"""The schema of the database, as the ordered steps that lead to it.

    conversation ──< entry ──< attached (sha256) ··· file (sha256, owner)
                                                 ··· indexed (sha256) ──< passage ── passage_terms

Step n, counted from 1, ends by setting user_version to n. A step that has been released is never
changed; a new one is added after it.
"""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step: the statements run in one transaction."""

    name: str
    statements: tuple[str, ...]


APPLICATION_ID = 0x676C6D64
"""Marks the file as ours: "glmd" in ASCII."""

MIGRATIONS = (
    Migration(
        name="conversations and files",
        statements=(
            """
            CREATE TABLE conversation (
                id TEXT NOT NULL PRIMARY KEY,
                owner TEXT NOT NULL,
                title TEXT NOT NULL DEFAULT '',
                created REAL NOT NULL,
                updated REAL NOT NULL,
                activity INTEGER NOT NULL,
                model TEXT NOT NULL DEFAULT '',
                think TEXT NOT NULL CHECK (think IN ('auto', 'on', 'off')),
                context_start INTEGER NOT NULL DEFAULT 0
            )
            """,
            "CREATE INDEX conversation_by_activity ON conversation (owner, activity)",
            """
            CREATE TABLE entry (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
                text TEXT NOT NULL DEFAULT '',
                attachments TEXT NOT NULL DEFAULT '[]',
                thinking TEXT NOT NULL DEFAULT '',
                state TEXT NOT NULL
                    CHECK (state IN ('done', 'running', 'cancelled', 'failed', 'interrupted')),
                think TEXT NOT NULL DEFAULT 'auto' CHECK (think IN ('auto', 'on', 'off')),
                model TEXT NOT NULL DEFAULT '',
                usage TEXT NOT NULL DEFAULT '{}',
                timings TEXT NOT NULL DEFAULT '{}',
                tokens BLOB NOT NULL DEFAULT x'',
                error TEXT NOT NULL DEFAULT '',
                note TEXT NOT NULL DEFAULT '',
                created REAL NOT NULL,
                UNIQUE (conversation, seq)
            )
            """,
            "CREATE INDEX entry_running ON entry (state) WHERE state = 'running'",
            """
            CREATE TABLE attached (
                sha256 TEXT NOT NULL,
                entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
                PRIMARY KEY (sha256, entry)
            ) WITHOUT ROWID
            """,
            "CREATE INDEX attached_by_entry ON attached (entry)",
            """
            CREATE TABLE file (
                sha256 TEXT NOT NULL,
                owner TEXT NOT NULL,
                name TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('picture', 'document')),
                media_type TEXT NOT NULL,
                size INTEGER NOT NULL,
                note TEXT NOT NULL,
                sent INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (sha256, owner)
            ) WITHOUT ROWID
            """,
            "PRAGMA application_id = 0x676C6D64",
            "PRAGMA user_version = 1",
        ),
    ),
    Migration(
        name="picture detail",
        statements=(
            "ALTER TABLE entry ADD COLUMN detail TEXT NOT NULL DEFAULT 'normal'",
            "ALTER TABLE entry ADD COLUMN picture_limits TEXT NOT NULL DEFAULT '{}'",
            "PRAGMA user_version = 2",
        ),
    ),
    Migration(
        name="pages of documents",
        statements=(
            "ALTER TABLE file ADD COLUMN kept INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE file ADD COLUMN added REAL NOT NULL DEFAULT 0",
            "ALTER TABLE file ADD COLUMN pages INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE entry ADD COLUMN sent TEXT NOT NULL DEFAULT '{}'",
            """
            CREATE TABLE indexed (
                sha256 TEXT NOT NULL PRIMARY KEY,
                first INTEGER NOT NULL,
                last INTEGER NOT NULL,
                terms BLOB NOT NULL
            )
            """,
            """
            CREATE TABLE passage (
                id INTEGER PRIMARY KEY,
                page INTEGER NOT NULL,
                start INTEGER NOT NULL,
                stop INTEGER NOT NULL
            )
            """,
            """
            CREATE VIRTUAL TABLE passage_terms USING fts5 (
                terms,
                content = '',
                tokenize = "porter unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
            )
            """,
            "PRAGMA user_version = 3",
        ),
    ),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, each step entirely or not at all.

    Raises sqlite3.Error.
    """
    if version(connection) == len(MIGRATIONS):
        return
    for number, migration in enumerate(MIGRATIONS, start=1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            # Read again under the lock: another process may have taken this step meanwhile.
            if version(connection) < number:
                for statement in migration.statements:
                    connection.execute(statement)


def version(connection: sqlite3.Connection) -> int:
    """How many steps this database has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether another program made this database: it holds tables, and not our mark."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(mark != APPLICATION_ID and tables)
