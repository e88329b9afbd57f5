"""Chats, and whose they are: who asks for another owner's chat is told that there is none."""

import builtins
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, SentPage, Think
from glmdesk.store import entries
from glmdesk.store.columns import words
from glmdesk.store.database import Database
from glmdesk.store.entries import Entry, Outcome, Question, State

__all__ = ["Conversation", "Conversations", "Entry", "Outcome", "Question", "State"]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A chat without its messages."""

    id: str
    owner: str
    title: str
    created: float
    """Seconds since 1970, as is `updated`: for showing only."""
    updated: float
    model: str
    """The model last asked; empty before the first question."""
    think: Think
    context_start: int
    """The model reads messages from this `seq` on."""


_SELECT = "SELECT id, owner, title, created, updated, model, think, context_start FROM conversation"


class Conversations:
    """The chats of every owner.

    Each method is one transaction, and raises StorageError: "There is no such chat." when the owner
    has none with that id, else why the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def create(self, owner: str, think: Think = "auto") -> Conversation:
        id, now = uuid.uuid4().hex, self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO conversation (id, owner, think, created, updated, activity) VALUES"
                " (:id, :owner, :think, :now, :now,"
                " (SELECT coalesce(max(activity), 0) + 1 FROM conversation))",
                {"id": id, "owner": owner, "think": think, "now": now},
            )
            return _owned(connection, owner, id)

    def list(self, owner: str) -> builtins.list[Conversation]:
        """The owner's chats, the one last written to first, whatever the clock said."""
        with self._database.read() as connection:
            rows = connection.execute(_SELECT + " WHERE owner = ? ORDER BY activity DESC", (owner,))
            return [_conversation(row) for row in rows]

    def ids(self) -> builtins.list[str]:
        """Every chat there is, of all owners."""
        with self._database.read() as connection:
            return [row["id"] for row in connection.execute("SELECT id FROM conversation")]

    def get(self, owner: str, id: str) -> Conversation:
        with self._database.read() as connection:
            return _owned(connection, owner, id)

    def rename(self, owner: str, id: str, title: str) -> None:
        self._change(
            "UPDATE conversation SET title = ? WHERE owner = ? AND id = ?",
            (words(title), owner, id),
        )

    def set_think(self, owner: str, id: str, think: Think) -> None:
        self._change(
            "UPDATE conversation SET think = ? WHERE owner = ? AND id = ?", (think, owner, id)
        )

    def set_context_start(self, owner: str, id: str, seq: int) -> None:
        """Let the model read messages from `seq` on; 0 is all of them."""
        self._change(
            "UPDATE conversation SET context_start = ? WHERE owner = ? AND id = ?", (seq, owner, id)
        )

    def set_picture_limits(
        self, owner: str, id: str, seq: int, limits: Mapping[str, tuple[int, int]]
    ) -> None:
        """Remember how large each model was sent the pictures of the message `seq`."""
        with self._database.transaction() as connection:
            _owned(connection, owner, id)
            if not entries.set_picture_limits(connection, id, seq, limits):
                raise StorageError("There is no such message.")

    def set_sent(
        self, owner: str, id: str, seq: int, sent: Mapping[str, tuple[SentPage, ...]]
    ) -> None:
        """Remember what of each document went with the message `seq`."""
        with self._database.transaction() as connection:
            _owned(connection, owner, id)
            if not entries.set_sent(connection, id, seq, sent):
                raise StorageError("There is no such message.")

    def delete(self, owner: str, id: str) -> builtins.list[str]:
        """Remove the chat; returns the sha256 of its files that no message uses any more."""
        with self._database.transaction() as connection:
            _owned(connection, owner, id)
            files = entries.files_of(connection, id)
            connection.execute("DELETE FROM conversation WHERE owner = ? AND id = ?", (owner, id))
            return [sha256 for sha256 in files if not entries.is_attached(connection, sha256)]

    def entries(self, owner: str, id: str) -> builtins.list[Entry]:
        """The messages of a chat, in the order they were written."""
        with self._database.read() as connection:
            _owned(connection, owner, id)
            return entries.of(connection, id)

    def add_user(
        self, owner: str, id: str, text: str, attachments: tuple[Attachment, ...] = ()
    ) -> Entry:
        question = Question(text=text, attachments=attachments)
        with self._database.transaction() as connection:
            return self._add_user(connection, owner, id, question)

    def begin_answer(self, owner: str, id: str, model: str, think: Think) -> Entry:
        with self._database.transaction() as connection:
            return self._begin_answer(connection, owner, id, (model, think))

    def ask(
        self, owner: str, id: str, question: Question, model: str, think: Think
    ) -> tuple[Entry, Entry]:
        """The question and its running answer: both are stored, or neither."""
        with self._database.transaction() as connection:
            asked = self._add_user(connection, owner, id, question)
            return asked, self._begin_answer(connection, owner, id, (model, think))

    def save_draft(self, entry_id: int, thinking: str, answer: str) -> None:
        """Keep what an answer says so far.

        Raises StorageError when it is finished or its chat was deleted.
        """
        with self._database.transaction() as connection:
            if not entries.save_draft(connection, entry_id, thinking, answer):
                raise StorageError("This answer is no longer being written.")

    def finish(self, entry_id: int, outcome: Outcome) -> None:
        """Commit an answer as it ended.

        Raises StorageError when its chat was deleted.
        """
        with self._database.transaction() as connection:
            if not entries.finish(connection, entry_id, outcome):
                raise _no_such_chat()

    def recover(self) -> int:
        """Mark answers that an earlier process left running as interrupted; their drafts stay.

        Called once, when glmdesk starts and no other one runs. Returns how many there were.
        """
        with self._database.transaction() as connection:
            return entries.interrupt_running(connection)

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        with self._database.transaction() as connection:
            if connection.execute(statement, values).rowcount != 1:
                raise _no_such_chat()

    def _add_user(
        self, connection: sqlite3.Connection, owner: str, id: str, question: Question
    ) -> Entry:
        now = self._clock()
        _touch(connection, owner, id, now)
        # From here on these files belong to a message: see Files.
        connection.executemany(
            "UPDATE file SET sent = 1 WHERE owner = ? AND sha256 = ?",
            [(owner, attachment.sha256) for attachment in question.attachments],
        )
        return entries.add_question(connection, id, question, now)

    def _begin_answer(
        self, connection: sqlite3.Connection, owner: str, id: str, how: tuple[str, Think]
    ) -> Entry:
        now = self._clock()
        _touch(connection, owner, id, now)
        connection.execute(
            "UPDATE conversation SET model = ? WHERE owner = ? AND id = ?", (how[0], owner, id)
        )
        return entries.add_answer(connection, id, how, now)


def _touch(connection: sqlite3.Connection, owner: str, id: str, now: float) -> None:
    """Make the chat the first in its owner's list."""
    touched = connection.execute(
        "UPDATE conversation SET updated = ?,"
        " activity = (SELECT max(activity) + 1 FROM conversation) WHERE owner = ? AND id = ?",
        (now, owner, id),
    )
    if touched.rowcount != 1:
        raise _no_such_chat()


def _owned(connection: sqlite3.Connection, owner: str, id: str) -> Conversation:
    row = connection.execute(_SELECT + " WHERE owner = ? AND id = ?", (owner, id)).fetchone()
    if row is None:
        raise _no_such_chat()
    return _conversation(row)


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        id=row["id"],
        owner=row["owner"],
        title=row["title"],
        created=row["created"],
        updated=row["updated"],
        model=row["model"],
        think=row["think"],
        context_start=row["context_start"],
    )


def _no_such_chat() -> StorageError:
    return StorageError("There is no such chat.")
