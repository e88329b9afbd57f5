"""Damage on disk is found to the block, and only those blocks are fetched again."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk.errors import DownloadDamaged, ModelMissing, UnreachableError
from glmdesk.library.hubs.sources import Hub
from glmdesk.library.transfers.hashing import BLOCK
from glmdesk.library.transfers.verify import Damage, Repair, verify
from tests.hub.faults import Cut, Flip, Refuse, Status, Whole
from tests.hub.server import HubServer
from tests.library.transfers.fetching import FAST, MIB, Fetched, gguf, hub_of, is_right, publish

FILES = {"a-00001-of-00002.gguf": gguf(10 * MIB, 1), "a-00002-of-00002.gguf": gguf(5 * MIB, 2)}
FIRST, SECOND = FILES


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def hub(server: HubServer, tmp_path: Path) -> Hub:
    hub = hub_of(server, tmp_path)
    assert Fetched(publish(server, dict(FILES)), tmp_path, hub).run()
    server.sent.clear()
    return hub


@pytest.fixture
def folder(hub: Hub, tmp_path: Path) -> Path:
    return tmp_path / "small"


def hurt(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def test_a_good_model_is_good(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert verify(folder, lambda done, total: seen.append((done, total))) == ()
    assert seen[-1] == (15 * MIB, 15 * MIB)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("place", "block"), [(0, 0), (BLOCK - 1, 0), (BLOCK, 1), (10 * MIB - 1, 2), (9 * MIB, 2)]
)
def test_one_bit_costs_one_block(
    place: int, block: int, folder: Path, hub: Hub, server: HubServer
) -> None:
    hurt(folder / FIRST, place)
    damage = verify(folder)
    assert damage == (Damage(name=FIRST, blocks=(block,)),)
    seen: list[tuple[int, int]] = []
    repair = Repair(folder, hub, FAST)
    assert repair.run(damage, threading.Event(), lambda done, total: seen.append((done, total)))
    assert is_right(folder, dict(FILES))
    assert verify(folder) == ()
    size = damage[0].bytes(10 * MIB)
    assert seen[-1] == (size, size)
    assert sum(server.sent.values()) == size


def test_cut_off_grown_and_missing(folder: Path, hub: Hub) -> None:
    os.truncate(folder / FIRST, 5 * MIB)
    (folder / SECOND).unlink()
    damage = verify(folder)
    assert damage == (
        Damage(name=FIRST, blocks=(1, 2)),
        Damage(name=SECOND, blocks=(0, 1), missing=True),
    )
    assert Repair(folder, hub, FAST).run(damage, threading.Event())
    with (folder / FIRST).open("ab") as file:
        file.write(b"more")
    grown = verify(folder)
    assert grown == (Damage(name=FIRST, blocks=()),)
    assert Repair(folder, hub, FAST).run(grown, threading.Event())
    assert verify(folder) == ()
    assert is_right(folder, dict(FILES))


def test_repair_bears_faults(folder: Path, hub: Hub, server: HubServer) -> None:
    hurt(folder / FIRST, 1)
    server.faults(FIRST, [Cut(1000), Status(503), Flip(3), Whole(), Refuse()])
    assert Repair(folder, hub, FAST).run(verify(folder), threading.Event())
    assert verify(folder) == ()


def test_repair_writes_nothing_that_was_not_recorded(
    folder: Path, hub: Hub, server: HubServer
) -> None:
    hurt(folder / FIRST, 1)
    before = (folder / FIRST).read_bytes()
    server.always(FIRST, Flip(3))
    with pytest.raises(DownloadDamaged, match="mended"):
        Repair(folder, hub, FAST).run(verify(folder), threading.Event())
    assert (folder / FIRST).read_bytes() == before


def test_repair_gives_up_and_can_be_stopped(folder: Path, hub: Hub, server: HubServer) -> None:
    hurt(folder / FIRST, 1)
    damage = verify(folder)
    stop = threading.Event()
    stop.set()
    assert not Repair(folder, hub, FAST).run(damage, stop)
    server.always(FIRST, Refuse())
    with pytest.raises(UnreachableError):
        Repair(folder, hub, FAST).run(damage, threading.Event())
    server.clear()
    assert Repair(folder, hub, FAST).run(damage, threading.Event())


def test_what_is_mended_before_the_hub_is_gone_is_told(
    folder: Path, hub: Hub, server: HubServer
) -> None:
    hurt(folder / FIRST, 1)
    hurt(folder / SECOND, 1)
    server.always(SECOND, Refuse())
    with pytest.raises(UnreachableError, match="1 of 2 damaged blocks are mended; the rest is as"):
        Repair(folder, hub, FAST).run(verify(folder), threading.Event())
    assert verify(folder) == (Damage(name=SECOND, blocks=(0,)),)
    assert not (folder / ".download").exists()


def test_a_folder_of_someone_else_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="did not fetch it"):
        verify(tmp_path)


def test_a_stopped_look_blames_nothing(folder: Path) -> None:
    hurt(folder / FIRST, 1)
    stop = threading.Event()
    found = verify(folder, lambda done, total: stop.set(), stop)
    assert found == (Damage(name=FIRST, blocks=(0,)),)
