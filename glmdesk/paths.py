"""Where everything lies on disk: one data folder, its parts, and the files shipped with the package.

<home>/glmdesk.db  settings.toml  lock  secret      the store, the settings, who is running
<home>/files/<sha256>                               what people attached
<home>/models/<id>/                                 weights
<home>/cache/                                       pictures at the model's size; may be deleted
<home>/cache/state/                                 what the model has read of each chat
<home>/log/                                         logs
"""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from glmdesk.errors import StorageError


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Every folder and file of one installation."""

    home: Path
    models: Path

    @property
    def database(self) -> Path:
        return self.home / "glmdesk.db"

    @property
    def settings(self) -> Path:
        return self.home / "settings.toml"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def secret(self) -> Path:
        """See `secret.read_or_create`."""
        return self.home / "secret"

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    @property
    def uploads(self) -> Path:
        """Where the page puts a file before it is read and moved to `files`."""
        return self.cache / "uploads"

    @property
    def state(self) -> Path:
        """Where the caches of chats are saved, so that a chat opened again is not read again."""
        return self.cache / "state"

    @property
    def log(self) -> Path:
        return self.home / "log"


def find(home: Path | None = None, models: Path | None = None) -> Paths:
    """Take the given folders, else the user's data folder of this system."""
    home = home or Path(platformdirs.user_data_dir("glmdesk", appauthor=False))
    return Paths(home=home.absolute(), models=(models or home / "models").absolute())


def _folders(paths: Paths) -> tuple[Path, ...]:
    return (paths.home, paths.files, paths.cache, paths.uploads, paths.log)


def prepare(paths: Paths) -> None:
    """Make the folders and prove that they can be written to.

    Raises StorageError when they cannot.
    """
    try:
        for folder in _folders(paths):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                pass
        with contextlib.suppress(OSError):  # weights may lie where only others write
            paths.models.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"glmdesk cannot write to its data folder {paths.home} ({os.strerror(error.errno or 0)}). "
            "Nothing was changed. Make it writable, or set GLMDESK_HOME to a folder that is."
        ) from error


def shipped(name: str) -> Path:
    """A folder that comes with the package: "models" or "assets" (installed, or in the checkout)."""
    package = Path(__file__).parent
    installed = package / "data" / name
    return installed if installed.is_dir() else package.parent / name
