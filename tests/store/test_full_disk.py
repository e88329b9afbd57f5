"""A full disk: every save says so, nothing is half-written, and saving works again afterwards."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")

SCRIPT = Path(__file__).with_name("full_disk.py")


def test_a_full_disk(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], stdout=subprocess.PIPE, check=True)
    result = json.loads(done.stdout)
    for said in result["said"]:
        assert said.startswith("Not saved: the disk is full"), result["said"]
        assert "Free some space, then try again; what was saved before is safe." in said
    assert result["during"] == ["before", "draft"]
    assert result["left"] == []
    assert result["after"] == ["before", "whole answer", "after"]
    assert result["integrity"] == "ok"
