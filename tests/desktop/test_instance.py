"""One instance a data folder, and nothing to clean up after a crash."""

import json
from pathlib import Path

import pytest

from glmdesk.desktop import instance
from glmdesk.errors import ServerError
from glmdesk.paths import Paths, find


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find(tmp_path)


def test_nobody_runs(paths: Paths) -> None:
    assert instance.running(paths) == ""


def test_who_holds_it_is_found(paths: Paths) -> None:
    with instance.hold(paths) as held:
        held.announce("http://127.0.0.1:1234")
        assert instance.running(paths) == "http://127.0.0.1:1234"
        with (
            pytest.raises(ServerError, match="already running at http://127.0.0.1:1234"),
            instance.hold(paths),
        ):
            pass
    assert instance.running(paths) == ""
    assert not paths.lock.exists()


@pytest.mark.parametrize("left", ["", "{", json.dumps({"url": "http://127.0.0.1:9"})])
def test_a_stale_lock_is_taken_over(paths: Paths, left: str) -> None:
    paths.lock.write_text(left)
    assert instance.running(paths) == ""
    with instance.hold(paths):
        pass
