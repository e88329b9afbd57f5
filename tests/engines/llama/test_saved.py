"""Saved caches: what comes back is what was saved, or nothing; and nothing ever raises."""

import ctypes
import json
import os
import stat
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.engines.llama import saved
from glmdesk.engines.llama.prefix import Cells, Item
from glmdesk.engines.llama.protocol import StateSpec
from glmdesk.engines.llama.saved import StateFolder, forget, forget_all, keep_only

MIB = 1024 * 1024
PICTURE = Cells(id="a1b2:640x480", n_tokens=529, n_pos=23)
ITEMS: tuple[Item, ...] = (151331, 0, PICTURE, PICTURE, 7, 2**31 - 1)
BLOB = bytes(range(256)) * 3


def states(folder: Path, *, key: bytes = b"k" * 32, limit: int = 10 * MIB) -> StateFolder:
    return StateFolder(StateSpec(folder=folder, key=key, limit=limit), "model q8_0 0.3.36")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    assert states(tmp_path / "new").save("chat", ITEMS, 49, BLOB)
    found = states(tmp_path / "new").load("chat")
    assert found is not None
    assert (found.items, found.positions, bytes(found.blob)) == (ITEMS, 49, BLOB)
    assert abs(found.created - only(tmp_path / "new").stat().st_mtime) < 60


@given(
    items=st.lists(
        st.integers(0, 2**32 - 1)
        | st.builds(Cells, id=st.text(), n_tokens=st.integers(1), n_pos=st.integers(1))
    )
)
def test_items_survive_packing(items: list[Item]) -> None:
    head = saved._encode({"items": saved._pack(items)})
    assert list(saved._unpack(json.loads(head)["items"])) == items


def test_ctypes_memory_goes_in_and_out_without_a_copy(tmp_path: Path) -> None:
    size = 3 * MIB + 5
    source = (ctypes.c_uint8 * size)()
    source[0], source[size - 1] = 1, 2
    assert states(tmp_path).save("chat", [1], 1, memoryview(source))
    found = states(tmp_path).load("chat")
    assert found is not None
    target = (ctypes.c_uint8 * size).from_buffer(found.blob)
    assert bytes(target) == bytes(source)
    target[0] = 9
    assert found.blob[0] == 9


def test_a_later_save_replaces_the_earlier(tmp_path: Path) -> None:
    folder = states(tmp_path)
    for blob in (b"first", b"second"):
        assert folder.save("chat", [1], 1, blob)
    found = folder.load("chat")
    assert found is not None
    assert bytes(found.blob) == b"second"
    assert len(names(tmp_path)) == 1


def test_nothing_saved(tmp_path: Path) -> None:
    folder = states(tmp_path / "missing")
    assert folder.load("chat") is None
    folder.prune()
    folder.forget("chat")
    forget_all(tmp_path / "missing")


def test_a_chat_without_a_name_or_a_cache_is_not_saved(tmp_path: Path) -> None:
    assert not states(tmp_path).save("", [1], 1, b"blob")
    assert not states(tmp_path).save("chat", [1], 1, b"")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc", "nul", "a" * 5000, "é\0\n", "\ud800"])
def test_names_never_become_paths(name: str, tmp_path: Path) -> None:
    folder = states(tmp_path / "state")
    assert folder.save(name, [1], 1, b"blob")
    assert folder.load(name) is not None
    assert names(tmp_path) == ["state"]
    assert set(only(tmp_path / "state").name) <= set("0123456789abcdef-.state")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        states(tmp_path / "state").save("chat", [1], 1, b"blob")
    finally:
        os.umask(before)
    assert stat.S_IMODE(only(tmp_path / "state").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    """Most bytes make the file damaged; a few at its start make it look like somebody else's."""
    folder = states(tmp_path)
    folder.save("chat", (5, PICTURE), 24, b"blob")
    path = only(tmp_path)
    good = path.read_bytes()
    kept = []
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :])
        assert folder.load("chat") is None, at
        kept += [at] if path.exists() else []
    assert kept == list(range(20))  # magic, version and key
    path.write_bytes(good)
    assert folder.load("chat") is not None


