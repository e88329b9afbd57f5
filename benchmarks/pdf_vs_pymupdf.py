"""How fast the reader reads a born-digital PDF, against PyMuPDF alone in one process, which takes the text only."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import psutil

from benchmarks.figure import Figure, Options
from benchmarks.prose import TEXT
from benchmarks.quiet import wait_for_quiet
from benchmarks.stage import Stage

N = 7
PAGES = 1000
TARGET, FIRST_S, GROWTH_MB = 0.8, 0.3, 20.0
KEPT = 0.98
"""Of the letters that PyMuPDF finds; spaces at the ends of lines are not kept."""

_BARE = """
import sys
sys.modules.update({"pymupdf.layout": None, "pymupdf4llm": None})
import time, pymupdf
start = time.perf_counter()
with pymupdf.open(sys.argv[1]) as document:
    letters = sum(len(page.get_text()) for page in document)
print(time.perf_counter() - start, letters)
"""
"""Its import is not counted: the reader is warm, too."""


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Pairs of runs beside each other; the figure is the median of their ratios."""
    made = write(stage.folder / "made.pdf", options.seed)
    process = psutil.Process()
    _read(stage, made, 0)
    used = process.memory_info().rss
    ratios, seconds, firsts = [], [], []
    for number in range(1, options.count(N) + 1):
        wait_for_quiet()
        theirs, letters = bare(made)
        first, ours, kept = _read(stage, made, number)
        if kept < KEPT * letters:
            raise RuntimeError(f"{kept} letters were read of {letters}")
        ratios.append(theirs / ours)
        seconds.append((theirs, ours))
        firsts.append(first)
    yield from _figures(ratios, seconds, firsts, (process.memory_info().rss - used) / 2**20)


def _figures(
    ratios: list[float], seconds: list[tuple[float, float]], firsts: list[float], growth: float
) -> Iterator[Figure]:
    ratio, first = statistics.median(ratios), statistics.median(firsts)
    theirs, ours = (statistics.median(values) for values in zip(*seconds, strict=True))
    yield Figure(
        name="pdf-vs-pymupdf",
        value=ratio,
        unit="ratio",
        target=f">= {TARGET}",
        peer=f"{PAGES / theirs:,.0f} pages/s",
        met=ratio >= TARGET,
        note=f"{PAGES / ours:,.0f} pages/s through the reader's two processes, with evidence, labels and cache; "
        f"{PAGES} pages, {len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}",
    )
    yield Figure(
        name="pdf-vs-pymupdf.first-page",
        value=first,
        unit="s",
        target=f"< {FIRST_S}",
        met=first < FIRST_S,
        note=f"from attaching to the text of page 1 of {PAGES}, with a warm reader; "
        f"at most {max(firsts):.3f} s",
    )
    yield Figure(
        name="pdf-vs-pymupdf.memory",
        value=growth,
        unit="MB",
        target=f"< {GROWTH_MB:g}",
        met=growth < GROWTH_MB,
        note=f"growth of this process over {len(ratios)} readings of {PAGES} pages after the first",
    )


def bare(path: Path) -> tuple[float, int]:
    """Seconds that `page.get_text()` takes for all pages in a process of its own, and the letters."""
    command = [sys.executable, "-c", _BARE, os.fspath(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, letters = done.stdout.split()
    return float(seconds), int(letters)


def _read(stage: Stage, made: Path, number: int) -> tuple[float, float, int]:
    """Seconds to the first page and to the last, from the moment of attaching, and the letters.

    The file is a new one each time, for whatever may remember the last; the child is warm.
    """
    reader, path = stage.reader, stage.folder / f"{number}.pdf"
    shutil.copyfile(made, path)
    _warm(stage)
    key, start = str(number), time.perf_counter()
    reader.inspect(path, path.name)
    reader.start(path, path.name, key)
    while not (found := reader.so_far(key)) or not found[0]:
        time.sleep(0.001)
    first = time.perf_counter() - start
    document = reader.document(path, path.name, key)
    whole = time.perf_counter() - start
    if len(document.sheets) != PAGES or not document.complete:
        raise RuntimeError(f"{len(document.sheets)} of {PAGES} pages were read: {document.note}")
    reader.forget(key)
    return first, whole, sum(len(sheet.text) for sheet in document.sheets)


def _warm(stage: Stage) -> None:
    """Wait for the child with a small file."""
    other = stage.folder / "other.txt"
    other.write_text("A text that is something else.", encoding="utf-8")
    stage.reader.inspect(other, other.name)


def write(path: Path, seed: int) -> Path:
    """A handbook: headings, paragraphs, page numbers; a ruled table every tenth page, a chart every twentieth."""
    import pymupdf

    rng, words = Random(f"handbook {seed}"), TEXT.split()
    with pymupdf.open() as document:
        for number in range(1, PAGES + 1):
            page = document.new_page()
            page.insert_text((60, 50), f"Chapter {number // 20 + 1}", fontsize=9)
            page.insert_text((60, 84), f"{number}. {_sentence(rng, words, 5)}", fontsize=15)
            top = _extra(page, number, rng)
            for y in range(top, 700, 150):
                paragraph = " ".join(_sentence(rng, words, 14) for _ in range(8))
                page.insert_textbox((60, y, 535, y + 145), paragraph, fontsize=10.5)
            page.insert_text((290, 815), str(number), fontsize=9)
        document.save(path, deflate=True)
    return path


def _sentence(rng: Random, words: list[str], count: int) -> str:
    return " ".join(rng.choice(words) for _ in range(count)).capitalize() + "."


def _extra(page: Any, number: int, rng: Random) -> int:
    """Draw a table or a chart on some pages; where the text may begin below it."""
    if number % 10:
        return 105
    if number % 20:
        _table(page, rng)
    else:
        _chart(page, rng)
    return 255


def _table(page: Any, rng: Random) -> None:
    for row in range(8):
        for column in range(4):
            left, top = 60 + column * 118, 105 + row * 17
            page.draw_rect((left, top, left + 118, top + 17), width=0.5)
            page.insert_text((left + 4, top + 12), f"{rng.randrange(10**6):,}", fontsize=9)


def _chart(page: Any, rng: Random) -> None:
    page.draw_line((60, 240), (535, 240))
    for bar in range(12):
        left, top = 70 + bar * 38, 240 - rng.uniform(10, 125)
        page.draw_rect((left, top, left + 24, 240), color=None, fill=(0.2, 0.4, 0.7))
    points = [(82 + bar * 38, 240 - rng.uniform(10, 125)) for bar in range(12)]
    page.draw_polyline(points, color=(0.7, 0.1, 0.1))
