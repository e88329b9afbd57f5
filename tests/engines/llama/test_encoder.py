"""Pictures are encoded beside the chats, once, and for nobody not at all."""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.encoder import Encoder
from glmdesk.engines.llama.vision import Embeddings, EncodingCancelled
from glmdesk.errors import EngineError
from glmdesk.messages import Picture


def picture(name: str) -> Picture:
    return Picture(id=name, width=28, height=28, path=Path(f"{name}.rgb"), name=name)


class SlowVision:
    """Encodes when it is let; "bad" pictures fail."""

    def __init__(self) -> None:
        self.flag = CancelFlag()
        self.go = threading.Semaphore(0)
        self.begun: list[str] = []

    def encode(self, shown: Picture) -> Embeddings:
        self.begun.append(shown.id)
        while not self.go.acquire(timeout=0.01):
            if self.flag.is_set:
                raise EncodingCancelled
        if shown.id.startswith("bad"):
            raise EngineError("It cannot be encoded.")
        if shown.id.startswith("odd"):
            raise ZeroDivisionError("odd")
        return Embeddings(floats=(ctypes.c_float * 256)(), n_tokens=4, sections=(), causal=True)


class Told:
    """Counts what the encoder tells, and waits for the next."""

    def __init__(self) -> None:
        self._count = threading.Semaphore(0)

    def __call__(self) -> None:
        self._count.release()

    def wait(self) -> None:
        assert self._count.acquire(timeout=5)


@pytest.fixture
def parts() -> Iterator[tuple[SlowVision, Encoder, Told]]:
    vision, told = SlowVision(), Told()
    encoder = Encoder(vision, told, memory=3 * 1024)  # type: ignore[arg-type]
    yield vision, encoder, told
    encoder.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


Parts = tuple[SlowVision, Encoder, Told]


def test_encoded_once_and_remembered(parts: Parts) -> None:
    vision, encoder, told = parts
    one = picture("one")
    assert encoder.outcome(one) is None
    encoder.want(one)
    vision.go.release()
    told.wait()
    assert isinstance(encoder.outcome(one), Embeddings)
    encoder.drop(one)
    encoder.want(one)
    assert isinstance(encoder.outcome(one), Embeddings)
    assert vision.begun == ["one"]


def test_two_chats_want_the_same(parts: Parts) -> None:
    vision, encoder, told = parts
    one = picture("one")
    encoder.want(one)
    encoder.want(one)
    encoder.drop(one)
    vision.go.release()
    told.wait()
    assert isinstance(encoder.outcome(one), Embeddings)
    assert vision.begun == ["one"]


def test_for_nobody_it_is_stopped(parts: Parts) -> None:
    vision, encoder, told = parts
    one, two = picture("one"), picture("two")
    encoder.want(one)
    wait_until(lambda: vision.begun == ["one"])
    encoder.drop(one)
    encoder.want(two)
    wait_until(lambda: vision.begun == ["one", "two"])
    vision.go.release()
    while encoder.outcome(two) is None:
        told.wait()
    assert encoder.outcome(one) is None


def test_the_oldest_is_forgotten(parts: Parts) -> None:
    vision, encoder, told = parts
    for name in "abcd":
        encoder.want(picture(name))
        vision.go.release()
        told.wait()
    assert all(encoder.outcome(picture(name)) for name in "abcd"), "all are still waited for"
    for name in "abcd":
        encoder.drop(picture(name))
    kept = [name for name in "abcd" if encoder.outcome(picture(name)) is not None]
    assert kept == ["b", "c", "d"]


@pytest.mark.parametrize("name", ["bad", "odd"])
def test_a_failure_is_told_and_can_be_tried_again(parts: Parts, name: str) -> None:
    vision, encoder, told = parts
    shown = picture(name)
    encoder.want(shown)
    vision.go.release()
    told.wait()
    assert isinstance(encoder.outcome(shown), EngineError)
    encoder.drop(shown)
    assert encoder.outcome(shown) is None
    encoder.want(shown)
    vision.go.release()
    told.wait()
    assert vision.begun == [name, name]
