"""Where things lie, and what is said when they cannot."""

import os
import stat
import sys
from pathlib import Path

import pytest

from glmdesk.errors import StorageError
from glmdesk.paths import find, prepare, shipped


def test_given_folders(tmp_path: Path) -> None:
    paths = find(tmp_path)
    assert paths.models == tmp_path / "models"
    assert find(tmp_path, tmp_path / "else").models == tmp_path / "else"
    files = (paths.database, paths.settings, paths.lock, paths.secret)
    inside = (*files, paths.files, paths.cache, paths.log)
    assert all(path.parent == tmp_path for path in inside)
    assert len(set(inside)) == len(inside)
    assert paths.uploads.is_relative_to(paths.cache)
    assert paths.state.is_relative_to(paths.cache)


def test_relative_folders_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(Path("data")).home == tmp_path / "data"


def test_the_users_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name, appauthor: "/data/" + name)
    assert find().home == Path("/data/glmdesk").absolute()


def test_prepare_makes_private_folders(tmp_path: Path) -> None:
    paths = find(tmp_path / "deep" / "home")
    prepare(paths)
    prepare(paths)
    for folder in (paths.home, paths.files, paths.cache, paths.uploads, paths.log):
        assert folder.is_dir()
        assert list(folder.glob("tmp*")) == []
        if sys.platform != "win32":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError, match="File exists.*set GLMDESK_HOME"):
        prepare(find(tmp_path / "home"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        prepare(find(tmp_path / "home"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder nobody can write to")
def test_a_folder_nobody_can_write_to() -> None:
    with pytest.raises(StorageError, match="Nothing was changed"):
        prepare(find(Path("/proc/glmdesk")))


def test_shipped() -> None:
    assert (shipped("models") / "pico.toml").is_file()
    assert shipped("assets").name == "assets"
