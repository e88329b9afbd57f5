"""Where the token is kept, and that it shows nowhere."""

import os
import stat
import sys
from pathlib import Path

import pytest

from glmdesk.errors import StorageError, UsageError
from glmdesk.library.hubs.tokens import Tokens, system_vault

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123456789"


class Vault:
    """A keyring that works, or fails at everything."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = broken

    def _check(self) -> None:
        if self.broken:
            raise RuntimeError(f"locked {TOKEN}")

    def get_password(self, service: str, name: str, /) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str, /) -> None:
        self._check()
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str, /) -> None:
        self._check()
        del self.kept[service, name]


def test_none(tmp_path: Path) -> None:
    tokens = Tokens({}, tmp_path / "token")
    assert tokens.read() == ""
    assert tokens.where() == ""
    tokens.remove()


def test_the_environment_wins(tmp_path: Path) -> None:
    vault = Vault()
    assert Tokens({}, tmp_path / "token").save("hf_file") == "file"
    assert Tokens({}, tmp_path / "token", vault).read() == "hf_file"
    vault.set_password("glmdesk", "huggingface", "hf_vault")
    assert Tokens({}, tmp_path / "token", vault).read() == "hf_vault"
    tokens = Tokens({"HF_TOKEN": TOKEN}, tmp_path / "token", vault)
    assert (tokens.read(), tokens.where()) == (TOKEN, "environment")


def test_the_keyring_is_used_where_it_works(tmp_path: Path) -> None:
    vault, file = Vault(), tmp_path / "token"
    Tokens({}, file).save("hf_old")
    tokens = Tokens({}, file, vault)
    assert tokens.save(TOKEN) == "keyring"
    assert not file.exists()
    assert (tokens.read(), tokens.where()) == (TOKEN, "keyring")
    tokens.remove()
    assert tokens.read() == ""
    assert vault.kept == {}


def test_the_keyring_is_asked_once(tmp_path: Path) -> None:
    vault = Vault()
    tokens = Tokens({}, tmp_path / "token", vault)
    tokens.save(TOKEN)
    assert tokens.read() == TOKEN
    vault.broken = True
    assert tokens.read() == TOKEN


def test_a_broken_keyring_gives_way_to_the_file(tmp_path: Path) -> None:
    tokens = Tokens({}, tmp_path / "token", Vault(broken=True))
    assert tokens.save(TOKEN) == "file"
    assert (tokens.read(), tokens.where()) == (TOKEN, "file")
    tokens.remove()
    assert tokens.read() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "token"
    before = os.umask(0)
    try:
        Tokens({}, file).save(TOKEN)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["token"]
    file.chmod(0o644)
    assert Tokens({}, file).read() == TOKEN
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "  ", "hf_a b", "hf_a\nAuthorization: x", "hf_\x00", "hf_ä", "a" * 501, "hf_\x1b[2J"],
)
def test_what_is_no_token_is_neither_saved_nor_sent(tmp_path: Path, text: str) -> None:
    tokens = Tokens({"HF_TOKEN": text}, tmp_path / "token")
    assert tokens.read() == ""
    with pytest.raises(UsageError) as caught:
        tokens.save(text)
    assert not text.strip() or text not in caught.value.message
    (tmp_path / "token").write_bytes(text.encode())
    assert Tokens({}, tmp_path / "token").read() == ""


def test_no_text_holds_the_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for tokens in (
        Tokens({"HF_TOKEN": TOKEN}, tmp_path / "token"),
        Tokens({}, tmp_path / "token", Vault(broken=True)),
    ):
        assert tokens.save(TOKEN) == "file"
        for text in (repr(tokens), str(tokens), f"{tokens}", f"{vars(tokens).keys()}"):
            assert TOKEN not in text
    assert TOKEN not in caplog.text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        Tokens({}, tmp_path / "file" / "token").save(TOKEN)
    assert TOKEN not in caught.value.message
    assert "HF_TOKEN" in caught.value.message


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("hf_other")
    (tmp_path / "token").symlink_to(tmp_path / "other")
    tokens = Tokens({}, tmp_path / "token")
    assert tokens.read() == ""
    tokens.save(TOKEN)
    assert (tmp_path / "other").read_text() == "hf_other"
    assert tokens.read() == TOKEN


def write_keyring(folder: Path, source: str) -> None:
    package = folder / "keyring"
    (package / "backends").mkdir(parents=True)
    (package / "backends" / "__init__.py").write_text("")
    (package / "backends" / "fail.py").write_text("class Keyring:\n    pass\n")
    (package / "__init__.py").write_text(source)


@pytest.mark.parametrize(
    ("source", "works"),
    [
        ("class K:\n    pass\ndef get_keyring():\n    return K()\n", True),
        (
            "from keyring.backends import fail\ndef get_keyring():\n    return fail.Keyring()\n",
            False,
        ),
        ("def get_keyring():\n    raise RuntimeError('no D-Bus')\n", False),
        ("raise ImportError('broken')\n", False),
    ],
)
def test_the_keyring_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, works: bool
) -> None:
    write_keyring(tmp_path, source)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "keyring"]:
        monkeypatch.delitem(sys.modules, name)
    try:
        assert (system_vault() is not None) == works
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "keyring"]:
            del sys.modules[name]