def test_every_length_is_noticed(tmp_path: Path) -> None:
    folder = states(tmp_path)
    folder.save("chat", [5], 1, b"blob")
    path = only(tmp_path)
    good = path.read_bytes()
    for content in [good[:length] for length in range(len(good))] + [good + b"x", good * 2]:
        path.write_bytes(content)
        assert folder.load("chat") is None
        assert not path.exists()


@pytest.mark.parametrize("sizes", [(2**32 - 1, 0), (0, 2**64 - 1), (0, 0), (0, 2**62)])
def test_lengths_that_lie_cost_nothing(sizes: tuple[int, int], tmp_path: Path) -> None:
    folder = states(tmp_path)
    folder.save("chat", [5], 1, b"blob")
    path = only(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good[:20] + struct.pack("<IQ", *sizes) + good[32:])
    assert folder.load("chat") is None
    assert not path.exists()


def test_a_file_under_another_name_is_damaged(tmp_path: Path) -> None:
    """Else the words of one chat could be put into another."""
    folder = states(tmp_path)
    folder.save("one", [1], 1, b"blob")
    one = only(tmp_path)
    folder.save("two", [2], 1, b"blob")
    (two,) = set(tmp_path.iterdir()) - {one}
    one.replace(two)
    assert folder.load("two") is None
    assert names(tmp_path) == []


def test_another_key_is_ignored_and_kept(tmp_path: Path) -> None:
    states(tmp_path, key=b"other" * 8).save("chat", [1], 1, b"blob")
    assert states(tmp_path).load("chat") is None
    assert states(tmp_path, key=b"other" * 8).load("chat") is not None


def test_another_context_is_ignored_and_kept(tmp_path: Path) -> None:
    spec = StateSpec(folder=tmp_path, key=b"k" * 32, limit=MIB)
    one, other = StateFolder(spec, "q8_0"), StateFolder(spec, "f16")
    one.save("chat", [1], 1, b"one")
    assert other.load("chat") is None
    other.save("chat", [1], 1, b"other")
    found = one.load("chat")
    assert found is not None
    assert bytes(found.blob) == b"one"


def test_an_old_file_under_the_name_of_a_new_context(tmp_path: Path) -> None:
    spec = StateSpec(folder=tmp_path, key=b"k" * 32, limit=MIB)
    StateFolder(spec, "f16").save("chat", [1], 1, b"blob")
    path = only(tmp_path)
    StateFolder(spec, "q8_0").save("chat", [1], 1, b"blob")
    (newer,) = set(tmp_path.iterdir()) - {path}
    path.replace(newer)
    assert StateFolder(spec, "q8_0").load("chat") is None


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    folder = states(tmp_path)
    folder.save("chat", [1], 1, b"blob")
    path = only(tmp_path)
    path.unlink()
    path.mkdir()
    assert folder.load("chat") is None
    assert not folder.save("chat", [1], 1, b"blob")
    assert names(tmp_path) == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links in folders")
