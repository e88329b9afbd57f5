"""The library with the models of other programs in it, and what a list costs."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import ModelMissing
from glmdesk.library.elsewhere import foreign
from glmdesk.library.elsewhere.foreign import Elsewhere
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.local import installed, verdicts
from glmdesk.library.local.installed import Installed, Library
from glmdesk.library.local.verdicts import Verdict, Verdicts
from glmdesk.library.transfers import manifest
from glmdesk.paths import shipped
from tests.library.elsewhere.places_for_tests import PICO, cached, model, pulled, tower
from tests.library.gguf_editor import GgufFile

FLASH = "GLM-4.6V-Flash-Q4_K_M"


class Machine:
    """A home with folders of other programs in it, and a models folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.models = folder, folder / "models"
        self.lms, self.hub, self.ollama = folder / "lms", folder / "hub", folder / "ollama"
        self.models.mkdir()
        self.elsewhere = Elsewhere(
            Places(hub=(self.hub,), lm_studio=(self.lms,), ollama=(self.ollama,)),
            patience=20,
            keep=0,
        )
        self.library = Library(shipped("models"), self.models, self.elsewhere)

    def listed(self) -> dict[str, Installed]:
        return {one.id: one for one in self.library.models()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_one_of_each(machine: Machine) -> None:
    model(machine.models / f"{FLASH}.gguf")
    model(machine.lms / "unsloth" / "GLM-4.6V-Flash-GGUF" / f"{FLASH}.gguf")
    eye = tower(machine.lms / "unsloth" / "GLM-4.6V-Flash-GGUF" / "mmproj-F16.gguf")
    source = model(machine.folder / "x.gguf")
    cached(machine.hub, "someone/Mystery-GGUF", "a" * 40, "Mystery-7B-Q8_0.gguf", source)
    pulled(
        machine.ollama, "registry.ollama.ai/library/glm4/9b", {"model": model(machine.folder / "y")}
    )
    listed = machine.listed()
    assert list(listed) == [
        FLASH, "hf-someone-Mystery-7B-Q8_0", f"lmstudio-unsloth-{FLASH}", "ollama-glm4-9b", "pico",
    ]  # fmt: skip
    assert [(one.source, one.managed) for one in listed.values()] == [
        ("models folder", True), ("Hugging Face cache", False), ("LM Studio", False),
        ("Ollama", False), ("built in", False),
    ]  # fmt: skip
    theirs = listed[f"lmstudio-unsloth-{FLASH}"]
    assert theirs.name == "GLM-4.6V-Flash Q4_K_M (LM Studio)"
    assert theirs.mmproj == eye
    assert theirs.size == theirs.model.stat().st_size + eye.stat().st_size
    assert theirs.folder == theirs.model.parent
    assert theirs.files == (theirs.model, eye)
    assert listed["hf-someone-Mystery-7B-Q8_0"].name == "Mystery-7B-Q8_0 (Hugging Face cache)"


def test_the_record_of_a_download(machine: Machine) -> None:
    path = model(machine.models / "flash" / "x.gguf")
    assert machine.library.find("flash").source == "models folder"
    record = path.parent / manifest.NAME
    record.write_text("{}")
    assert machine.library.find("flash").source == "download"
    imported = manifest.Manifest(
        id="flash", name="flash", source="", repository="", commit="", files=()
    )
    manifest.write(path.parent, imported)
    assert machine.library.find("flash").source == "models folder"
    manifest.write(path.parent, replace(imported, source="hf", repository="o/n"))
    found = machine.library.find("flash")
    assert (found.source, found.repository) == ("download", "o/n")


def test_the_same_file_is_there_once_and_the_own_name_wins(machine: Machine) -> None:
    theirs = model(machine.lms / "a" / "b" / "x.gguf")
    for make in (os.link, os.symlink):
        own = machine.models / "mine.gguf"
        make(theirs, own)
        assert list(machine.listed()) == ["mine", "pico"]
        own.unlink()
    assert list(machine.listed()) == ["lmstudio-a-x", "pico"]


def test_names_that_meet(machine: Machine) -> None:
    for repository in ("one", "two"):
        model(machine.lms / "a" / repository / "x.gguf", name=repository)
    model(machine.models / "b" / "x.gguf")
    model(machine.models / "c" / "b" / "x.gguf")
    ids = list(machine.listed())
    assert ids == ["b", "b-2", "lmstudio-a-x", "lmstudio-a-x-2", "pico"]
    assert machine.library.find("b-2").model == machine.models / "c" / "b" / "x.gguf"


def test_ids_are_plain(machine: Machine) -> None:
    model(machine.lms / "<b> & 'c'" / "d" / "x y<script>ü.gguf")
    (id, _) = machine.listed()
    assert id == "lmstudio-b-c-x-y-script"


def test_nobody_elses_unknown_model_is_the_default(machine: Machine) -> None:
    model(machine.lms / "a" / "b" / "Mystery-7B.gguf")
    assert machine.library.find().builtin
    model(machine.lms / "a" / "b" / f"{FLASH}.gguf")
    assert machine.library.find().id == f"lmstudio-a-{FLASH}"
    model(machine.models / "zebra.gguf")
    assert machine.library.find().id == "zebra"


def test_a_default_that_is_no_model_is_passed_over(machine: Machine) -> None:
    path = model(machine.lms / "a" / "b" / f"{FLASH}.gguf")
    path.write_bytes(path.read_bytes()[:-1000])
    assert machine.library.find().builtin


def test_found_by_the_name_of_its_card(machine: Machine) -> None:
    model(machine.lms / "a" / "b" / f"{FLASH}.gguf")
    assert machine.library.find("glm-4.6v-flash").source == "LM Studio"
    model(machine.models / f"{FLASH}.gguf")
    assert machine.library.find("glm-4.6v-flash").source == "models folder"
    with pytest.raises(ModelMissing):
        machine.library.find("glm-4.5-air")


def test_a_card_of_another_architecture_is_not_taken(machine: Machine) -> None:
    """glm4:5b is no GLM-4.5."""
    layers = {"model": model(machine.folder / "x")}
    pulled(machine.ollama, "registry.ollama.ai/library/glm4/5b", layers)
    card = machine.listed()["ollama-glm4-5b"].card
    assert card is None or card.shape is None or card.shape.architecture == "glm4"
    assert card is None


def test_a_model_is_checked_when_it_is_wanted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Verdicts, "later", lambda self, paths: None)
    path = model(machine.lms / "a" / "b" / "x.gguf")
    path.write_bytes(path.read_bytes()[:-1000])
    listed = machine.listed()["lmstudio-a-x"]
    assert (listed.checked, listed.problem) == (False, "")
    wanted = machine.library.find("lmstudio-a-x")
    assert wanted.checked
    assert "incomplete" in wanted.problem
    assert list(machine.listed()) == ["pico"], "and it is not offered again"
    assert wanted == listed


