"""Child processes: what may pass the pipe, what a child is given, how it ends."""

import datetime
import io
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from glmdesk import child as module
from glmdesk.child import Child, Limits, Pipe
from glmdesk.engines.base import ModelInfo, Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import Generate
from glmdesk.messages import Message, Picture, Text

Start = Callable[..., Child]

unix = pytest.mark.skipif(sys.platform == "win32", reason="no limits and signals there")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts children that are ended with the test."""
    started: list[Child] = []

    def begin(
        target: Callable[[Pipe], None], limits: Limits | None = None, **environment: str
    ) -> Child:
        log = tmp_path / "log" / "child.log"
        started.append(Child(target, "test", log, limits, environment))
        return started[-1]

    yield begin
    for one in started:
        one.kill()
        assert not psutil.pid_exists(one.pid)


def echo(pipe: Pipe) -> None:
    while True:
        pipe.send(pipe.receive())


def names_of_environment(pipe: Pipe) -> None:
    pipe.send(sorted(os.environ))


def environment(pipe: Pipe) -> None:
    pipe.send(dict(os.environ))


def allocate(pipe: Pipe) -> None:
    try:
        bytearray(pipe.receive())
        pipe.send("got it")
    except MemoryError:
        pipe.send("MemoryError")


def write(pipe: Pipe) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        Path(pipe.receive()).write_bytes(bytes(1_000_000))
        pipe.send("written")
    except OSError:
        pipe.send("OSError")


def spin(pipe: Pipe) -> None:
    while True:
        pass


def mutter_and_end(pipe: Pipe) -> None:
    code = pipe.receive()
    sys.stderr.write("first words\n" * 2000 + "last words: größe\n")
    sys.stderr.flush()
    os.write(1, b"and on stdout\n")
    os._exit(code)


def crash(pipe: Pipe) -> None:
    os.abort()


def test_values_go_there_and_back(start: Start) -> None:
    pipe = start(echo).pipe
    picture = Picture(id="a", width=28, height=56, path=Path("a.rgb"))
    message = Message(role="user", parts=(Text(text="ä" * 100_000), picture))
    request = Request(messages=[message], tools=[{"name": "x", "deep": [1, 2.5, None, True]}])
    info = ModelInfo(id="x", name="x", n_ctx=1)
    for value in (None, 1, "x", b"\x00", (1, [2], {"k": {3}}), message, info, Generate(job=1, request=request)):  # fmt: skip
        pipe.send(value)
        assert pipe.ready(10)
        assert pipe.receive() == value


def test_several_threads_may_send(start: Start) -> None:
    pipe = start(echo).pipe
    sizes = [200_000 + number for number in range(8)]
    threads = [threading.Thread(target=pipe.send, args=(b"x" * size,)) for size in sizes]
    for thread in threads:
        thread.start()
    assert sorted(len(pipe.receive()) for _ in sizes) == sizes
    for thread in threads:
        thread.join()


class _Call:
    """Pickles as a call of a function, as an attacker's object does."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._reduced = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._reduced


def raw(module_name: str, name: str) -> bytes:
    """A pickle that only names something."""
    text = "".join(f"\x8c{chr(len(word))}{word}" for word in (module_name, name))
    return b"\x80\x04" + text.encode("latin-1") + b"\x93."


def load(data: bytes) -> object:
    """What a pipe makes of a pickle."""
    return module._Reader(io.BytesIO(data)).load()


