"""Our download with its hashes and its journal beside plain curl, from a local server of a given speed."""

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.sources import Endpoints, Hub, Item
from glmdesk.library.hubs.tokens import Tokens
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.download import Download
from glmdesk.library.transfers.journal import Journal
from glmdesk.library.transfers.limits import Limits
from tests.hub.content import Content, Generated, Zeros
from tests.hub.server import HubServer

N = 3
RATES = (125, 300)
"""MB/s."""
SECONDS = 20
"""At full speed: 6 GB at 300 MB/s, the size of GLM-4.6V-Flash."""
NAME = "large.gguf"
REPOSITORY = "owner/Large-GGUF"
SPARSE = 20 * 10**9
TAIL = 200 * 10**6
HEAD = b"GGUF\x03\0\0\0"
_MOST_GROWTH = 64 * 10**6


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Ratios of pairs in changing order, the growth of memory meanwhile, and a file of 20 GB."""
    if shutil.which("curl") is None:
        yield Figure(name="download-vs-curl", value=None, unit="x", note="curl is not here")
        return
    growth = 0
    for rate in RATES:
        ratios, speeds = [], []
        for number in range(options.count(N)):
            pair = _pair(stage.folder, rate, ours_first=bool(number % 2))
            ratios.append(pair.curl_s / pair.ours_s)
            speeds.append(rate * SECONDS / pair.ours_s)
            growth = max(growth, pair.growth)
        ratio = statistics.median(ratios)
        yield Figure(
            name=f"download-vs-curl.{rate}", value=ratio, unit="x", target="≥ 0.95", peer="curl",
            met=ratio >= 0.95, note=f"{statistics.median(speeds):.0f} MB/s with the hashes",
        )  # fmt: skip
    yield Figure(
        name="download-vs-curl.memory", value=growth / 1e6, unit="MB", target="≤ 64",
        met=growth <= _MOST_GROWTH, note="growth of resident memory while it came",
    )  # fmt: skip
    yield _sparse(stage.folder)


class _Pair:
    """Seconds of both, bytes that memory grew by."""

    def __init__(self) -> None:
        self.curl_s = 0.0
        self.ours_s = 0.0
        self.growth = 0


def _pair(folder: Path, rate: int, *, ours_first: bool) -> _Pair:
    pair = _Pair()
    with _server(f"generated {rate * 10**6 * SECONDS}", rate * 10**6) as (hub, item):
        for ours in (ours_first, not ours_first):
            if ours:
                pair.ours_s, pair.growth = _ours(folder / "ours", hub, item)
            else:
                pair.curl_s = _curl(folder, hub.address(item, item.files[0]))
    return pair


def _ours(models: Path, hub: Hub, item: Item) -> tuple[float, int]:
    process, seen = psutil.Process(), list[int]()
    download = Download(item, models, hub, Limits())
    os.sync()
    began = time.monotonic()
    download.run(threading.Event(), lambda progress: seen.append(process.memory_info().rss))
    seconds = time.monotonic() - began
    shutil.rmtree(models)
    return seconds, max(seen) - seen[min(len(seen) - 1, 5)]


def _curl(folder: Path, url: str) -> float:
    os.sync()
    began = time.monotonic()
    subprocess.run(["curl", "-s", "-f", "-o", str(folder / "curl"), url], check=True)
    seconds = time.monotonic() - began
    (folder / "curl").unlink()
    return seconds


def _sparse(folder: Path) -> Figure:
    """Begun long ago: all but the end is there, as a hole that takes no room. It is hashed whole."""
    with _server(f"zeros {SPARSE}", 0) as (hub, item):
        parts = tickets.folder_of(folder / item.id)
        parts.mkdir(parents=True)
        with journals.part_path(parts, NAME).open("wb") as file:
            file.write(HEAD)
            file.truncate(SPARSE)
        journals.write(
            parts,
            Journal(
                name=NAME, commit=item.commit, sha256=item.files[0].sha256, size=SPARSE,
                spans=((0, SPARSE - TAIL),),
            ),
        )  # fmt: skip
        began = time.monotonic()
        done = Download(item, folder, hub, Limits()).run(threading.Event(), lambda progress: None)
        seconds = time.monotonic() - began
        right = done and (folder / item.id / NAME).stat().st_size == SPARSE
    shutil.rmtree(folder / item.id)
    return Figure(
        name="download-vs-curl.20gb", value=float(right), unit="works", target="1", met=right,
        note=f"20 GB, the last {TAIL / 1e6:.0f} MB fetched, all hashed, in {seconds:.0f} s",
    )  # fmt: skip


@contextmanager
def _server(content: str, rate: int) -> Iterator[tuple[Hub, Item]]:
    """A hub in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.download_vs_curl", *content.split(), str(rate)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        url, commit, size, sha256 = child.stdout.readline().split()
        file = RemoteFile(path=NAME, size=int(size), sha256=sha256)
        item = Item(
            id="large",
            name="Large",
            source="hf",
            repository=REPOSITORY,
            commit=commit,
            files=(file,),
        )
        try:
            yield Hub(Endpoints(hf=url, modelscope=url), Tokens({}, Path("no token"))), item
        finally:
            child.kill()


def _serve(kind: str, size: int, rate: int) -> None:
    content: Content = Zeros(size, head=HEAD) if kind == "zeros" else Generated(size, 1, head=HEAD)
    with HubServer(rate=rate) as server:
        repository = server.add(REPOSITORY, {NAME: content})
        print(server.url, repository.commit, size, content.sha256, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
