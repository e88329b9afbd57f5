"""The access token for Hugging Face: where it is kept, and that nobody sees it.

HF_TOKEN comes first, then the keyring of the system where the package `keyring` works, then a file that only
its owner can read.
"""

import contextlib
import importlib
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from glmdesk.errors import StorageError, UsageError

VARIABLE = "HF_TOKEN"
_SERVICE, _NAME = "glmdesk", "huggingface"
_MAX_LENGTH = 500

Where = Literal["", "environment", "keyring", "file"]
"""Where a token is; "" nowhere."""


class Vault(Protocol):
    """What is used of a keyring."""

    def get_password(self, service: str, name: str, /) -> str | None: ...

    def set_password(self, service: str, name: str, password: str, /) -> None: ...

    def delete_password(self, service: str, name: str, /) -> None: ...


def system_vault() -> Vault | None:
    """The system's keyring, or None where there is none that works."""
    try:
        keyring = importlib.import_module("keyring")
        failing = importlib.import_module("keyring.backends.fail").Keyring
        vault: Vault = keyring.get_keyring()
    except (ImportError, AttributeError, RuntimeError, OSError):
        return None
    return None if isinstance(vault, failing) else vault


class Tokens:
    """The token of one installation. Neither its text nor that of an error ever holds the token."""

    def __init__(
        self, environment: Mapping[str, str], file: Path, vault: Vault | None = None
    ) -> None:
        self._environment = environment
        self._file = file
        self._vault = vault
        self._from_vault: str | None = None
        """What the keyring said: asking it may wait for a person, and a download asks often."""

    def __repr__(self) -> str:
        return f"Tokens({self.where() or 'none'})"

    def read(self) -> str:
        """The token; "" when there is none."""
        return self._find()[1]

    def fault(self) -> str:
        """Why HF_TOKEN is not used though it is set; "" where that is not so."""
        given = self._environment.get(VARIABLE, "").strip()
        if not given or _is_token(given):
            return ""
        return (
            f"{VARIABLE} is set, but is no access token, so it was not used: it has spaces, line breaks or "
            "special letters in it."
        )

    def where(self) -> Where:
        return self._find()[0]

    def save(self, token: str) -> Where:
        """Keep it in the keyring, else in the file; returns where. Raises UsageError or StorageError."""
        token = token.strip()
        if not _is_token(token):
            raise UsageError(
                "That is not an access token: it has no text, or spaces or special characters in it. "
                "Nothing was saved. Copy it again from huggingface.co/settings/tokens."
            )
        self._from_vault = None
        if self._put(token):
            self._file.unlink(missing_ok=True)
            return "keyring"
        self._write(token)
        return "file"

    def remove(self) -> None:
        """Forget what was saved; HF_TOKEN stays. Raises StorageError."""
        self._from_vault = None
        if self._vault:
            with contextlib.suppress(Exception):
                self._vault.delete_password(_SERVICE, _NAME)
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _find(self) -> tuple[Where, str]:
        if _is_token(token := self._environment.get(VARIABLE, "").strip()):
            return "environment", token
        if _is_token(token := self._ask_vault()):
            return "keyring", token
        if _is_token(token := self._from_file()):
            return "file", token
        return "", ""

    def _ask_vault(self) -> str:
        if self._from_vault is None and self._vault:
            self._from_vault = ""
            with contextlib.suppress(Exception):  # a keyring that is locked is as good as none
                self._from_vault = self._vault.get_password(_SERVICE, _NAME) or ""
        return self._from_vault or ""

    def _put(self, token: str) -> bool:
        """Whether the keyring has it now and gives it back."""
        if not self._vault:
            return False
        with contextlib.suppress(Exception):
            self._vault.set_password(_SERVICE, _NAME, token)
            return self._vault.get_password(_SERVICE, _NAME) == token
        return False

    def _from_file(self) -> str:
        try:
            if self._file.is_symlink() or not self._file.is_file():
                return ""
            if sys.platform != "win32" and stat.S_IMODE(self._file.stat().st_mode) != 0o600:
                self._file.chmod(0o600)
            return self._file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _write(self, token: str) -> None:
        """The whole file or none of it; it is born with 0600."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=f"{self._file.name}.")
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write(token)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StorageError:
        return StorageError(
            f"The token file {self._file} cannot be changed ({os.strerror(error.errno or 0)}). Your chats "
            "and models are safe. Make its folder writable, or set HF_TOKEN instead."
        )


def _is_token(text: str) -> bool:
    """Whether it can be sent in a header as it is."""
    return (
        0 < len(text) <= _MAX_LENGTH and text.isascii() and text.isprintable() and " " not in text
    )