FOREIGN = [
    pickle.dumps(_Call(os.system, "true")),
    pickle.dumps(_Call(eval, "1 + 1")),
    pickle.dumps(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
    pickle.dumps(ValueError("x")),
    pickle.dumps(LlamaEngine),
    pickle.dumps(_Call(pickle.loads, b"N.")),
    raw("glmdesk.paths", "shipped"),
    raw("glmdesk.child", "os.system"),
    raw("glmdesk.child", "Child"),
    raw("glmdesk.child", "dataclass"),
    raw("glmdesk.engines.base", "Message"),
    raw("glmdesk", "__version__"),
    raw("glmdeskx.messages", "Text"),
    raw("builtins", "eval"),
    raw("pathlib", "Path.home"),
    raw("pathlib", "os.system"),
]  # fmt: skip


@pytest.mark.parametrize("data", FOREIGN, ids=range(len(FOREIGN)))
def test_foreign_classes_and_functions_do_not_pass(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match="may not pass between processes"):
        load(data)


def test_a_child_does_not_survive_what_may_not_pass(start: Start) -> None:
    one = start(echo)
    one.pipe._connection.send_bytes(FOREIGN[0])
    with pytest.raises(EOFError):
        one.pipe.receive()
    assert one.wait(10)
    assert "may not pass between processes" in "\n".join(one.last_words())


def test_known_names_pass() -> None:
    assert load(raw("glmdesk.messages", "Text")) is Text
    assert load(raw("pathlib", "Path")) is Path


def test_secrets_do_not_reach_a_child(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "My_Secret", "DB_PASSWORD", "AWS_CREDENTIALS"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("GLMDESK_TEST_HARMLESS", "1")
    seen = start(names_of_environment).pipe.receive()
    assert "GLMDESK_TEST_HARMLESS" in seen
    assert not [name for name in seen if any(word in name.upper() for word in module.SECRETS)]


@unix
def test_memory_is_limited(start: Start) -> None:
    pipe = start(allocate, Limits(memory=1 << 30)).pipe
    pipe.send(2 << 30)
    assert pipe.receive() == "MemoryError"
    free = start(allocate).pipe
    free.send(1 << 20)
    assert free.receive() == "got it"


@unix
def test_files_are_limited(start: Start, tmp_path: Path) -> None:
    pipe = start(write, Limits(file_size=100_000)).pipe
    pipe.send(str(tmp_path / "large"))
    assert pipe.receive() == "OSError"


@unix
@pytest.mark.slow
def test_time_is_limited(start: Start) -> None:
    one = start(spin, Limits(cpu_seconds=1))
    assert one.wait(30)
    assert "SIGXCPU" in one.how_it_ended() or "SIGKILL" in one.how_it_ended()


def test_last_words(start: Start) -> None:
    one = start(mutter_and_end)
    assert one.alive
    assert one.how_it_ended() == "still running"
    one.pipe.send(3)
    assert one.wait(10)
    assert one.how_it_ended() == "ended (exit code 3)"
    words = one.last_words(3)
    assert words == ["first words", "last words: größe", "and on stdout"]
    assert len(one.last_words()) == 12


def test_no_last_words(start: Start, tmp_path: Path) -> None:
    one = start(echo)
    one.pipe.send(1)
    one.pipe.receive()
    one.kill()
    assert one.last_words() == []
    one.stderr.unlink()
    assert one.last_words() == []


@unix
def test_a_crash_is_named(start: Start) -> None:
    one = start(crash)
    assert one.wait(10)
    assert one.how_it_ended() == "crashed (SIGABRT)"
    assert "Fatal Python error: Aborted" in one.last_words(40)


@unix
def test_a_kill_is_named(start: Start) -> None:
    one = start(echo)
    os.kill(one.pid, signal.SIGKILL)
    assert one.wait(10)
    assert "SIGKILL" in one.how_it_ended()
    assert not one.alive


def test_kill_twice(start: Start) -> None:
    one = start(echo)
    one.kill()
    one.kill()
    with pytest.raises((OSError, ValueError)):
        one.pipe.send(1)
    with pytest.raises(EOFError):
        one.pipe.receive()


def test_threads_agree_that_it_ended(start: Start) -> None:
    """Only one thread is told by the system; the others must not take the child for alive."""
    one = start(mutter_and_end)
    told: list[str] = []

    def watch() -> None:
        if one.wait(10) and not one.alive:
            told.append(one.how_it_ended())

    threads = [threading.Thread(target=watch) for _ in range(8)]
    for thread in threads:
        thread.start()
    one.pipe.send(4)
    for thread in threads:
        thread.join()
    assert told == ["ended (exit code 4)"] * 8


@unix
def test_a_child_has_no_part_in_ctrl_c(start: Start) -> None:
    one = start(echo)
    one.pipe.send(1)
    assert one.pipe.receive() == 1
    assert os.getpgid(one.pid) != os.getpgid(0)
    os.kill(one.pid, signal.SIGINT)
    assert not one.wait(0.05)
    one.pipe.send(2)
    assert one.pipe.receive() == 2


def test_what_a_child_is_born_with_is_its_own(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_BY_THE_PERSON", "mine")
    born = start(environment, NEW="new", SET_BY_THE_PERSON="other").pipe.receive()
    assert (born["NEW"], born["SET_BY_THE_PERSON"]) == ("new", "mine")
    assert "NEW" not in os.environ
    assert "NEW" not in start(environment).pipe.receive()
