"""What the doctor finds: versions, devices, folders and models, and what is wrong with them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.checks import doctor
from glmdesk.checks.doctor import Finding
from glmdesk.cli import doctor as command
from glmdesk.errors import EngineError
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.transfers import manifest
from glmdesk.library.transfers.manifest import FileRecord, Manifest
from glmdesk.settings import Settings
from tests.environment import clean_environment
from tests.supply import stock
from tests.supply.stock import GB, SupplyOf

MACHINE = Machine(memory_total=16 * GB, memory_free=9 * GB, cores=8, disk_free=200 * GB)
CUDA = Gpu(name="CUDA0", description="NVIDIA A", free=20 * GB, total=24 * GB)


@pytest.fixture
def supply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SupplyOf:
    person = tmp_path / "person"
    monkeypatch.setenv("HOME", str(person))
    settings = Settings(paths=paths.find(tmp_path / "home"))
    return SupplyOf(settings, stock.environment(None, person))


def examine(
    supply: SupplyOf, monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> dict[str, Finding]:
    monkeypatch.setattr(supply, "machine", lambda: machine)
    return {one.name: one for one in doctor.examine(supply.settings, supply)}


def test_all_is_well(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examine(supply, monkeypatch, replace(MACHINE, gpus=(CUDA,)))
    assert [one for one in found.values() if one.wrong] == []
    assert found["llama-cpp-python"].value
    assert found["memory"].value == "9.0 GB of 16.0 GB free, 8 cores"
    assert found["CUDA0"].value == "NVIDIA A, 20.0 GB of 24.0 GB free"
    assert "GPU" not in found
    assert found["disk"].value == "200 GB free"
    assert found["models"].value == "only pico, the built-in test model"
    assert "glmdesk models list" in found["models"].advice
    assert found["data folder"].value == str(supply.settings.paths.home)


def test_a_gpu_that_this_build_cannot_use(
    supply: SupplyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmdesk.checks.doctor.sys.platform", "linux")
    monkeypatch.setattr("glmdesk.checks.doctor.shutil.which", lambda name: f"/usr/bin/{name}")
    gpu = examine(supply, monkeypatch, MACHINE)["GPU"]
    assert gpu.wrong == "There is a GPU, and this llama-cpp-python was built without it."
    assert gpu.advice.startswith("pip install --force-reinstall")


def test_no_gpu_at_all_is_nothing_wrong(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glmdesk.checks.doctor.sys.platform", "linux")
    monkeypatch.setattr("glmdesk.checks.doctor.shutil.which", lambda name: None)
    monkeypatch.setattr(doctor, "_has", lambda path: False)
    gpu = examine(supply, monkeypatch, MACHINE)["GPU"]
    assert (gpu.value, gpu.wrong, gpu.advice) == ("none", "", "")


@pytest.mark.parametrize(
    ("system", "nvidia", "amd", "words"),
    [
        ("darwin", False, False, "-DGGML_METAL=on"),
        ("linux", True, True, "--extra-index-url https://"),
        ("win32", True, False, "/whl/cu"),
        ("linux", False, True, "-DGGML_VULKAN=on"),
    ],
)
def test_the_line_that_installs_for_a_gpu(system: str, nvidia: bool, amd: bool, words: str) -> None:
    line = doctor.gpu_line(system, nvidia=nvidia, amd=amd)
    assert words in line
    assert "pip install --force-reinstall --no-cache-dir llama-cpp-python" in line


def test_no_line_where_there_is_no_gpu() -> None:
    assert doctor.gpu_line("linux", nvidia=False, amd=False) == ""
    assert doctor.gpu_line("win32", nvidia=False, amd=False) == ""


def test_a_full_disk(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = examine(supply, monkeypatch, replace(MACHINE, disk_free=3 * GB))["disk"]
    assert disk.wrong == "There is hardly room for a model."
    assert "GLMDESK_MODELS_DIR" in disk.advice


def test_a_llama_cpp_that_cannot_be_asked(
    supply: SupplyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Machine:
        raise EngineError("llama.cpp could not be asked for its devices: it died.")

    monkeypatch.setattr(supply, "machine", broken)
    found = {one.name: one for one in doctor.examine(supply.settings, supply)}
    assert "it died" in found["llama.cpp"].wrong
    assert "pip install --force-reinstall" in found["llama.cpp"].advice
    assert "memory" not in found
    assert "models folder" in found


def test_a_damaged_model(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    models = supply.settings.paths.models
    stock.put(models, "good", stem="good")
    stock.put(models, "bad", stem="bad").write_bytes(b"no model")
    found = examine(supply, monkeypatch, MACHINE)
    assert found["models"].value == "good"
    assert found["bad"].wrong
    assert found["bad"].advice == "glmdesk models remove bad, then import or download it anew."


def test_a_damaged_download(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = stock.put(supply.settings.paths.models, "bad", stem="bad")
    data = bad.read_bytes()
    record = FileRecord(
        name=bad.name, path=bad.name, size=len(data), sha256="0" * 64, blocks="", confirmed=True
    )
    manifest.write(
        bad.parent,
        Manifest(
            id="bad", name="Bad", source="hf", repository="o/Bad", commit="1", files=(record,)
        ),
    )
    bad.write_bytes(data[:-1000])
    found = examine(supply, monkeypatch, MACHINE)
    assert "glmdesk models verify bad --repair" in found["bad"].wrong
    (bad.parent / manifest.NAME).write_text("broken")
    bad.write_bytes(data)
    found = examine(supply, monkeypatch, MACHINE)
    assert found["models"].value == "bad"
    assert "is not as glmdesk wrote it" in found["bad"].wrong


def test_hubs_that_cannot_be_asked(
    supply: SupplyOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"HF_ENDPOINT": "hf-mirror.com", "HF_TOKEN": "hf_ü"}
    other = SupplyOf(supply.settings, stock.environment(None, tmp_path) | wrong)
    found = examine(other, monkeypatch, MACHINE)
    assert "https:// or http://" in found["HF_ENDPOINT"].wrong
    assert "unset it" in found["HF_ENDPOINT"].advice
    assert "no access token" in found["HF_TOKEN"].wrong
    assert "models folder" in found
    assert not {"HF_ENDPOINT", "HF_TOKEN"} & examine(supply, monkeypatch, MACHINE).keys()


def test_a_folder_that_cannot_be_written(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(
        supply.settings, paths=paths.find(models=supply.settings.paths.home / "none" / "models")
    )

    def refuse(dir: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("glmdesk.checks.doctor.tempfile.TemporaryFile", refuse)
    found = {one.name: one for one in doctor.examine(elsewhere, supply)}
    assert found["models folder"].wrong == "It cannot be written to (Permission denied)."
    assert "GLMDESK_MODELS_DIR" in found["models folder"].advice
    assert "GLMDESK_HOME" in found["data folder"].advice


@pytest.mark.parametrize("below", ["", "models"])
def test_a_file_where_a_folder_should_be(
    supply: SupplyOf, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    blocked = supply.settings.paths.home / "a file"
    blocked.write_text("no folder")
    elsewhere = replace(supply.settings, paths=paths.find(models=blocked / below))
    monkeypatch.setattr(supply, "machine", lambda: MACHINE)
    found = {one.name: one for one in doctor.examine(elsewhere, supply)}
    assert found["models folder"].wrong == f"{blocked} is no folder."


def test_a_package_that_is_missing(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", ("pytest", "a-package-that-nobody-made"))
    found = examine(supply, monkeypatch, MACHINE)
    assert (found["pytest"].value, found["pytest"].wrong) == (pytest.__version__, "")
    missing = found["a-package-that-nobody-made"]
    assert missing.wrong == "It is not installed."
    assert missing.advice == "pip install a-package-that-nobody-made"


def test_how_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    command._print([
        Finding(name="disk", value="3 GB free", wrong="No room.", advice="Free some."),
        Finding(name="memory", value="9 GB"),
    ])  # fmt: skip
    assert capsys.readouterr().out == (
        "✗ disk    3 GB free\n          No room.\n          Free some.\n· memory  9 GB\n"
    )


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    own = stock.environment(None, folder / "person")
    return subprocess.run(
        [sys.executable, "-m", "glmdesk", "doctor", *words],
        env=clean_environment(GLMDESK_HOME=folder / "home", **own),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    before = run(tmp_path, "--json")
    found = json.loads(before.stdout)
    assert before.returncode == int(any(one["wrong"] for one in found))
    assert {"glmdesk", "system", "memory", "disk", "models"} <= {one["name"] for one in found}
    stock.put(tmp_path / "home" / "models", "bad", stem="bad").write_bytes(b"no model")
    after = run(tmp_path)
    assert after.returncode == 1
    assert "✗ bad" in after.stdout
    assert "glmdesk models remove bad" in after.stdout
    assert "Traceback" not in after.stdout + after.stderr
