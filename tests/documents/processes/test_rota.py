import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from glmdesk.child import Pipe
from glmdesk.documents.processes import seat as seats
from glmdesk.documents.processes.rota import URGENT, Rota
from glmdesk.documents.processes.seat import Lost, Seat
from glmdesk.documents.protocol import Ready

HERE = Path("a")


def waits(pipe: Pipe) -> None:
    pipe.send(Ready())
    pipe.receive()


@pytest.fixture
def rota(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rota]:
    monkeypatch.setattr(seats, "begin", waits)
    with closing(Rota([Seat(folder / "1.log"), Seat(folder / "2.log")])) as rota:
        yield rota


def waiting(rota: Rota, count: int) -> Callable[[], bool]:
    return lambda: len(rota._waiting) == count


def until(rota: Rota, condition: Callable[[], bool]) -> None:
    with rota._changed:
        assert rota._changed.wait_for(condition, 10)


def test_two_at_a_time(rota: Rota) -> None:
    with rota.seat(URGENT, HERE) as one, rota.seat(URGENT, HERE) as two:
        assert one is not two


def test_short_errands_go_first_and_documents_in_their_order(rota: Rota) -> None:
    order: list[int] = []

    def work(rank: int) -> None:
        with rota.seat(rank, HERE):
            order.append(rank)

    with ThreadPoolExecutor(4) as threads, rota.seat(1, HERE):
        with rota.seat(1, HERE):
            for number, rank in enumerate((3, 1, URGENT, 2), start=1):
                threads.submit(work, rank)
                until(rota, waiting(rota, number))
            assert rota.pressed(1)
            assert not rota.pressed(URGENT)
            assert order == []
        until(rota, waiting(rota, 0))
    assert order == [URGENT, 1, 2, 3]


def test_another_child_sits_ready_after_the_first_errand(rota: Rota) -> None:
    rota.warm()
    assert [bool(seat.pid) for seat in rota.seats] == [True, False]
    with rota.seat(URGENT, HERE) as seat:
        assert seat.pid
    assert all(seat.pid for seat in rota.seats)


def test_the_seat_that_knows_the_file_is_taken(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    second = rota.seats[1]
    second._asked.append(HERE)
    with rota.seat(URGENT, HERE) as seat:
        assert seat is second
    with rota.seat(URGENT, Path("b")) as seat:
        assert seat in rota.seats


def test_all_that_nobody_uses(rota: Rota) -> None:
    with rota.seat(URGENT, HERE) as held, rota.idle() as idle:
        assert [seat is held for seat in idle] == [False]
        assert not rota.spare()
    with rota.idle() as idle:
        assert len(idle) == 2


def test_who_waits_is_told_of_the_end(rota: Rota) -> None:
    told = threading.Event()

    def wait() -> None:
        with pytest.raises(Lost, match="closed"), rota.seat(URGENT, HERE):
            pass
        told.set()

    with rota.seat(URGENT, HERE), rota.seat(URGENT, HERE):
        thread = threading.Thread(target=wait)
        thread.start()
        until(rota, waiting(rota, 1))
        rota.close()
        assert told.wait(10)
        thread.join()
    with pytest.raises(Lost, match="closed"), rota.seat(URGENT, HERE):
        pass
    assert [seat.pid for seat in rota.seats] == [0, 0]
