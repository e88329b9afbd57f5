"""Start, limit and watch a child process that owns native code, and talk to it in plain values.

The child ends when its parent does, because its end of the pipe closes. What it writes to stderr
lands in a file, so that its last words can be read after it died. Only dataclasses of glmdesk and
plain values pass the pipe: whatever happens inside a child, it cannot send code.
"""

import faulthandler
import io
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

SECRETS = ("TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL")
"""Environment names with one of these words never reach a child."""

_starting = threading.Lock()

_PLAIN = {
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "Path"),
    ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"), ("pathlib._local", "Path"),
}  # fmt: skip


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("glmdesk.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and is_dataclass(found) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} may not pass between processes")


class Pipe:
    """One end of a two-way pipe; several threads may send."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, value: object) -> None:
        """Raises OSError or ValueError when the other side is gone."""
        data = pickle.dumps(value, protocol=5)
        with self._lock:
            self._connection.send_bytes(data)

    def receive(self) -> Any:
        """Wait for the next value. Raises EOFError when the other side is gone."""
        try:
            data = self._connection.recv_bytes()
        except OSError as error:
            raise EOFError from error
        return _Reader(io.BytesIO(data)).load()

    def ready(self, seconds: float) -> bool:
        """Whether a value (or the end) can be received within `seconds`."""
        return self._connection.poll(seconds)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a child may use, where the system can hold it to that; 0 is no limit."""

    memory: int = 0
    """Bytes of address space."""
    cpu_seconds: int = 0
    file_size: int = 0
    """Bytes of any file it writes."""


class Child:
    """A running child process and the pipe to it."""

    def __init__(
        self,
        target: Callable[[Pipe], None],
        name: str,
        stderr: Path,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.pipe = Pipe(ours)
        self._reaping = threading.Lock()
        self.stderr = stderr
        stderr.parent.mkdir(parents=True, exist_ok=True)
        self._process = context.Process(
            target=_begin, args=(target, theirs, stderr, limits or Limits()), name=name, daemon=True
        )
        with _environment(environment or {}):
            self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        return not self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        if not multiprocessing.connection.wait([self._process.sentinel], seconds):
            return False
        self._reap()
        return True

    def kill(self) -> None:
        """End it now; nothing is left behind."""
        self._process.kill()
        self._reap()
        self.pipe.close()

    def _reap(self) -> None:
        with self._reaping:  # of two threads, the system tells only the first how it ended
            self._process.join()

    def how_it_ended(self) -> str:
        """ "stopped by the system (SIGKILL)", "exit code 3", ..."""
        code = None if self.alive else self._process.exitcode
        if code is None:
            return "still running"
        if code == -getattr(signal, "SIGKILL", 9):
            return "stopped by the system (SIGKILL), as happens when memory runs out"
        if code < 0:
            return f"crashed ({_signal_name(-code)})"
        return f"ended (exit code {code})"

    def last_words(self, lines: int = 12) -> list[str]:
        """The end of what it wrote to stderr."""
        try:
            with self.stderr.open("rb") as file:
                file.seek(max(0, self.stderr.stat().st_size - 8192))
                return file.read().decode("utf-8", errors="replace").splitlines()[-lines:]
        except OSError:
            return []


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """What is started meanwhile is born with `values`, where the person has not set the names already;
    some are read before the first line of Python."""
    with _starting:
        new = {name: value for name, value in values.items() if name not in os.environ}
        os.environ.update(new)
        try:
            yield
        finally:
            for name in new:
                del os.environ[name]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _begin(
    target: Callable[[Pipe], None],
    connection: "Connection[Any, Any]",
    stderr: Path,
    limits: Limits,
) -> None:
    """First thing in the child: cut it loose from the terminal, limit it, run the target."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    for name in [name for name in os.environ if any(word in name.upper() for word in SECRETS)]:
        del os.environ[name]
    _redirect(stderr)
    _limit(limits)
    target(Pipe(connection))


def _redirect(stderr: Path) -> None:
    file = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    faulthandler.enable(file=sys.__stderr__)  # type: ignore[arg-type]


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted: Iterable[tuple[int, int]] = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_size),
    )
    for kind, value in wanted:
        hard = resource.getrlimit(kind)[1]
        if kind == resource.RLIMIT_CORE or value:
            allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
            try:
                resource.setrlimit(kind, (allowed, hard))
            except (ValueError, OSError):
                continue  # macOS refuses some of them; the others still hold
