"""llama.cpp is asked for the GPUs ahead of need, and never is old free memory taken for new."""

import threading

import pytest

from glmdesk.errors import EngineError
from glmdesk.library.fitting.hardware import Gpu
from glmdesk.supply.probing import Probing
from tests.supply.stock import GB

CUDA = Gpu(name="CUDA0", free=23 * GB, total=24 * GB)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(found: tuple[Gpu, ...]) -> tuple[Probing, Clock, list[float]]:
    clock, asked = Clock(), list[float]()

    def probe() -> tuple[Gpu, ...]:
        asked.append(clock.now)
        return found

    return Probing(probe, clock), clock, asked


def test_once_unless_it_must_be_now_and_is_old() -> None:
    probing, clock, asked = counted((CUDA,))
    assert [probing.gpus() for _ in range(3)] == [(CUDA,)] * 3
    probing.gpus(now=True)
    assert asked == [0]
    clock.now = 4.9
    probing.gpus(now=True)
    assert asked == [0]
    clock.now = 5.1
    probing.gpus()
    assert asked == [0]
    probing.gpus(now=True)
    probing.gpus(now=True)
    assert asked == [0, 5.1]


def test_a_machine_without_any_is_asked_once() -> None:
    probing, clock, asked = counted(())
    for clock.now in (0, 100, 200):
        assert probing.gpus(now=True) == ()
    assert asked == [0]


def test_who_needs_it_waits_for_the_one_who_asks_already() -> None:
    asked: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def probe() -> tuple[Gpu, ...]:
        asked.append(1)
        begun.set()
        assert go_on.wait(20)
        return (CUDA,)

    probing, found = Probing(probe), list[tuple[Gpu, ...]]()
    probing.warm()
    assert begun.wait(20)
    waits = threading.Thread(target=lambda: found.append(probing.gpus(now=True)))
    waits.start()
    go_on.set()
    waits.join()
    assert (asked, found) == ([1], [(CUDA,)])


def test_a_probe_that_fails_is_asked_again() -> None:
    errors = [EngineError("It died.")]

    def probe() -> tuple[Gpu, ...]:
        if errors:
            raise errors.pop()
        return (CUDA,)

    probing = Probing(probe)
    with pytest.raises(EngineError, match="It died"):
        probing.gpus()
    assert probing.gpus() == (CUDA,)
