"""The engine in its worker process: load errors, stops, deaths, and nothing left behind."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from glmdesk.child import Child
from glmdesk.engines.base import Request
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.host import CANCEL_DEADLINE_S, LlamaEngine, _serve
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.errors import (
    EngineDied,
    EngineError,
    ModelMissing,
)
from glmdesk.messages import Answer, Event, Failed, Finished, Reading, Thinking
from glmdesk.sampling import GREEDY
from tests.engines.chats import answer_of, ask, failed, finished, plain_picture, say, thinking_of
from tests.engines.llama.requests import GREETING, HELLO, LONG, opened, request, run


@pytest.fixture
def engine(pico_spec: LoadSpec, tmp_path: Path) -> Iterator[LlamaEngine]:
    """An engine of the test's own, to be killed."""
    engine = LlamaEngine(pico_spec, tmp_path / "log")
    yield engine
    engine.close()


def kill(engine: LlamaEngine) -> int:
    """Kill the worker and wait until all of it has ended, its threads too."""
    pid = engine.worker_pid
    os.kill(pid, signal.SIGKILL)
    assert engine._child.wait(5)
    return pid


def gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


# Answers


def test_what_the_model_is(pico_engine: LlamaEngine) -> None:
    info = pico_engine.info
    assert (info.id, info.n_ctx, info.vision, info.thinking) == ("pico", 2048, True, True)
    assert (info.image_min_tokens, info.image_max_tokens) == (8, 16)


def test_an_answer_with_thinking(pico_engine: LlamaEngine) -> None:
    events = run(pico_engine, request("Count to 5.", think=True))
    assert thinking_of(events) == "I count from 1 to 5."
    assert answer_of(events) == "1 2 3 4 5"
    kinds = [type(event) for event in events]
    assert kinds == sorted(kinds, key=[Reading, Thinking, Answer, Finished].index)


def test_prices_are_what_is_read(pico_engine: LlamaEngine, tmp_path: Path) -> None:
    messages = [
        say("system", "Answer briefly."),
        ask(plain_picture(tmp_path), "Describe the image."),
    ]
    wanted = Request(messages=messages, sampling=GREEDY)
    price = pico_engine.price(wanted)
    assert price.exact
    assert len(price.per_message) == 2
    assert price.total == finished(run(pico_engine, wanted)).usage.prompt_tokens


def test_what_the_template_refuses_fails_with_a_sentence(pico_engine: LlamaEngine) -> None:
    nothing = Request(messages=[], sampling=GREEDY)
    assert failed(run(pico_engine, nothing)).code == "engine"
    with pytest.raises(EngineError, match="nothing to answer"):
        pico_engine.price(nothing)


def test_too_long_fails_with_a_sentence(pico_engine: LlamaEngine) -> None:
    event = failed(run(pico_engine, request("lima " * 5000)))
    assert event.code == "context_full"
    assert "Nothing is lost" in event.message
    assert answer_of(run(pico_engine, HELLO)) == GREETING


# Stops


def test_a_stop_ends_the_answer(
    pico_engine: LlamaEngine, record_testsuite_property: Callable[[str, object], None]
) -> None:
    stop, asked = threading.Event(), 0.0
    events: list[Event] = []
    for event in pico_engine.stream(LONG, stop):
        events.append(event)
        if isinstance(event, Answer) and not stop.is_set():
            asked = time.monotonic()
            stop.set()
    record_testsuite_property("stop while writing, ms", round(1000 * (time.monotonic() - asked)))
    assert finished(events).reason in ("cancelled", "stop")
    assert time.monotonic() - asked < CANCEL_DEADLINE_S
    assert answer_of(run(pico_engine, HELLO)) == GREETING


