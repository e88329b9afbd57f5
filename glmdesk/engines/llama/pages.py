"""Large memory pages for what was loaded, where the system is Linux and gives them when asked.

Weights that llama.cpp rearranged for the processor lie in ordinary memory, in pages of 4 KiB; reading a
gigabyte of them for each token spends a good part of the time on finding the pages. With pages of 2 MiB
it does not. `LARGE_PAGES` makes the C library ask for them before anything is written there, which costs
nothing; `use_large_pages` moves what came without into such pages, which takes a second a gigabyte.
"""

import ctypes
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"} if sys.platform == "linux" else {}
"""The environment a process must be born with (glibc from 2.35 on; others ignore it)."""
LARGE = 2 << 20
SMALLEST = 16 << 20
"""Bytes of a region that is worth it."""
_HUGEPAGE, _COLLAPSE = 14, 25
"""madvise(2): large pages from now on, and what is there already put into such."""
_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ 00:00 0\s*(\[heap\])?$")


def use_large_pages() -> int:
    """Ask for large pages for the large regions of this process. Gives the bytes that lie in such
    now; where the system refuses, or does not know how (Linux before 6.1), nothing changes."""
    if sys.platform != "linux":
        return 0
    try:
        lines = Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    done = 0
    for start, size in large_regions(lines):
        if advise(start, size, _HUGEPAGE) == 0:
            # One by one: the kernel ends a longer call at the first page that was never written to.
            pages = range(start, start + size, LARGE)
            done += LARGE * sum(advise(page, LARGE, _COLLAPSE) == 0 for page in pages)
    return done


def large_regions(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Address and bytes of the regions of /proc/self/maps that are memory of the process alone, and
    large; both multiples of a large page."""
    for line in lines:
        if found := _REGION.match(line):
            start = -(-int(found[1], 16) // LARGE) * LARGE
            size = int(found[2], 16) // LARGE * LARGE - start
            if size >= SMALLEST:
                yield start, size
