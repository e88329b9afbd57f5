"""The secret of an installation: made once, kept private, mended when damaged."""

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from glmdesk.errors import StorageError
from glmdesk.secret import derive, read_or_create

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = read_or_create(path)
    assert len(secret) == 32
    assert read_or_create(path) == secret == path.read_bytes()
    assert read_or_create(tmp_path / "other") != secret
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["other", "secret"]


@POSIX
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    before = os.umask(0)
    try:
        read_or_create(path)
    finally:
        os.umask(before)
    assert mode(path) == 0o600


@POSIX
@pytest.mark.parametrize("wrong", [0o644, 0o666, 0o400, 0o000])
def test_wrong_permissions_are_mended(
    wrong: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret"
    secret = read_or_create(path)
    path.chmod(wrong)
    assert read_or_create(path) == secret
    assert mode(path) == 0o600
    assert "permissions" in caplog.text


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(100_000)])
def test_a_damaged_one_is_replaced(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    secret = read_or_create(path)
    assert len(secret) == 32
    assert read_or_create(path) == secret
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").symlink_to(tmp_path / "nowhere")
    assert len(read_or_create(tmp_path / "secret")) == 32
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_its_place_is_kept(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "note").write_text("mine")
    assert len(read_or_create(tmp_path / "secret")) == 32
    assert [note.read_text() for note in tmp_path.glob("secret.damaged.*/note")] == ["mine"]


@pytest.mark.parametrize("damaged", [False, True])
def test_many_starts_at_once_get_the_same(damaged: bool, tmp_path: Path) -> None:
    """They wait for one file to appear, so that they really meet."""
    path, go = tmp_path / "secret", tmp_path / "go"
    if damaged:
        path.write_bytes(b"damaged")
    code = (
        "import sys; from pathlib import Path; from glmdesk.secret import read_or_create\n"
        f"go = Path({str(go)!r})\n"
        "print('ready', flush=True)\n"
        "while not go.exists(): pass\n"
        f"sys.stdout.write(read_or_create(Path({str(path)!r})).hex())"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2 if damaged else 4)
    ]
    assert {start.stdout.readline() for start in starts if start.stdout} == {"ready\n"}
    go.touch()
    secrets = {start.communicate()[0] for start in starts}
    assert secrets == {path.read_bytes().hex()}
    assert len(path.read_bytes()) == 32


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file.*Your chats are safe"):
        read_or_create(tmp_path / "missing" / "secret")


def test_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a FAT disk."""

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    secret = read_or_create(tmp_path / "secret")
    assert read_or_create(tmp_path / "secret") == secret
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_keys_are_separate() -> None:
    keys = {derive(secret, purpose) for secret in (bytes(32), b"x" * 32) for purpose in ("a", "b")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)
    assert derive(bytes(32), "a") == derive(bytes(32), "a")


def test_a_known_key() -> None:
    """Keys must not change between versions: files sealed with them would be lost."""
    expected = "4593569cd697693171eb3929b6fd324a"
    assert derive(b"\x01" * 32, "state").hex()[:32] == expected
