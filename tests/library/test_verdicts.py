"""Verdicts that are kept from one start to the next, and forgotten whenever there is a doubt."""

import json
import os
import time
from pathlib import Path

import pytest

from glmdesk.library import remembered, verdicts
from glmdesk.library.verdicts import Verdict, Verdicts
from tests.library.places_for_tests import model


def written(checks: Verdicts, file: Path) -> None:
    checks.later([])
    end = time.monotonic() + 20
    while (checks.busy or not file.exists()) and time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "headers.json"


def test_the_next_start_knows(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, cut = model(tmp_path / "a.gguf", "A"), model(tmp_path / "b.gguf")
    cut.write_bytes(cut.read_bytes()[:-1000])
    first = Verdicts(file)
    expected = [first.of(sound), first.of(cut)]
    assert expected[0] == Verdict(title="A")
    assert "incomplete" in expected[1].problem
    written(first, file)
    asked: list[Path] = []
    judge = verdicts._judge

    def count(path: Path) -> Verdict:
        asked.append(path)
        return judge(path)

    monkeypatch.setattr(verdicts, "_judge", count)
    second = Verdicts(file)
    assert [second.known(sound), second.known(cut)] == expected
    assert [second.of(sound), second.of(cut)] == expected
    assert asked == []
    os.utime(sound, (1, 1))
    assert second.known(sound) is None
    assert second.of(sound) == expected[0]
    assert asked == [sound]
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "3", "{}", '{"files": {}}', "[" * 100_000,
        '{"made_by": "%s", "files": []}', '{"made_by": "%s", "files": {"x": []}}',
        '{"made_by": "%s", "files": {"x": [3, "", "", ""]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1]], "", "", ""]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1, 2]], 3, "", ""]}}',
        '{"made_by": "0", "files": {"x": [[["x", 1, 2]], "", "", ""]}}',
    ],
)  # fmt: skip
def test_what_is_not_understood_is_forgotten(text: str, file: Path) -> None:
    file.parent.mkdir()
    file.write_text(text.replace("%s", remembered.made_by()))
    assert remembered.read(file) == {}


def test_what_is_understood(file: Path) -> None:
    lines = {Path("/x.gguf"): ((("x.gguf", 1, 2),), "p", "n", "t")}
    remembered.write(file, lines)
    assert remembered.read(file) == lines
    values = json.loads(file.read_text())
    values["made_by"] = "another version"
    file.write_text(json.dumps(values))
    assert remembered.read(file) == {}


def test_only_so_many_are_kept(file: Path) -> None:
    lines = {Path(f"/{number}"): ((("x", 1, 2),), "", "", "") for number in range(2100)}
    remembered.write(file, lines)
    assert list(remembered.read(file)) == list(lines)[100:]


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remembered.write(tmp_path / "file" / "headers.json", {})
    checks = Verdicts(tmp_path / "file" / "headers.json")
    assert checks.of(model(tmp_path / "x.gguf", "X")) == Verdict(title="X")
    checks.later([])
    end = time.monotonic() + 20
    while checks.busy and time.monotonic() < end:
        time.sleep(0.01)
    assert not checks.busy
