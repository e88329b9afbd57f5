import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from glmdesk.child import Limits, Pipe
from glmdesk.documents.page import Inspected, Sheet
from glmdesk.documents.processes import seat as seats
from glmdesk.documents.processes.seat import Lost, Patience, Seat
from glmdesk.documents.protocol import Inspect, Opened, ReadDocument, Ready
from tests.documents import trapped
from tests.documents.samples import put

PATIENCE = Patience(answer_s=30, whole_s=30)


@pytest.fixture
def seat(folder: Path) -> Iterator[Seat]:
    with closing(Seat(folder / "reader.log")) as seat:
        yield seat


@pytest.fixture
def request_(folder: Path) -> Inspect:
    return Inspect(path=put(folder, "a.txt", b"hello"), name="a.txt")


def sends_code(pipe: Pipe) -> None:
    pipe.send(Ready())
    pipe.receive()
    pipe._connection.send_bytes(b"cos\nsystem\n(S'true'\ntR.")
    pipe.receive()


def dies(pipe: Pipe) -> None:
    pipe.send(Ready())
    pipe.receive()
    sys.exit(7)


def test_a_child_serves_many_requests(seat: Seat, request_: Inspect) -> None:
    first, second = (list(seat.exchange(request_, PATIENCE)) for _ in range(2))
    assert first == second
    assert isinstance(first[0], Inspected)
    assert seat.pid


@pytest.mark.parametrize(
    ("behaviour", "how"),
    [(sends_code, "it sent what cannot be an answer"), (dies, r"ended \(exit code 7\)")],
)
def test_a_child_that_misbehaves_is_gone(
    seat: Seat,
    request_: Inspect,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Callable[[Pipe], None],
    how: str,
) -> None:
    monkeypatch.setattr(seats, "begin", behaviour)
    with pytest.raises(Lost, match=how) as caught:
        list(seat.exchange(request_, PATIENCE))
    assert caught.value.started
    assert seat.pid == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")
def test_a_child_that_cannot_start_says_so(folder: Path, request_: Inspect) -> None:
    with closing(Seat(folder / "log", Limits(memory=30 * 2**20))) as seat:
        with pytest.raises(Lost) as caught:
            list(seat.exchange(request_, PATIENCE))
        assert not caught.value.started


def test_an_exchange_given_up_halfway_ends_the_child(seat: Seat, request_: Inspect) -> None:
    document = seat.exchange(request_, PATIENCE)
    document.close()
    assert len(list(seat.exchange(request_, PATIENCE))) == 1


def test_a_closed_seat_stays_empty(seat: Seat, request_: Inspect) -> None:
    seat.warm()
    pid = seat.pid
    seat.close()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(pid)
    with pytest.raises(Lost, match="closed"):
        list(seat.exchange(request_, PATIENCE))
    assert seat.pid == 0


def asks_nothing_more(pipe: Pipe) -> None:
    pipe.send(Ready())
    while True:
        pipe.receive()
        pipe.send(Opened(pages=10**6))
        for number in range(1, 10**6):
            pipe.send(Sheet(number=number, text=""))


def test_each_answer_has_its_time(
    seat: Seat, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.txt", trapped.HANGS.encode())
    seat.warm()
    list(seat.exchange(Inspect(path=path, name="a"), PATIENCE))
    answers = seat.exchange(ReadDocument(path=path, name="a"), Patience(answer_s=0.2, whole_s=30))
    assert next(answers) == Opened(pages=1)
    with pytest.raises(Lost) as caught:
        next(answers)
    assert caught.value.slow
    assert seat.pid == 0


def test_all_answers_have_their_time(
    seat: Seat, request_: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", asks_nothing_more)
    request = ReadDocument(path=request_.path, name="a")
    with pytest.raises(Lost) as caught:
        list(seat.exchange(request, Patience(answer_s=30, whole_s=0.3)))
    assert caught.value.slow


def test_it_is_ready_when_its_libraries_are_loaded(seat: Seat, request_: Inspect) -> None:
    assert not seat.ready
    list(seat.exchange(request_, PATIENCE))
    assert seat.ready
    assert seat.knows(request_.path)
    seat.empty()
    assert not seat.ready
    assert not seat.knows(request_.path)
