"""Somebody waits for a model: it comes, it is stopped and goes on, or another process fetches it already."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import DiskError, DownloadElsewhere, DownloadError, GatedError, UsageError
from glmdesk.library.transfers import twin
from glmdesk.library.transfers.download import Download, Report, hold
from glmdesk.library.transfers.downloads import Status
from glmdesk.library.transfers.progress import Progress
from glmdesk.supply.fetching import fetch
from tests.hub import faults
from tests.hub.faults import GATED
from tests.hub.server import HubServer
from tests.supply import stock
from tests.supply.stock import SupplyOf

MIB = 1024 * 1024


def download(supply: SupplyOf) -> Download:
    item = supply.item(supply.choose(stock.NAME))
    return Download(item, supply.settings.paths.models, supply.hub)


def run(supply: SupplyOf) -> list[Progress]:
    seen: list[Progress] = []
    fetch(download(supply), supply.downloads, seen.append)
    return seen


def seen_on_disk(supply: SupplyOf) -> Status:
    """The folder is looked at once a second at most."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if status := supply.downloads.find(stock.ID):
            return status
        time.sleep(0.05)
    pytest.fail("nothing was noted")


def interrupt_later(seconds: float) -> threading.Timer:
    """Ctrl+C, as a terminal sends it."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_it_comes(supply: SupplyOf) -> None:
    last = run(supply)[-1]
    assert (last.state, last.done, last.total) == ("finished", stock.SIZE, stock.SIZE)
    assert {file.name for file in last.files} == {"small-F16.gguf", "mmproj-small-F16.gguf"}
    folder = supply.settings.paths.models / stock.ID
    assert (folder / "small-F16.gguf").read_bytes() == stock.WEIGHTS.read_bytes()
    assert not (folder / ".download").exists()


def test_what_is_there_is_not_fetched_again(supply: SupplyOf, hub: HubServer) -> None:
    seen: list[Progress] = []
    made = download(supply)
    fetch(made, supply.downloads, seen.append)
    before = sum(hub.sent.values())
    fetch(
        Download(made.item, supply.settings.paths.models, supply.hub), supply.downloads, seen.append
    )
    assert seen[-1].state == "finished"
    assert sum(hub.sent.values()) == before


def test_ctrl_c_keeps_what_came(supply: SupplyOf, hub: HubServer) -> None:
    hub.rate, hub.send_buffer = 2 * MIB, 64 * 1024
    timer = interrupt_later(1.0)
    with pytest.raises(DownloadError, match=r"Paused at .* MB of 4.7 MB; what came is kept"):
        run(supply)
    timer.join()
    assert (supply.settings.paths.models / stock.ID / ".download").is_dir()
    assert not list(supply.settings.paths.models.glob("*/small-F16.gguf"))
    (status,) = supply.downloads.list()
    assert (status.id, status.state, status.progress.total) == (stock.ID, "paused", stock.SIZE)
    assert 0 < status.progress.done < stock.SIZE
    hub.rate = 0
    assert run(supply)[-1].state == "finished"
    assert sum(hub.sent.values()) < stock.SIZE + 2 * MIB


class _Held:
    """A download that has all its bytes, and is looked at until it is told to stop."""

    def __init__(self, real: Download) -> None:
        self.item, self.parts, self.folder = real.item, real.parts, real.folder

    def run(self, stop: threading.Event, report: Report) -> bool:
        stop.wait(10)
        return False

    def progress(self, state: str) -> Progress:
        return Progress(done=9, total=9, state="verifying")


def test_ctrl_c_while_the_last_bytes_are_checked(supply: SupplyOf) -> None:
    timer = interrupt_later(0.3)
    with pytest.raises(DownloadError, match="Run the same command again"):
        fetch(_Held(download(supply)), supply.downloads, lambda progress: None)  # type: ignore[arg-type]
    timer.join()


def test_what_the_hub_refuses(supply: SupplyOf, hub: HubServer) -> None:
    made = download(supply)
    hub.gate(stock.REPOSITORY, "hf_secret")
    with pytest.raises(GatedError):
        fetch(made, supply.downloads, lambda progress: None)
    assert not made.folder.exists(), "nothing came, and nothing stays"


def test_why_it_failed_stays_beside_what_came(supply: SupplyOf, hub: HubServer) -> None:
    made = download(supply)
    hub.faults("mmproj-small-F16.gguf", [GATED])
    with pytest.raises(GatedError, match="What came so far .* is kept"):
        fetch(made, supply.downloads, lambda progress: None)
    status = seen_on_disk(supply)
    assert (status.state, status.code) == ("failed", "download_gated")
    (row,) = [row for row in supply.rows() if row.id == stock.ID]
    assert row.progress
    assert "asks you to accept terms first" in row.progress.note
    for look in (supply.show, supply.fit):
        with pytest.raises(UsageError, match=f"Go on with glmdesk models pull {stock.ID}"):
            look(stock.ID)
    assert supply._wanted(stock.ID) == made.item
    assert run(supply)[-1].state == "finished"


def test_a_disk_that_fails_is_said(supply: SupplyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    made = download(supply)

    def broken(stop: threading.Event, report: Report) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(made, "run", broken)
    with pytest.raises(DiskError, match="Input/output error"):
        fetch(made, supply.downloads, lambda progress: None)


def test_another_one_that_fetches_it_is_followed(supply: SupplyOf, hub: HubServer) -> None:
    hub.rate, hub.send_buffer = 2 * MIB, 64 * 1024
    other = threading.Thread(target=run, args=(supply,))
    other.start()
    time.sleep(0.7)
    seen = run(supply)
    other.join()
    assert {progress.state for progress in seen} >= {"elsewhere"}
    assert sum(hub.sent.values()) < stock.SIZE + MIB
    assert supply.library.find(stock.ID).size == stock.SIZE


def test_a_lock_that_stays_is_said(supply: SupplyOf, tmp_path: Path) -> None:
    made = download(supply)
    made.parts.mkdir(parents=True)
    with hold(made.parts), pytest.raises(DownloadElsewhere):
        fetch(made, supply.downloads, lambda progress: None)


def test_ctrl_c_before_anything_came_says_so(supply: SupplyOf, hub: HubServer) -> None:
    hub.always("small-F16.gguf", faults.Status(429, retry_after="500"))
    noted = threading.Event()

    def interrupt(progress: Progress) -> None:
        if "asks to wait 500 s" in progress.note and not noted.is_set():
            noted.set()
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(DownloadError, match="Paused before anything came"):
        fetch(download(supply), supply.downloads, interrupt)
    assert noted.is_set()


def test_the_same_files_under_another_name_are_not_fetched_again(
    supply: SupplyOf, hub: HubServer
) -> None:
    made = download(supply)
    fetch(made, supply.downloads, lambda progress: None)
    before = sum(hub.sent.values())
    other = Download(replace(made.item, id="other"), supply.settings.paths.models, supply.hub)
    for again in (
        lambda: fetch(other, supply.downloads, lambda progress: None),
        lambda: supply.downloads.start(other.item),
    ):
        with pytest.raises(UsageError, match=f"is here already, as {stock.ID}: .*Nothing was down"):
            again()
    assert sum(hub.sent.values()) == before
    next(supply.settings.paths.models.glob("*/small-F16.gguf")).write_bytes(b"cut off")
    assert twin.find(supply.settings.paths.models, other.item) is None
