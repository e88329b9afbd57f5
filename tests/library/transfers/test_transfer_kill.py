"""kill -9 in the middle of a download, and limits of the system: a new process goes on."""

import contextlib
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glmdesk.errors import DiskFull
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.ticket import Ticket
from tests.hub.server import HubServer
from tests.library.transfers.fetching import (
    MIB,
    Fetched,
    accepted,
    hub_of,
    is_right,
    one_file,
    publish,
)


def begin(
    server: HubServer, models: Path, item: Item, limit: Callable[[], None] | None = None
) -> "subprocess.Popen[str]":
    """A process that fetches; returns when it has begun."""
    tickets.write(tickets.folder_of(models / item.id), Ticket(item=item))
    command = [
        sys.executable,
        "-m",
        "tests.library.transfers.fetch_child",
        server.url,
        str(models),
        item.id,
    ]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    return child


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    files = one_file(40 * MIB, seed)
    with HubServer(rate=40 * MIB) as server:
        item = publish(server, files)
        kills = 3
        for _ in range(kills):
            with begin(server, tmp_path, item) as child:
                time.sleep(rng.uniform(0.05, 0.35))
                child.send_signal(signal.SIGKILL)
            assert child.returncode == -signal.SIGKILL
            assert accepted(tmp_path / "small") == []
        with begin(server, tmp_path, item) as child:
            told, _ = child.communicate(timeout=60)
        assert told == "finished\n"
        assert is_right(tmp_path / "small", files)
        assert server.sent["small-Q8_0.gguf"] <= item.total + kills * 16 * MIB


def test_a_file_larger_than_allowed_is_told(tmp_path: Path) -> None:
    """As on a FAT32 stick: the system refuses to write beyond a size."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))

    with HubServer() as server:
        item = publish(server, one_file())
        with begin(server, tmp_path, item, limit) as child:
            _, errors = child.communicate(timeout=60)
        assert "too large for this disk's file system" in errors
        assert accepted(tmp_path / "small") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB; only where this account may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_fills_pauses_and_keeps_what_came(small_disk: Path) -> None:
    files = one_file(12 * MIB)
    with HubServer(rate=10 * MIB) as server:
        item, hub = publish(server, files), hub_of(server, small_disk)
        fetched, filler = Fetched(item, small_disk, hub), small_disk / "filler"

        def fill() -> None:
            while fetched.download.progress().done < 3 * MIB:
                time.sleep(0.01)
            with contextlib.suppress(OSError), filler.open("wb") as file:
                for _ in range(16):
                    file.write(bytes(MIB))
                    file.flush()

        thread = threading.Thread(target=fill)
        thread.start()
        with pytest.raises(DiskFull, match="kept"):
            fetched.run()
        thread.join()
        filler.unlink()
        assert Fetched(item, small_disk, hub).download.progress("paused").done >= 2 * MIB
        assert Fetched(item, small_disk, hub).run()
        assert is_right(small_disk / "small", files)
        assert server.sent["small-Q8_0.gguf"] <= item.total + 8 * MIB
