"""A process killed while it writes loses nothing that it had acknowledged."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from glmdesk.store.conversations import Conversations
from glmdesk.store.database import Database

WRITER = Path(__file__).with_name("writer.py")
ROUNDS = 20
SEED = 20_260_421


def killed_after(path: Path, seconds: float) -> list[int]:
    """Run the writer, kill it so long after its first word; returns the acknowledged ids."""
    with subprocess.Popen([sys.executable, WRITER, path], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        rest = writer.stdout.read()
    # The last line may have been cut.
    return [int(line) for line in (first + rest).split(b"\n")[:-1]]


def killed_at_start(path: Path, seconds: float) -> None:
    with subprocess.Popen([sys.executable, WRITER, path], stdout=subprocess.DEVNULL) as writer:
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.0002)
        time.sleep(seconds)
        writer.kill()


def check(path: Path, acknowledged: list[int]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(Database(path)) as database:
        chats = Conversations(database)
        (chat,) = chats.list("owner")
        entries = chats.entries("owner", chat.id)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    kept = {entry.id: entry for entry in entries}
    assert set(acknowledged) <= set(kept)
    assert all(kept[id].state == "done" for id in acknowledged)


def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    path, moment, acknowledged = tmp_path / "glmdesk.db", random.Random(SEED), list[int]()
    for _ in range(ROUNDS):
        acknowledged += killed_after(path, moment.uniform(0, 0.06))
        check(path, acknowledged)
    assert len(acknowledged) >= ROUNDS
    with closing(Database(path)) as database:
        assert Conversations(database).recover() <= ROUNDS


def test_a_kill_while_the_file_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    moment = random.Random(SEED)
    for number in range(8):
        path = tmp_path / f"{number}.db"
        killed_at_start(path, moment.uniform(0, 0.004))
        with closing(Database(path)) as database:
            assert len(Conversations(database).list("owner")) <= 1
