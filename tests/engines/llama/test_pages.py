"""Large pages are asked for where they help, and for nothing else."""

import ctypes
import mmap
import platform
import re
import sys
from pathlib import Path

import pytest

from glmdesk.child import Child, Pipe
from glmdesk.engines.llama.pages import LARGE, LARGE_PAGES, SMALLEST, large_regions, use_large_pages


def _gives_large_pages() -> bool:
    """When asked, and not to everybody; and the C library knows how to ask."""
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    name, version = platform.libc_ver()
    newer = name == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)
    return newer and setting.is_file() and "[madvise]" in setting.read_text()


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
    use_large_pages()
    assert all(region[place] == place % 251 for place in range(0, len(region), LARGE // 2))
    region.close()


def reserve(pipe: Pipe) -> None:
    """As llama.cpp takes room for weights: from malloc, and then written to."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    ctypes.memset(library.malloc(ctypes.c_size_t(4 * SMALLEST)), 1, 4 * SMALLEST)
    pipe.send(Path("/proc/self/smaps_rollup").read_text())


@pytest.mark.skipif(not _gives_large_pages(), reason="this system does not give large pages")
def test_a_child_is_born_with_large_pages(tmp_path: Path) -> None:
    for environment in ({}, LARGE_PAGES):
        child = Child(reserve, "test", tmp_path / "log", environment=environment)
        large = re.search(r"AnonHugePages: +(\d+) kB", child.pipe.receive())
        child.kill()
        assert large
        assert (int(large[1]) * 1024 >= 2 * SMALLEST) == bool(environment)


def test_without_the_list_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert use_large_pages() == 0
