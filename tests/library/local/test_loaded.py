"""What one process has loaded, every other one sees; a crash leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

from glmdesk.library.local.loaded import Loaded

_ASK = """
import sys
from pathlib import Path
from glmdesk.library.local.loaded import Loaded
print([Loaded(Path(sys.argv[1])).is_elsewhere(Path(one)) for one in sys.argv[2:]])
"""
_CRASH = """
import os, sys
from pathlib import Path
from glmdesk.library.local.loaded import Loaded
Loaded(Path(sys.argv[1])).hold(Path(sys.argv[2]))
os._exit(1)
"""


def run(code: str, *words: Path) -> str:
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


def test_the_last_one_is_held_until_it_is_released(tmp_path: Path) -> None:
    first, second = tmp_path / "one.gguf", tmp_path / "two.gguf"
    loaded = Loaded(tmp_path)
    assert run(_ASK, tmp_path, first, second) == "[False, False]"
    loaded.hold(first)
    assert run(_ASK, tmp_path, first, second) == "[True, False]"
    assert not loaded.is_elsewhere(first)
    loaded.hold(second)
    assert run(_ASK, tmp_path, first, second) == "[False, True]"
    loaded.release()
    assert run(_ASK, tmp_path, first, second) == "[False, False]"
    assert not list((tmp_path / ".loaded").iterdir())


def test_a_crash_keeps_nothing(tmp_path: Path) -> None:
    model = tmp_path / "one.gguf"
    run(_CRASH, tmp_path, model)
    assert len(list((tmp_path / ".loaded").iterdir())) == 1
    assert not Loaded(tmp_path).is_elsewhere(model)
    assert not list((tmp_path / ".loaded").iterdir())


def test_a_folder_that_nobody_can_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    loaded = Loaded(tmp_path / "file")
    loaded.hold(tmp_path / "one.gguf")
    assert not loaded.is_elsewhere(tmp_path / "one.gguf")
    loaded.release()