def test_headers_are_read_in_the_background(machine: Machine) -> None:
    path = model(machine.lms / "a" / "b" / "x.gguf", name="GLM 4.6V Flash")
    assert machine.listed()["lmstudio-a-x"].card is None
    end = time.monotonic() + 20
    while not machine.listed()["lmstudio-a-x"].checked and time.monotonic() < end:
        time.sleep(0.02)
    one = machine.listed()["lmstudio-a-x"]
    assert one.checked
    assert one.card
    assert one.card.id == "glm-4.6v-flash"
    assert one.model == path


def test_a_list_reads_headers_for_a_moment_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        model(machine.models / f"m{number:02}.gguf")
    asked: list[Path] = []

    def slow(path: Path, mmproj: Path | None) -> Verdict:
        asked.append(path)
        time.sleep(0.05)
        return Verdict(title=path.name)

    monkeypatch.setattr(verdicts, "_judge", slow)
    monkeypatch.setattr(verdicts, "_PAUSE", 0.1)
    monkeypatch.setattr(installed, "_PATIENCE", 0.2)
    listed = machine.listed()
    assert len(listed) == 21
    assert 0 < sum(one.checked for one in listed.values() if not one.builtin) < 10
    end = time.monotonic() + 20
    while not all(one.checked for one in machine.listed().values()) and time.monotonic() < end:
        time.sleep(0.05)
    assert sorted(asked) == sorted(set(asked))
    assert len(asked) == 20


def test_files_that_hide_are_no_models(machine: Machine) -> None:
    """What macOS puts beside files on other disks, parts of a download, and an import under way."""
    model(machine.models / "x" / "x.gguf")
    (machine.models / "x" / "._x.gguf").write_bytes(b"\0" * 100)
    model(machine.models / "x" / ".download" / "y.gguf")
    model(machine.models / ".import" / "z" / "z.gguf")
    assert list(machine.listed()) == ["x", "pico"]


def test_a_folder_behind_a_link(machine: Machine) -> None:
    model(machine.folder / "big disk" / "air" / "x.gguf")
    (machine.models / "more").symlink_to(machine.folder / "big disk")
    (machine.models / "loop").symlink_to(machine.models)
    assert [(one.id, one.managed) for one in machine.library.models()] == [
        ("air", False),
        ("pico", False),
    ]


def test_models_in_the_folder_of_another_program(machine: Machine) -> None:
    """Somebody set LM Studio's folder as the models folder: they are listed as own, and not removed."""
    model(machine.lms / "a" / "b" / "x.gguf")
    library = Library(shipped("models"), machine.lms, machine.elsewhere)
    own, _ = library.models()
    assert (own.source, own.managed) == ("models folder", False)
    assert library.find() == own


def test_hundreds_of_files_cost_little(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Verdicts, "later", lambda self, paths: None)
    data = GgufFile.read(PICO).header()[: 64 * 1024]
    for number in range(300):
        folder = machine.lms / f"publisher{number % 20}" / f"repository{number}"
        folder.mkdir(parents=True)
        (folder / f"Model{number}-Q4_K_M.gguf").write_bytes(data)
    began = time.monotonic()
    assert len(machine.library.models()) == 301
    assert time.monotonic() - began < 5


def test_a_file_that_goes_away_while_the_list_is_made(machine: Machine) -> None:
    path = model(machine.lms / "a" / "b" / "x.gguf")
    found = foreign.find(machine.elsewhere.places)
    path.unlink()
    assert found[0].model == path
    machine.elsewhere._found = found
    machine.elsewhere._read_at, machine.elsewhere._keep = time.monotonic(), 1000
    assert list(machine.listed()) == ["pico"]


def test_two_who_ask_at_once_check_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def slow(path: Path, mmproj: Path | None) -> Verdict:
        asked.append(path)
        time.sleep(0.2)
        return Verdict(title="x")

    monkeypatch.setattr(verdicts, "_judge", slow)
    path, checks = model(tmp_path / "x.gguf"), Verdicts()
    threads = [threading.Thread(target=checks.of, args=(path,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [path]
    assert checks.known(path) == Verdict(title="x")
