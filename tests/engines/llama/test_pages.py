"""Large pages are asked for where they help, and for nothing else."""

import mmap
import sys
from pathlib import Path

import pytest

from glmdesk.engines.llama.pages import LARGE, SMALLEST, large_regions, use_large_pages

MAPS = """\
55d0c8a00000-55d0c8c00000 r--p 00000000 fd:01 123 /usr/bin/python3
55d0ca000000-55d0ce000000 rw-p 00000000 00:00 0   [heap]
7f0000001000-7f0004001000 rw-p 00000000 00:00 0
7f1000000000-7f1000100000 rw-p 00000000 00:00 0
7f2000000000-7f2010000000 r--p 00000000 fd:01 456 /models/model.gguf
7f3000000000-7f3010000000 rw-s 00000000 00:01 789 /dev/shm/x
7ffc00000000-7ffc10000000 rw-p 00000000 00:00 0   [stack]
"""


def test_which_regions() -> None:
    regions = list(large_regions(MAPS.splitlines()))
    assert regions == [
        (0x55D0CA000000, 0x4000000),
        (0x7F0000200000, 0x4000000 - LARGE),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="there is no other system to ask")
def test_asking_changes_no_byte() -> None:
    region = mmap.mmap(-1, 4 * SMALLEST, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, len(region), LARGE // 2):
        region[place] = place % 251
    assert use_large_pages() >= SMALLEST
    assert all(region[place] == place % 251 for place in range(0, len(region), LARGE // 2))
    region.close()


def test_without_the_list_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert use_large_pages() == 0