@pytest.mark.model
@pytest.mark.slow
def test_a_stop_while_a_long_prompt_is_read(
    smollm2_spec: LoadSpec,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    long = Request(messages=[ask("The river runs past the old mill and on. " * 300)])
    with opened(smollm2_spec, tmp_path) as engine:
        latencies = []
        for delay in (0.05, 0.4, 1.0):
            stop = threading.Event()
            pid, asked = engine.worker_pid, 0.0
            for event in engine.stream(long, stop):
                if isinstance(event, Reading) and not stop.is_set():
                    time.sleep(delay)
                    asked = time.monotonic()
                    stop.set()
            latencies.append(time.monotonic() - asked)
            assert isinstance(event, Finished)
            assert event.reason == "cancelled"
            assert engine.worker_pid == pid
            assert psutil.pid_exists(pid)
        assert finished(run(engine, replace(HELLO, max_tokens=4))).reason in ("length", "stop")
    record_testsuite_property("stop while reading, ms", [round(1000 * one) for one in latencies])
    assert max(latencies) < CANCEL_DEADLINE_S


def test_stopped_before_it_began(pico_engine: LlamaEngine) -> None:
    stop = threading.Event()
    stop.set()
    assert finished(run(pico_engine, LONG, stop)).reason == "cancelled"
    assert answer_of(run(pico_engine, HELLO)) == GREETING


def test_a_worker_that_does_not_obey_is_killed(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glmdesk.engines.llama.host.CANCEL_DEADLINE_S", 0.1)
    pid, stop = engine.worker_pid, threading.Event()
    os.kill(pid, signal.SIGSTOP)
    stop.set()
    assert finished(run(engine, LONG, stop)).reason == "cancelled"
    assert gone(pid)
    assert answer_of(run(engine, HELLO)) == GREETING


def test_a_reader_that_walks_away_cancels(pico_engine: LlamaEngine) -> None:
    stream = pico_engine.stream(LONG, threading.Event())
    assert isinstance(stream, Iterator)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert answer_of(run(pico_engine, HELLO)) == GREETING


# Several at once


def test_streams_at_once(pico_engine: LlamaEngine) -> None:
    """Five for four slots: each says what it would alone, and none waits for the end of all others."""
    answers: dict[int, str] = {}
    order: list[int] = []

    def listen(number: int) -> None:
        count = 50 if number == 0 else 5
        answers[number] = answer_of(run(pico_engine, request(f"Count to {count}.")))
        order.append(number)

    threads = [threading.Thread(target=listen, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.pop(0) == " ".join(map(str, range(1, 51)))
    assert set(answers.values()) == {"1 2 3 4 5"}
    assert order[-1] == 0


def test_a_stop_while_another_answers(pico_engine: LlamaEngine) -> None:
    first = pico_engine.stream(LONG, threading.Event())
    next(first)
    stop = threading.Event()
    stop.set()
    assert finished(run(pico_engine, HELLO, stop)).reason == "cancelled"
    assert answer_of(first) == " ".join(map(str, range(1, 51)))


def test_a_price_is_told_while_an_answer_runs(pico_engine: LlamaEngine) -> None:
    alone = pico_engine.price(HELLO)
    for event in pico_engine.stream(LONG, threading.Event()):
        if isinstance(event, Answer):
            assert pico_engine.price(HELLO) == alone
            break


def test_pictures_are_priced_while_others_are_read(
    pico_engine: LlamaEngine, tmp_path: Path
) -> None:
    """The control thread asks llama.cpp for sizes while the main thread encodes."""
    prices: list[int] = []

    def price() -> None:
        for side in (84, 112, 84, 112) * 5:
            shown = plain_picture(tmp_path, "blue", side)
            prices.append(pico_engine.price(request(shown, f"What is in it? {side}")).total)

    thread = threading.Thread(target=price)
    thread.start()
    for color in ("red", "green", "yellow", "black", "white", "gray"):
        events = run(pico_engine, request(*[plain_picture(tmp_path, color)] * 20, max_tokens=1))
        assert finished(events).usage.image_tokens == 320
    thread.join(60)
    assert len(set(prices)) == 2
    assert len(prices) == 20


# Deaths


def test_killed_while_it_answers(engine: LlamaEngine) -> None:
    pid, events = engine.worker_pid, []
    for event in engine.stream(LONG, threading.Event()):
        events.append(event)
        if isinstance(event, Answer) and psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)
    event = failed(events)
    assert event.code == EngineDied.code
    assert "SIGKILL" in event.message
    assert "text so far is kept" in event.message
    assert answer_of(events).startswith("1")
    assert not psutil.pid_exists(pid)
    assert answer_of(run(engine, HELLO)) == GREETING
    assert engine.worker_pid != pid


@pytest.mark.parametrize("ask_first", ["stream", "price"])
def test_killed_while_idle(engine: LlamaEngine, ask_first: str) -> None:
    price = engine.price(HELLO)
    pid = kill(engine)
    if ask_first == "price":
        assert engine.price(HELLO) == price
    assert answer_of(run(engine, HELLO)) == GREETING
    assert not psutil.pid_exists(pid)


@pytest.mark.slow
def test_killed_between_the_question_and_its_sending(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its listener has told everyone of the death before this question began to wait."""
    alive = engine._alive

    def found_alive() -> Child:
        child = alive()
        kill(engine)
        while engine._lost is not child:
            time.sleep(0.005)
        return child

    monkeypatch.setattr(engine, "_alive", found_alive)
    assert failed(run(engine, HELLO)).code == EngineDied.code
    with pytest.raises(EngineDied):
        engine.price(HELLO)


@pytest.mark.slow
def test_a_worker_that_sends_nonsense_is_ended(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no value of ours ends the worker: nobody would listen to it any more."""
    pid, pipe = engine.worker_pid, engine._child.pipe
    receive = pipe.receive

    def garbled() -> object:
        receive()
        raise pickle.UnpicklingError("os.system may not pass between processes")

    monkeypatch.setattr(pipe, "receive", garbled)
    assert failed(run(engine, HELLO)).code == EngineDied.code
    assert gone(pid)
    assert answer_of(run(engine, HELLO)) == GREETING


@pytest.mark.slow
def test_messages_that_mean_nothing_do_no_harm(engine: LlamaEngine) -> None:
    pid = engine.worker_pid
    for message in (protocol.Cancel(job=0), protocol.Cancel(job=10**9), {"job": 1}, None):
        engine._child.pipe.send(message)
    assert answer_of(run(engine, HELLO)) == GREETING
    assert engine.worker_pid == pid


@pytest.mark.slow
def test_the_model_is_deleted_while_it_is_loaded(pico_spec: LoadSpec, tmp_path: Path) -> None:
    path = tmp_path / "pico.gguf"
    path.write_bytes(pico_spec.model.read_bytes())
    with opened(replace(pico_spec, model=path, mmproj=None), tmp_path) as engine:
        assert answer_of(run(engine, HELLO)) == GREETING
        path.unlink()
        kill(engine)
        assert failed(run(engine, HELLO)).code == ModelMissing.code
        path.write_bytes(pico_spec.model.read_bytes())
        assert answer_of(run(engine, HELLO)) == GREETING


@pytest.mark.model
def test_a_worker_whose_parent_goes_while_it_loads_ends(
    smollm2_spec: LoadSpec, tmp_path: Path
) -> None:
    child = Child(_serve, "left alone", tmp_path / "log")
    child.pipe.send(smollm2_spec)
    child.pipe.close()
    assert child.wait(10)


def test_close_leaves_no_process(pico_spec: LoadSpec, tmp_path: Path) -> None:
    engine = LlamaEngine(pico_spec, tmp_path / "log")
    pid = engine.worker_pid
    stream = engine.stream(LONG, threading.Event())
    next(stream)
    engine.close()
    assert not psutil.pid_exists(pid)
    assert isinstance(list(stream)[-1], Finished | Failed)
    assert failed(run(engine, HELLO)).code == EngineError.code
    engine.close()


PARENT = """
import json, sys, threading
from pathlib import Path
from glmdesk.engines.base import Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Message, Text
from glmdesk.sampling import GREEDY

if __name__ == "__main__":
    model, log, wait = sys.argv[1:]
    engine = LlamaEngine(LoadSpec(id="pico", name="pico", model=Path(model), n_ctx=512), Path(log))
    message = Message(role="user", parts=(Text(text="Hello"),))
    request = Request(messages=[message], think="off", sampling=GREEDY)
    events = list(engine.stream(request, threading.Event()))
    native = sorted({name.split(".")[0] for name in sys.modules} & {"llama_cpp", "pymupdf", "fitz"})
    print(json.dumps({"worker": engine.worker_pid, "native": native, "events": len(events)}), flush=True)
    if wait == "wait":
        threading.Event().wait()
    engine.close()
"""


@pytest.fixture
def parent(pico_spec: LoadSpec, tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """Starts an app process of its own that loads pico and answers once."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)

    def start(wait: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(script), str(pico_spec.model), str(tmp_path / "log"), wait]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return start


def test_the_app_process_imports_nothing_native(
    parent: Callable[[str], subprocess.Popen[str]],
) -> None:
    with parent("go on") as process:
        output, _ = process.communicate(timeout=60)
    told = json.loads(output)
    assert process.returncode == 0
    assert told["native"] == []
    assert told["events"] > 3
    assert gone(told["worker"])


def test_the_worker_goes_when_its_parent_is_killed(
    parent: Callable[[str], subprocess.Popen[str]],
) -> None:
    with parent("wait") as process:
        assert process.stdout
        worker = json.loads(process.stdout.readline())["worker"]
        assert psutil.pid_exists(worker)
        process.kill()
        assert gone(worker, seconds=2)


def test_a_picture_that_fails_frees_its_slot_for_the_next(
    pico_spec: LoadSpec, tmp_path: Path
) -> None:
    missing = replace(plain_picture(tmp_path), id="missing", path=tmp_path / "missing.rgb")
    with opened(replace(pico_spec, n_slots=1), tmp_path) as engine:
        said: list[str] = []
        bad = threading.Thread(target=lambda: run(engine, request(missing, "What is it?")))
        good = threading.Thread(target=lambda: said.append(answer_of(run(engine, HELLO))))
        bad.start()
        good.start()
        bad.join(20)
        good.join(20)
        assert said == [GREETING]
