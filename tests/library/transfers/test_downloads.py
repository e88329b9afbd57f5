"""The queue: order, pause, resume, cancel, restarts, and a second process."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import DownloadElsewhere, FileMissing
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.download import clear, clear_locks, hold
from glmdesk.library.transfers.downloads import Downloads
from glmdesk.library.transfers.progress import Speed, State
from tests.hub.faults import GATED, Fine
from tests.hub.server import HubServer
from tests.library.transfers.fetching import (
    FAST,
    MIB,
    Fetched,
    accepted,
    gguf,
    hub_of,
    is_right,
    one_file,
    publish,
)

NAME = "small-Q8_0.gguf"
_END_S = 30


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer(rate=30 * MIB) as server:
        yield server


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def opened(server: HubServer, models: Path) -> Iterator[Callable[[], Downloads]]:
    queues: list[Downloads] = []

    def make() -> Downloads:
        queues.append(Downloads(models, hub_of(server, models), FAST))
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


def wait_for(queue: Downloads, id: str, *states: State) -> None:
    end = time.monotonic() + _END_S
    while time.monotonic() < end:
        found = queue.find(id)
        if found and found.state in states:
            return
        time.sleep(0.01)
    raise AssertionError(f"{id} is {queue.find(id)}")


def wait_bytes(queue: Downloads, id: str, done: int) -> None:
    end = time.monotonic() + _END_S
    while time.monotonic() < end:
        found = queue.find(id)
        if found and found.progress.done >= done:
            return
        time.sleep(0.01)
    raise AssertionError(f"{id} is {queue.find(id)}")


def three_models(server: HubServer) -> list[Item]:
    """Of 8 MiB each."""
    items = []
    for number in range(3):
        files = {f"m{number}.gguf": gguf(8 * MIB, number)}
        item = publish(server, dict(files), id=f"m{number}")
        items.append(item)
    commit = server.repositories["owner/Small-GGUF"].commit
    return [replace(item, commit=commit) for item in items]


def test_one_after_the_other_in_order(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    queue, items = opened(), three_models(server)
    for item in reversed(items):
        queue.start(item)
    states = [status.state for status in queue.list()]
    assert states[1:] == ["waiting", "waiting"]
    assert [status.id for status in queue.list()] == ["m2", "m1", "m0"]
    for id in ("m2", "m1", "m0"):
        wait_for(queue, id, "finished")
        assert accepted(models / id) == [f"{id}.gguf"]
    first = [seen.path for seen in server.requests if "range" in seen.headers]
    assert sorted(first, key=lambda path: path[-6], reverse=True) == first


def test_pause_resume_cancel(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    files = one_file(24 * MIB)
    queue, item = opened(), publish(server, files)
    queue.start(item)
    wait_bytes(queue, "small", 2 * MIB)
    queue.pause("small")
    wait_for(queue, "small", "paused")
    there = queue.list()[0].progress
    assert there.done >= 2 * MIB
    assert there.bytes_per_s == 0
    queue.resume("small")
    wait_bytes(queue, "small", there.done + MIB)
    speed = queue.list()[0].progress
    assert speed.bytes_per_s > 0
    assert speed.seconds_left is not None
    queue.cancel("small")
    end = time.monotonic() + _END_S
    while queue.list() and time.monotonic() < end:
        time.sleep(0.01)
    assert queue.list() == ()
    assert not (models / "small").exists()
    queue.start(item)
    wait_for(queue, "small", "finished")
    assert is_right(models / "small", files)
    queue.cancel("small")
    assert queue.list() == ()
    assert is_right(models / "small", files), "only the line of the list goes"


def test_what_ran_runs_again_and_what_was_paused_waits(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    first, items = opened(), three_models(server)
    for item in items:
        first.start(item)
    first.pause("m1")
    wait_bytes(first, "m0", MIB)
    first.close()
    assert tickets.read(tickets.folder_of(models / "m0")).state == "downloading"  # type: ignore[union-attr]
    second = opened()
    assert second.find("m1").state == "paused"  # type: ignore[union-attr]
    wait_for(second, "m0", "finished")
    wait_for(second, "m2", "finished")
    assert second.find("m1").state == "paused"  # type: ignore[union-attr]
    assert accepted(models / "m1") == []
    assert server.sent["m0.gguf"] <= 8 * MIB + 2 * MIB
    second.resume("m1")
    wait_for(second, "m1", "finished")


def test_an_error_is_shown_and_the_next_one_runs(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    queue, items = opened(), three_models(server)
    server.faults("m0.gguf", [Fine(), GATED])
    for item in items[:2]:
        queue.start(item)
    wait_for(queue, "m1", "finished")
    failed = queue.find("m0")
    assert failed is not None
    assert (failed.state, failed.code) == ("failed", "download_gated")
    assert "accept" in failed.message
    queue.resume("m0")
    wait_for(queue, "m0", "finished")
    assert queue.find("m0").code == ""  # type: ignore[union-attr]


def test_a_full_disk_pauses(
    server: HubServer,
    models: Path,
    opened: Callable[[], Downloads],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue, item = opened(), publish(server, one_file())
    monkeypatch.setattr("glmdesk.library.transfers.transfer.free_bytes", lambda path: 5)
    queue.start(item)
    wait_for(queue, "small", "paused")
    assert queue.find("small").code == "download_disk_full"  # type: ignore[union-attr]
    monkeypatch.undo()
    queue.resume("small")
    wait_for(queue, "small", "finished")


def test_a_second_process_sees_the_first_ones_progress(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    files = one_file(24 * MIB)
    item, hub = publish(server, files), hub_of(server, models)
    assert not Fetched(item, models, hub).run(5 * MIB)
    parts = tickets.folder_of(models / "small")
    tickets.write(parts, tickets.Ticket(item=item, state="downloading", order=1))
    with hold(parts):
        queue = opened()
        seen = queue.start(item)
        assert seen.state == "elsewhere"
        assert seen.progress.done >= 5 * MIB
        for act in (queue.pause, queue.resume, queue.cancel):
            with pytest.raises(DownloadElsewhere):
                act("small")
    time.sleep(1.1)
    assert queue.find("small").state == "paused"  # type: ignore[union-attr]
    queue.resume("small")
    wait_for(queue, "small", "finished")
    assert is_right(models / "small", files)


def test_what_waits_in_another_queue_is_not_paused(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    server.rate = 3 * MIB
    one, items = opened(), three_models(server)
    for item in items:
        one.start(item)
    two = opened()
    seen = two.find("m2")
    assert seen
    assert (seen.state, seen.progress.note) == (
        "elsewhere", "It waits in the queue of another glmdesk",
    )  # fmt: skip
    running = two.find("m0")
    assert running
    assert (running.state, running.progress.note) == ("elsewhere", "")
    for act in (two.pause, two.resume, two.cancel):
        with pytest.raises(DownloadElsewhere, match="waits in the queue of another glmdesk"):
            act("m2")
    one.cancel("m2")
    one.pause("m1")
    time.sleep(1.1)
    assert two.find("m2") is None
    assert two.find("m1").state == "paused"  # type: ignore[union-attr]
    one.resume("m1")
    time.sleep(1.1)
    assert two.find("m1").state == "elsewhere"  # type: ignore[union-attr]
    one.close()
    time.sleep(1.1)
    assert two.find("m1").state == "paused"  # type: ignore[union-attr]


def test_what_waits_in_another_queue_may_be_fetched_before(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    server.rate = 3 * MIB
    one, items = opened(), three_models(server)
    for item in items[:2]:
        one.start(item)
    server.rate = 0
    assert Fetched(items[1], models, hub_of(server, models)).run()
    assert accepted(models / "m1") == ["m1.gguf"]
    wait_for(one, "m1", "finished")


def test_who_waits_for_a_folder_that_goes_gets_a_new_one(tmp_path: Path) -> None:
    parts = tmp_path / "small" / ".download"
    for _ in range(50):

        def take_over() -> None:
            with hold(parts, timeout=10):
                (parts / "mine").touch()

        second = threading.Thread(target=take_over)
        with hold(parts):
            (parts / "part").touch()
            second.start()
            clear(parts)
        clear_locks(parts)
        second.join()
        assert {path.name for path in parts.iterdir()} == {"lock", "mine"}
        with hold(parts):
            clear(parts)
        assert not parts.exists() or sys.platform == "win32"


def test_a_download_that_another_process_begins_appears(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    one, two = opened(), opened()
    server.rate = 10 * MIB
    item = publish(server, one_file(24 * MIB))
    one.start(item)
    wait_for(two, "small", "elsewhere")
    end, speeds = time.monotonic() + _END_S, set[float]()
    while not any(speeds) and time.monotonic() < end:
        seen = two.find("small")
        speeds.add(seen.progress.bytes_per_s if seen else 1.0)
        time.sleep(0.05)
    assert max(speeds) > 1, "its progress is read from the journal"
    wait_for(one, "small", "finished")
    time.sleep(1.1)
    assert two.list() == ()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "item": {"id": "../x"}}'])
def test_a_ticket_that_cannot_be_is_passed_over(
    text: str, models: Path, opened: Callable[[], Downloads]
) -> None:
    parts = tickets.folder_of(models / "small")
    parts.mkdir(parents=True)
    (parts / tickets.NAME).write_text(text)
    assert opened().list() == ()


def test_a_ticket_with_hostile_names_is_passed_over(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    parts = tickets.folder_of(models / "small")
    tickets.write(parts, tickets.Ticket(item=publish(server, one_file())))
    path = parts / tickets.NAME
    path.write_text(path.read_text().replace(NAME, "../../evil.gguf"))
    assert opened().list() == ()


def test_what_is_not_there_is_told(opened: Callable[[], Downloads]) -> None:
    for act in (opened().pause, opened().resume, opened().cancel):
        with pytest.raises(FileMissing, match="no download of x"):
            act("x")


def test_many_threads_may_look_and_act(
    server: HubServer, models: Path, opened: Callable[[], Downloads]
) -> None:
    queue, items = opened(), three_models(server)
    failures: list[BaseException] = []

    def poke(number: int) -> None:
        try:
            for turn in range(20):
                queue.start(items[(number + turn) % 3])
                queue.list()
                if turn % 5 == number % 5:
                    queue.pause(items[number % 3].id)
                    queue.resume(items[number % 3].id)
        except BaseException as error:  # noqa: BLE001 (shown below)
            failures.append(error)

    threads = [threading.Thread(target=poke, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for item in items:
        wait_for(queue, item.id, "finished")
        assert accepted(models / item.id) == [f"{item.id}.gguf"]


def test_speed_is_of_the_last_seconds() -> None:
    speed = Speed(5)
    for second in range(20):
        assert speed.add(second, second * 100) == (100 if second else 0)
    assert speed.add(22, 1900) == pytest.approx(1900 / 22 * 0 + (1900 - 1700) / 5)
    assert speed.add(40, 1900) == 0
