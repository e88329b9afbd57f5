"""Verdicts that are kept from one start to the next, and forgotten whenever there is a doubt."""

import json
import os
import time
from pathlib import Path

import pytest

from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import header
from glmdesk.library.local import remembered, verdicts
from glmdesk.library.local.remembered import Line
from glmdesk.library.local.verdicts import Verdict, Verdicts
from tests.library.elsewhere.places_for_tests import PICO, TOWER, model, tower


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
    assert expected[0] == Verdict(title="A", weights=Weights.from_headers([header.read(sound)]))
    assert "incomplete" in expected[1].problem
    written(first, file)
    asked: list[Path] = []
    judge = verdicts._judge

    def count(path: Path, mmproj: Path | None) -> Verdict:
        asked.append(path)
        return judge(path, mmproj)

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


def test_a_projector_is_weighed_with_its_model(tmp_path: Path) -> None:
    checks = Verdicts()
    path, eye = model(tmp_path / "a.gguf"), tower(tmp_path / "mmproj-a.gguf")
    alone, seeing = checks.of(path).weights, checks.of(path, eye).weights
    assert alone
    assert seeing
    assert (alone.projector, seeing.projector > 0) == (0, True)
    eye.unlink()
    assert checks.known(path, eye) is None
    assert checks.of(path, eye).weights is None


def test_what_is_known_is_kept_when_a_process_ends_early(tmp_path: Path, file: Path) -> None:
    path, first = model(tmp_path / "a.gguf", "A"), Verdicts(file)
    found = first.of(path)
    first.save()
    assert Verdicts(file).known(path) == found
    file.unlink()
    first.save()
    assert not file.exists(), "nothing is new"


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "3", "{}", '{"files": {}}', "[" * 100_000,
        '{"made_by": "%s", "files": []}', '{"made_by": "%s", "files": {"x": []}}',
        '{"made_by": "%s", "files": {"x": [3, "", "", "", null]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1]], "", "", "", null]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1, 2]], 3, "", "", null]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1, 2]], "", "", ""]}}',
        '{"made_by": "%s", "files": {"x": [[["x", 1, 2]], "", "", "", [1, [], [], [], 0]]}}',
        '{"made_by": "0", "files": {"x": [[["x", 1, 2]], "", "", "", null]}}',
    ],
)  # fmt: skip
def test_what_is_not_understood_is_forgotten(text: str, file: Path) -> None:
    file.parent.mkdir()
    file.write_text(text.replace("%s", remembered.made_by()))
    assert remembered.read(file) == {}


def test_what_is_understood(file: Path) -> None:
    weights = Weights.from_headers([header.read(PICO)], header.read(TOWER))
    lines = {Path("/x.gguf"): Line((("x.gguf", 1, 2),), "p", "n", "t", weights)}
    remembered.write(file, lines)
    assert remembered.read(file) == lines
    values = json.loads(file.read_text())
    values["made_by"] = "another version"
    file.write_text(json.dumps(values))
    assert remembered.read(file) == {}


def test_only_so_many_are_kept(file: Path) -> None:
    lines = {Path(f"/{number}"): Line((("x", 1, 2),), "", "", "") for number in range(2100)}
    remembered.write(file, lines)
    assert list(remembered.read(file)) == list(lines)[100:]


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remembered.write(tmp_path / "file" / "headers.json", {})
    checks = Verdicts(tmp_path / "file" / "headers.json")
    assert checks.of(model(tmp_path / "x.gguf", "X")).title == "X"
    checks.later([])
    end = time.monotonic() + 20
    while checks.busy and time.monotonic() < end:
        time.sleep(0.01)
    assert not checks.busy
