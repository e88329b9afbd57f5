"""The stored messages of a chat, as rows inside a transaction that someone else opened.

Knows no owners: whoever calls has already made sure that the chat is theirs.
"""

import sqlite3
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Detail, SentPage, Think, Timings, Usage
from glmdesk.store import columns

State = Literal["done", "running", "cancelled", "failed", "interrupted"]
"""A user's message is always "done"; an answer is "running" until it is finished."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored message; `seq` counts from 1 in its chat, without gaps."""

    id: int
    conversation: str
    seq: int
    role: Literal["user", "assistant"]
    text: str
    """The user's words, or the answer."""
    attachments: tuple[Attachment, ...]
    thinking: str
    state: State
    think: Think
    """What was asked for while the answer runs, afterwards what was really used."""
    model: str
    usage: Usage
    timings: Timings
    tokens: tuple[int, ...]
    error: str
    note: str
    created: float
    """Seconds since 1970, for showing only."""
    detail: Detail = "normal"
    """How closely the model is to look at the pictures of a question."""
    picture_limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The fewest and the most tokens of one picture, for each model that these were sent to."""
    sent: Mapping[str, tuple[SentPage, ...]] = field(default_factory=dict)
    """What of each document went with a question, by its sha256."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person sends."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    detail: Detail = "normal"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an answer ended, and all that is kept of it."""

    state: State
    thinking: str = ""
    text: str = ""
    think: Think = "auto"
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    tokens: tuple[int, ...] = ()
    error: str = ""
    note: str = ""


_SELECT = (
    "SELECT id, conversation, seq, role, text, attachments, thinking, state, think, model, usage,"
    " timings, tokens, error, note, created, detail, picture_limits, sent FROM entry"
)


def of(connection: sqlite3.Connection, conversation: str) -> list[Entry]:
    """The messages of a chat, in the order they were written."""
    rows = connection.execute(_SELECT + " WHERE conversation = ? ORDER BY seq", (conversation,))
    return [_entry(row) for row in rows]


def add_question(
    connection: sqlite3.Connection, conversation: str, question: Question, now: float
) -> Entry:
    entry_id = connection.execute(
        "INSERT INTO entry (conversation, seq, role, state, text, attachments, detail, created)"
        " VALUES (:conversation, (SELECT coalesce(max(seq), 0) + 1 FROM entry"
        " WHERE conversation = :conversation), 'user', 'done', :text, :attachments, :detail, :now)",
        {
            "conversation": conversation,
            "text": columns.words(question.text),
            "attachments": columns.write_attachments(question.attachments),
            "detail": str(question.detail),
            "now": now,
        },
    ).lastrowid
    connection.executemany(
        "INSERT OR IGNORE INTO attached (sha256, entry) VALUES (?, ?)",
        [(attachment.sha256, entry_id) for attachment in question.attachments],
    )
    return _one(connection, entry_id)


def add_answer(
    connection: sqlite3.Connection, conversation: str, how: tuple[str, Think], now: float
) -> Entry:
    """A running answer without a word yet; `how` is the model and the thinking asked for."""
    model, think = how
    entry_id = connection.execute(
        "INSERT INTO entry (conversation, seq, role, state, model, think, created)"
        " VALUES (:conversation, (SELECT coalesce(max(seq), 0) + 1 FROM entry"
        " WHERE conversation = :conversation), 'assistant', 'running', :model, :think, :now)",
        {"conversation": conversation, "model": model, "think": think, "now": now},
    ).lastrowid
    return _one(connection, entry_id)


def save_draft(connection: sqlite3.Connection, entry_id: int, thinking: str, answer: str) -> bool:
    """Returns False when no such answer is running."""
    saved = connection.execute(
        "UPDATE entry SET thinking = ?, text = ? WHERE id = ? AND state = 'running'",
        (columns.words(thinking), columns.words(answer), entry_id),
    )
    return saved.rowcount == 1


def finish(connection: sqlite3.Connection, entry_id: int, outcome: Outcome) -> bool:
    """Returns False when there is no such answer."""
    finished = connection.execute(
        "UPDATE entry SET state = :state, thinking = :thinking, text = :text, think = :think,"
        " usage = :usage, timings = :timings, tokens = :tokens, error = :error, note = :note"
        " WHERE id = :id AND role = 'assistant'",
        {
            "id": entry_id,
            "state": outcome.state,
            "thinking": columns.words(outcome.thinking),
            "text": columns.words(outcome.text),
            "think": outcome.think,
            "usage": columns.write_numbers(outcome.usage),
            "timings": columns.write_numbers(outcome.timings),
            "tokens": columns.write_tokens(outcome.tokens),
            "error": columns.words(outcome.error),
            "note": columns.words(outcome.note),
        },
    )
    return finished.rowcount == 1


def set_picture_limits(
    connection: sqlite3.Connection,
    conversation: str,
    seq: int,
    limits: Mapping[str, tuple[int, int]],
) -> bool:
    """Returns False when the chat has no such message."""
    changed = connection.execute(
        "UPDATE entry SET picture_limits = ? WHERE conversation = ? AND seq = ?",
        (columns.write_limits(limits), conversation, seq),
    )
    return changed.rowcount == 1


def set_sent(
    connection: sqlite3.Connection,
    conversation: str,
    seq: int,
    sent: Mapping[str, tuple[SentPage, ...]],
) -> bool:
    """Returns False when the chat has no such message."""
    changed = connection.execute(
        "UPDATE entry SET sent = ? WHERE conversation = ? AND seq = ?",
        (columns.write_sent(sent), conversation, seq),
    )
    return changed.rowcount == 1


def interrupt_running(connection: sqlite3.Connection) -> int:
    """Mark every running answer as interrupted; returns how many there were."""
    return connection.execute(
        "UPDATE entry SET state = 'interrupted' WHERE state = 'running'"
    ).rowcount


def files_of(connection: sqlite3.Connection, conversation: str) -> list[str]:
    """The sha256 of every file attached in the chat."""
    rows = connection.execute(
        "SELECT DISTINCT sha256 FROM attached JOIN entry ON entry.id = attached.entry"
        " WHERE entry.conversation = ? ORDER BY sha256",
        (conversation,),
    )
    return [sha256 for (sha256,) in rows]


def is_attached(connection: sqlite3.Connection, sha256: str) -> bool:
    """Whether any message, of any owner, uses the file."""
    use = connection.execute("SELECT 1 FROM attached WHERE sha256 = ? LIMIT 1", (sha256,))
    return use.fetchone() is not None


def _one(connection: sqlite3.Connection, entry_id: int | None) -> Entry:
    return _entry(connection.execute(_SELECT + " WHERE id = ?", (entry_id,)).fetchone())


def _entry(row: sqlite3.Row) -> Entry:
    try:
        return Entry(
            id=row["id"],
            conversation=row["conversation"],
            seq=row["seq"],
            role=row["role"],
            text=row["text"],
            attachments=columns.read_attachments(row["attachments"]),
            thinking=row["thinking"],
            state=row["state"],
            think=row["think"],
            model=row["model"],
            usage=columns.read_usage(row["usage"]),
            timings=columns.read_timings(row["timings"]),
            tokens=columns.read_tokens(row["tokens"]),
            error=row["error"],
            note=row["note"],
            created=row["created"],
            detail=columns.read_detail(row["detail"]),
            picture_limits=columns.read_limits(row["picture_limits"]),
            sent=columns.read_sent(row["sent"]),
        )
    except (TypeError, ValueError, struct.error) as error:
        raise StorageError(
            f"Message {row['seq']} of this chat is damaged in your history file, so the chat "
            "cannot be shown. Put a copy of the file in its place, or delete the chat."
        ) from error
