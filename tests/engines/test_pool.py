"""One engine at a time, whoever asks."""

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from glmdesk.engines.base import Engine, ModelInfo, Price, Request
from glmdesk.engines.pool import Pool, Progress, Status
from glmdesk.errors import EngineError, ModelMissing
from glmdesk.messages import Event


class Recorded:
    """An engine that notes what is done with it, and with the others."""

    def __init__(self, model: str, log: list[str]) -> None:
        self.info = ModelInfo(id=model, name=model, n_ctx=1)
        self._log = log
        log.append(f"load {model}")

    def price(self, request: Request) -> Price:
        raise NotImplementedError

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        raise NotImplementedError

    def stream(
        self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
    ) -> Iterator[Event]:
        raise NotImplementedError

    def forget(self, conversation: str) -> None:
        pass

    def close(self) -> None:
        self._log.append(f"close {self.info.id}")


class Loader:
    """Loads recorded engines; "missing" fails, "odd" fails in an unexpected way."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.log: list[str] = []
        self.seen: list[Status] = []
        self.pool = Pool(self)
        self._seconds = seconds

    def __call__(self, model: str, progress: Progress) -> Engine:
        self.seen.append(self.pool.status)
        time.sleep(self._seconds)
        if model == "missing":
            raise ModelMissing("There is no such model.")
        if model == "odd":
            raise ZeroDivisionError
        progress(0.5)
        self.seen.append(self.pool.status)
        return Recorded(model, self.log)


def test_loaded_once() -> None:
    loader = Loader()
    assert loader.pool.status == Status(model="", state="empty")
    assert loader.pool.live() is None
    engine = loader.pool.engine("a")
    assert loader.pool.engine("a") is engine
    assert loader.pool.live() is engine
    assert loader.log == ["load a"]
    assert loader.pool.status == Status(model="a", state="ready", progress=1.0)
    assert loader.seen == [
        Status(model="a", state="loading"),
        Status(model="a", state="loading", progress=0.5),
    ]


def test_a_switch_unloads_first() -> None:
    loader = Loader()
    loader.pool.engine("a")
    loader.pool.engine("b")
    assert loader.log == ["load a", "close a", "load b"]


def test_a_failed_load_leaves_no_engine() -> None:
    loader = Loader()
    loader.pool.engine("a")
    with pytest.raises(ModelMissing):
        loader.pool.engine("missing")
    assert loader.log == ["load a", "close a"]
    assert loader.pool.live() is None
    assert loader.pool.status == Status(
        model="missing", state="failed", message="There is no such model."
    )
    assert loader.pool.engine("a") is loader.pool.live()


def test_an_unexpected_failure_leaves_nothing_loading() -> None:
    loader = Loader()
    with pytest.raises(ZeroDivisionError):
        loader.pool.engine("odd")
    assert loader.pool.status.state == "empty"
    assert loader.pool.live() is None


def test_threads_that_ask_at_once_get_one_engine() -> None:
    loader = Loader(seconds=0.05)
    engines: list[Engine] = []
    threads = [
        threading.Thread(target=lambda: engines.append(loader.pool.engine("a"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.log == ["load a"]
    assert len(engines) == 8
    assert len({id(engine) for engine in engines}) == 1


def test_an_engine_that_is_being_unloaded_is_not_live() -> None:
    loader = Loader()
    seen: list[Engine | None] = []
    engine = loader.pool.engine("a")
    assert isinstance(engine, Recorded)
    engine.close = lambda: seen.append(loader.pool.live())  # type: ignore[method-assign]
    loader.pool.engine("b")
    assert seen == [None]


def test_close() -> None:
    loader = Loader()
    loader.pool.close()
    loader.pool.engine("a")
    loader.pool.close()
    assert loader.log == ["load a", "close a"]
    assert loader.pool.status.state == "empty"
    assert loader.pool.engine("a") is loader.pool.live()


def test_closing_gives_up_what_is_being_loaded() -> None:
    begun, raised = threading.Event(), threading.Event()

    def load(model: str, progress: Progress) -> Engine:
        begun.set()
        try:
            for _ in range(1000):
                progress(0.5)
                time.sleep(0.01)
        except EngineError:
            raised.set()
            raise
        raise AssertionError("it went on loading")

    pool = Pool(load)
    thread = threading.Thread(target=lambda: pytest.raises(EngineError, pool.engine, "big"))
    thread.start()
    assert begun.wait(5)
    pool.stop_loading()
    thread.join(5)
    assert raised.is_set()
    assert pool.live() is None
    with pytest.raises(EngineError, match="closing"):
        pool.engine("small")


def test_blocks_for_one_model_run_together_and_another_waits() -> None:
    loader = Loader()
    with loader.pool.use("a") as one, loader.pool.use("a") as two:
        assert one is two
        switched = threading.Thread(target=lambda: loader.pool.engine("b"))
        switched.start()
        switched.join(0.1)
        assert switched.is_alive()
        assert loader.log == ["load a"]
    switched.join(5)
    assert loader.log == ["load a", "close a", "load b"]


def test_who_waits_for_another_model_is_not_overtaken() -> None:
    loader, order = Loader(), list[str]()

    def use(model: str) -> None:
        with loader.pool.use(model):
            order.append(model)

    with loader.pool.use("a"):
        threads = [threading.Thread(target=use, args=[model]) for model in ("b", "a")]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
    for thread in threads:
        thread.join(5)
    assert order == ["b", "a"]


def test_what_is_no_longer_wanted_loads_nothing() -> None:
    loader = Loader()
    loader.pool.engine("a")
    with pytest.raises(EngineError), loader.pool.use("b", wanted=lambda: False):
        raise AssertionError("it was given an engine")
    assert loader.log == ["load a"]
