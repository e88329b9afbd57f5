"""What people install: everything the app needs, no weights but pico's."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.environment import clean_environment

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    stray = ROOT / "models" / "pico.stray.gguf"
    stray.write_bytes(b"GGUF")
    try:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    finally:
        stray.unlink()
    return next(folder.glob("*.whl"))


def test_contents(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    weights = sorted(Path(name).name for name in names if name.endswith(".gguf"))
    assert weights == ["mmproj-pico-f16.gguf", "pico-f16.gguf"]
    assert "glmdesk/data/models/pico.toml" in names
    assert "glmdesk/data/assets/css/page.css" in names
    assert "glmdesk/data/assets/js/page.js" in names
    assert not [name for name in names if name.startswith(("tests", "tools", "benchmarks"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_works_unpacked(wheel: Path, tmp_path: Path) -> None:
    """The installed layout finds its model, with the checkout out of sight."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    run = subprocess.run(
        [sys.executable, "-m", "glmdesk", "chat", "Hello", "--think", "off"],
        cwd=tmp_path,
        env=clean_environment(PYTHONPATH=tmp_path / "site", GLMDESK_HOME=tmp_path / "home"),
        capture_output=True,
        text=True,
    )
    assert run.stdout == "Hello! How can I help you?\n", run.stderr