def test_a_pipe_or_a_link_is_not_opened(tmp_path: Path) -> None:
    folder = states(tmp_path)
    folder.save("chat", [1], 1, b"blob")
    path = only(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert folder.load("chat") is None
    path.unlink()
    os.mkfifo(path)
    assert folder.load("chat") is None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read anything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    folder = states(tmp_path)
    folder.save("chat", [1], 1, b"blob")
    only(tmp_path).chmod(0)
    assert folder.load("chat") is None


def test_the_least_recently_used_give_way(tmp_path: Path) -> None:
    folder = states(tmp_path, limit=4 * MIB)
    for number, chat in enumerate("abc"):
        folder.save(chat, [1], 1, bytes(MIB))
        os.utime(_path_of(folder, chat), (1000 + number, 1000 + number))
    assert folder.load("a") is not None  # used again, so b is the oldest now
    assert folder.save("d", [1], 1, bytes(2 * MIB - 2000))
    assert [chat for chat in "abcd" if folder.load(chat)] == ["a", "c", "d"]


def test_the_limit_holds_for_all_models_together(tmp_path: Path) -> None:
    spec = StateSpec(folder=tmp_path, key=b"k" * 32, limit=3 * MIB)
    for number in range(9):
        assert StateFolder(spec, f"model {number % 3}").save(f"chat {number}", [1], 1, bytes(MIB))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= spec.limit
    assert StateFolder(spec, "model 2").load("chat 8") is not None


def test_its_own_last_save_does_not_count_against_it(tmp_path: Path) -> None:
    folder = states(tmp_path, limit=3 * MIB)
    folder.save("other", [1], 1, bytes(MIB))
    for _ in range(3):
        assert folder.save("chat", [1], 1, bytes(2 * MIB - 2000))
    assert folder.load("other") is not None


def test_larger_than_the_limit(tmp_path: Path) -> None:
    small = states(tmp_path, limit=MIB)
    small.save("small", [1], 1, b"blob")
    assert not small.save("large", [1], 1, bytes(MIB))
    assert small.load("small") is not None
    states(tmp_path).save("large", [1], 1, bytes(2 * MIB))
    assert small.load("large") is None


def test_prune(tmp_path: Path) -> None:
    big = states(tmp_path)
    big.save("old", [1], 1, bytes(MIB))
    os.utime(only(tmp_path), (1000, 1000))
    big.save("new", [1], 1, bytes(MIB))
    (tmp_path / "x.part").write_bytes(b"left by a crash")
    os.utime(tmp_path / "x.part", (1000, 1000))
    (tmp_path / "y.part").write_bytes(b"being written")
    (tmp_path / "README").write_text("not ours")
    big.prune()
    assert len(names(tmp_path)) == 4
    states(tmp_path, limit=2 * MIB).prune()
    assert big.load("old") is None
    assert big.load("new") is not None
    assert (tmp_path / "README").exists()


def test_forget_needs_no_key_and_covers_every_model(tmp_path: Path) -> None:
    for key in (b"a" * 32, b"b" * 32):
        for context in ("f16", "q8_0"):
            for chat in ("one", "two"):
                spec = StateSpec(folder=tmp_path, key=key, limit=MIB)
                StateFolder(spec, f"{key!r} {context}").save(chat, [1], 1, b"blob")
    part = only_of("one", tmp_path).with_suffix(".x.part")
    part.write_bytes(b"left by a crash")
    forget(tmp_path, "one")
    assert len(names(tmp_path)) == 4
    states(tmp_path).forget("two")
    assert names(tmp_path) == []


def test_forget_all_leaves_what_is_not_ours(tmp_path: Path) -> None:
    for chat in "abc":
        states(tmp_path).save(chat, [1], 1, b"blob")
    (tmp_path / "README").write_text("not ours")
    forget_all(tmp_path)
    assert names(tmp_path) == ["README"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = states(tmp_path)
    folder.save("chat", [1], 1, b"before")
    with no_file_may_grow_beyond(256 * 1024):
        assert not folder.save("chat", [1], 1, bytes(MIB))
    assert "not saved" in caplog.text
    assert len(names(tmp_path)) == 1
    found = folder.load("chat")
    assert found is not None
    assert bytes(found.blob) == b"before"


def test_a_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not states(tmp_path / "file").save("chat", [1], 1, b"blob")
    assert states(tmp_path / "file").load("chat") is None
    assert "not saved" in caplog.text


@contextmanager
def no_file_may_grow_beyond(size: int) -> Iterator[None]:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _path_of(folder: StateFolder, chat: str) -> Path:
    return folder._path(chat)


def only_of(chat: str, folder: Path) -> Path:
    return next(path for path in folder.iterdir() if path.name.startswith(saved._hash(chat)))


def test_only_the_chats_that_are_left_keep_their_files(tmp_path: Path) -> None:
    folder = StateFolder(StateSpec(folder=tmp_path, key=b"k" * 32, limit=1 << 20), "context")
    for name in ("stays", "goes"):
        assert folder.save(name, (1, 2), 2, b"x" * 100)
    keep_only(tmp_path, ["stays", "new"])
    assert folder.load("stays")
    assert folder.load("goes") is None
    assert len(list(tmp_path.iterdir())) == 1
