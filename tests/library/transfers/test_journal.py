import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers.hashing import Follower
from glmdesk.library.transfers.journal import Journal
from glmdesk.library.transfers.segments import Segments
from glmdesk.library.transfers.spans import Spans

JOURNAL = Journal(
    name="a.gguf", url="http://hub/a.gguf", commit="c", sha256="ab" * 32, size=100, etag='"e"',
    spans=((0, 10), (20, 30)), blocks="0" * 32,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with journals.part_path(tmp_path, "a.gguf").open("wb") as file:
        file.truncate(100)
    return tmp_path


def test_what_is_written_is_read(folder: Path) -> None:
    journals.write(folder, JOURNAL)
    assert journals.read(folder, "a.gguf") == JOURNAL
    assert journals.read(folder, "b.gguf") is None
    assert {path.name for path in folder.iterdir()} == {"a.gguf.part", "a.gguf.json"}


@pytest.mark.parametrize("length", range(0, 299, 13))
def test_a_torn_journal_is_none(folder: Path, length: int) -> None:
    journals.write(folder, JOURNAL)
    path = journals.journal_path(folder, "a.gguf")
    whole = path.read_bytes()
    assert length < len(whole)
    path.write_bytes(whole[:length])
    assert journals.read(folder, "a.gguf") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"spans": [[0, 101]]}, {"spans": [[-1, 5]]}, {"spans": [[5, 5]]}, {"spans": [5]}, {"name": "b"},
        {"size": 50}, {"blocks": "0"}, {"version": 2}, {"spans": None}, {"more": 1},
    ],
    ids=repr,
)  # fmt: skip
def test_a_journal_that_cannot_be_is_none(folder: Path, changes: dict[str, object]) -> None:
    journals.write(folder, JOURNAL)
    path = journals.journal_path(folder, "a.gguf")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    assert journals.read(folder, "a.gguf") is None


@pytest.mark.parametrize("size", [None, 0, 99, 101])
def test_a_part_of_another_length_is_not_trusted(folder: Path, size: int | None) -> None:
    journals.write(folder, JOURNAL)
    part = journals.part_path(folder, "a.gguf")
    if size is None:
        part.unlink()
    else:
        os.truncate(part, size)
    assert journals.read(folder, "a.gguf") is None


def test_whose_beginning_it_is() -> None:
    assert JOURNAL.is_of(replace(JOURNAL, commit="later"))
    assert not JOURNAL.is_of(replace(JOURNAL, sha256="cd" * 32))
    unknown = replace(JOURNAL, sha256="")
    assert unknown.is_of(unknown)
    assert not unknown.is_of(replace(unknown, commit="later"))
    assert not unknown.is_of(replace(unknown, size=99))
    assert unknown.is_of(replace(unknown, size=0, commit=""))


def test_the_follower_waits_for_what_is_missing_and_drops_what_changed(tmp_path: Path) -> None:
    import hashlib
    import time

    size = 9 * 1024 * 1024
    data = os.urandom(size)
    part = tmp_path / "part"
    part.write_bytes(data)
    segments = Segments(size, Spans([(0, 5 * 1024 * 1024)]), size)
    follower = Follower(part, segments, ["f" * 32, "e" * 32], lambda: None)
    follower.start()
    end = time.monotonic() + 10
    while segments.covers(0, 1) and time.monotonic() < end:
        time.sleep(0.01)
    assert not segments.covers(0, 1), "the first block is not what it was"
    while segment := segments.take():
        segment.position = segment.stop
        segments.release(segment)
        follower.nudge()
    end = time.monotonic() + 10
    while not follower.done and time.monotonic() < end:
        while segment := segments.take():
            segment.position = segment.stop
            segments.release(segment)
        follower.nudge()
        time.sleep(0.01)
    assert follower.done
    assert follower.sha256() == hashlib.sha256(data).hexdigest()
    assert len(follower.blocks()) == 3
    follower.close()
