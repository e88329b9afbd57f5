"""Downloads through faults and kills: what was accepted wrongly, left unfinished, or fetched again."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.figure import Figure, Options
from benchmarks.stage import Stage
from glmdesk.errors import (
    BusyError,
    DownloadDamaged,
    DownloadError,
    FileMissing,
    GatedError,
    PortalError,
    TokenError,
    UnreachableError,
)
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.download import Download
from glmdesk.library.transfers.spans import Spans
from glmdesk.library.transfers.ticket import Ticket
from tests.hub import faults as f
from tests.hub.server import HubServer
from tests.library.transfers.fetching import (
    FAST,
    MIB,
    accepted,
    hub_of,
    is_right,
    one_file,
    publish,
)

N = 200
KILLS = 100
MOST_AGAIN = 16 * MIB
NAME = "small-Q8_0.gguf"
LIMITS = replace(FAST, segment=64 * MIB, stall_s=0.5)
STOPS: dict[f.Fault, type[DownloadError]] = {
    f.GATED: GatedError,
    f.UNAUTHORISED: TokenError,
    f.NO_FILE: FileMissing,
    f.Page(): PortalError,
}
"""Faults that only a person can cure, and the error that must say so."""
_MOST_RUNS = 40


@dataclass
class Account:
    """What was seen of many downloads of one file each."""

    corrupt: int = 0
    wrong_ends: list[str] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    """Bytes fetched again for each interruption of a download, where none of them was a flipped byte."""

    def figures(self, name: str, what: str) -> Iterator[Figure]:
        worst = max(self.again, default=0.0) / MIB
        note = f"{what}; mean {sum(self.again) / max(1, len(self.again)) / MIB:.2f} MiB"
        yield Figure(
            name=name, value=worst, unit="MiB", target="≤ 16", met=worst <= MOST_AGAIN / MIB,
            note=f"the worst of {note} fetched again per interruption",
        )  # fmt: skip
        yield Figure(
            name=f"{name}.corrupt", value=float(self.corrupt), unit="files", target="0",
            met=self.corrupt == 0, note="accepted with wrong content",
        )  # fmt: skip
        yield Figure(
            name=f"{name}.ends", value=float(len(self.wrong_ends)), unit="downloads", target="0",
            met=not self.wrong_ends,
            note="; ".join(["neither finished nor stopped with the right sentence", *self.wrong_ends]),
        )  # fmt: skip


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Two hundred faulty downloads, then a hundred kills; `--n` sets the first, and half of it the second."""
    count = options.count(N)
    account = Account()
    for seed in range(count):
        faulty(stage.folder / f"faulty-{seed}", options.seed + seed, account)
    yield from account.figures("download-refetch", f"{count} faulty downloads")
    kills = Account()
    count = max(1, options.n // 2) if options.n else KILLS
    killed(stage.folder / "killed", options.seed, count, kills)
    yield from kills.figures("download-refetch.kills", f"{count} kills")


def script(rng: random.Random, size: int) -> list[f.Fault]:
    """One to eight faults of any kind, at any place."""
    after = rng.randrange(size)
    kinds: list[f.Fault] = [
        f.Cut(after), f.Reset(after), f.Stall(after), f.Drip(20, after), f.Refuse(), f.Delay(0.2),
        f.WrongRange(rng.randrange(1, 1000)), f.Whole(), f.Gzip(), f.Page(), f.Expired(), f.Etag(),
        f.Length(-1), f.GATED, f.UNAUTHORISED, f.NO_FILE, f.Status(429, retry_after="1"),
        f.Status(503), f.Raw(), f.Flip(after),
    ]  # fmt: skip
    faults = [rng.choice(kinds) for _ in range(rng.randrange(1, 9))]
    return [one for fault in faults for one in (fault, *[f.Fine()] * rng.randrange(3))]


def faulty(folder: Path, seed: int, account: Account) -> None:
    """One download through its script, begun again by a person whenever it stopped."""
    rng = random.Random(seed)
    files = one_file(rng.randrange(4 * MIB, 64 * MIB), seed)
    faults = script(rng, 8 * MIB)
    with HubServer(redirect=rng.random() < 0.5, rate=rng.choice((0, 200 * MIB))) as server:
        item, hub = publish(server, files), hub_of(server, folder)
        server.faults(NAME, faults)
        finished = False
        for _ in range(_MOST_RUNS):
            if finished := _run(Download(item, folder, hub, LIMITS), faults, account, seed):
                break
        good = finished and is_right(folder / item.id, files)
        account.corrupt += bool(accepted(folder / item.id)) and not good
        if not finished:
            account.wrong_ends.append(f"seed {seed} never ended")
        met = faults[: len(faults) - server.left(NAME)]
        count = sum(not isinstance(fault, f.Fine | f.Delay) for fault in met)
        if not any(isinstance(fault, f.Flip) for fault in met):
            account.again.append(max(0, server.sent[NAME] - item.total) / max(1, count))


def _run(download: Download, faults: list[f.Fault], account: Account, seed: int) -> bool:
    try:
        return download.run(threading.Event(), lambda progress: None)
    except DownloadError as error:
        right = {kind for fault, kind in STOPS.items() if fault in faults}
        right |= {BusyError, UnreachableError}
        if any(isinstance(fault, f.Flip) for fault in faults):
            right.add(DownloadDamaged)
        if type(error) not in right:
            account.wrong_ends.append(f"seed {seed}: {error.message}")
        return False


def killed(folder: Path, seed: int, count: int, account: Account) -> None:
    """Kill -9 at random moments, ten in each file."""
    rng, left = random.Random(seed), count
    while left:
        now = min(left, 10)
        left -= now
        _kill_one(folder / str(left), rng, now, account)


def _kill_one(folder: Path, rng: random.Random, kills: int, account: Account) -> None:
    files = one_file(400 * MIB, kills)
    with HubServer(rate=100 * MIB) as server:
        item = publish(server, files)
        lost = 0
        for _ in range(kills):
            with _begin(server, folder, item.id, Ticket(item=item)) as child:
                time.sleep(rng.uniform(0.0, 0.5))
                child.kill()
            before, lost = lost, server.sent[NAME] - _kept(folder / item.id)
            account.again.append(max(0, lost - before))
        account.corrupt += bool(accepted(folder / item.id))
        with _begin(server, folder, item.id, Ticket(item=item)) as child:
            told, _ = child.communicate()
        good = told == "finished\n" and is_right(folder / item.id, files)
        if not good:
            account.wrong_ends.append(f"after {kills} kills: {told!r}")
        if server.sent[NAME] - item.total > lost + MIB:
            account.wrong_ends.append(f"{server.sent[NAME] - item.total - lost:,} bytes too many")
    for path in (folder / item.id).iterdir():
        path.unlink()


def _kept(folder: Path) -> int:
    """Bytes that the next process will find."""
    journal = journals.read(tickets.folder_of(folder), NAME)
    return Spans(journal.spans).total if journal else 0


def _begin(server: HubServer, folder: Path, id: str, ticket: Ticket) -> "subprocess.Popen[str]":
    tickets.write(tickets.folder_of(folder / id), ticket)
    command = [
        sys.executable,
        "-m",
        "tests.library.transfers.fetch_child",
        server.url,
        str(folder),
        id,
    ]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child
