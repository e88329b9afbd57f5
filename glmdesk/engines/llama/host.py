"""The app's side of the engine worker: start it, talk to it, notice its death, start it again.

Nothing native is imported here. When the worker dies, the answer under way ends with a sentence that
says why and keeps its text; the next request starts a new worker.
"""

import itertools
import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from glmdesk.child import Child, Pipe
from glmdesk.engines.base import ModelInfo, Price, Request
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.pages import LARGE_PAGES
from glmdesk.errors import EngineDied, EngineError, EngineOutOfMemory, GlmdeskError, rebuild
from glmdesk.messages import Event, Failed, Finished

_log = logging.getLogger(__name__)

POLL_S = 0.02
CANCEL_DEADLINE_S = 2.0
PRICE_DEADLINE_S = 30.0
CLOSE_DEADLINE_S = 15.0
"""Closing writes what the chats hold to the disk."""

_LACKS_MEMORY = re.compile(r"SIGKILL|out of memory|failed to allocate", re.IGNORECASE)
"""In how a worker ended while it loaded: then less of it may still fit."""

_Reply = protocol.Happened | protocol.Priced | protocol.Counted | protocol.Fault | None
_Sum = Callable[[int], protocol.PriceOf | protocol.CountOf]
"""A job's number becomes what the worker is asked."""
"""None: the worker died."""


class LlamaEngine:
    """A GGUF model in a worker process. Answers several chats at once; safe to use from several threads."""

    def __init__(
        self,
        spec: protocol.LoadSpec,
        log: Path,
        progress: Callable[[float], None] = lambda done: None,
    ) -> None:
        """Load the model. Raises ModelError or EngineError with the reason."""
        self._spec = spec
        self._log = log
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[_Reply]] = {}
        self._starting = threading.Lock()
        self._closed = False
        self._details: Mapping[str, Any] = {}
        self._lost: Child | None = None
        self._child, self._info = self._start(progress)

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def details(self) -> Mapping[str, Any]:
        """What was really used when it was loaded: threads, devices, memory by part."""
        return self._details

    @property
    def worker_pid(self) -> int:
        return self._child.pid

    def _start(self, progress: Callable[[float], None]) -> tuple[Child, ModelInfo]:
        child = Child(
            _serve,
            f"glmdesk engine {self._spec.id}",
            self._log / "engine.log",
            environment=LARGE_PAGES,
        )
        try:
            child.pipe.send(self._spec)
            info = self._wait_until_loaded(child, progress)
        except (EOFError, OSError):
            child.wait(2)
            why = _why(child)
            child.kill()
            kind = EngineOutOfMemory if _LACKS_MEMORY.search(why) else EngineDied
            raise kind(f"{self._spec.name} could not be loaded: {why}") from None
        except BaseException:
            child.kill()
            raise
        threading.Thread(target=self._listen, args=(child,), name="engine", daemon=True).start()
        return child, info

    def _wait_until_loaded(self, child: Child, progress: Callable[[float], None]) -> ModelInfo:
        while True:
            message = child.pipe.receive()
            if isinstance(message, protocol.Loading):
                progress(message.progress)
            elif isinstance(message, protocol.Loaded):
                _log.info("loaded %s: %s", self._spec.id, dict(message.details))
                self._details = message.details
                return message.info
            elif isinstance(message, protocol.Fault):
                child.wait(2)
                child.kill()
                raise rebuild(message.code, message.message)

    def _listen(self, child: Child) -> None:
        """Hand the worker's messages to whoever waits for them, until it ends."""
        try:
            while True:
                message = child.pipe.receive()
                if waiting := self._waiting.get(message.job):
                    waiting.put(message)
        except Exception:  # noqa: BLE001 - whatever ends this thread must wake the ones that wait
            if not child.wait(2):
                child.kill()  # nobody would hear it any more
            self._lost = child
            for waiting in list(self._waiting.values()):
                waiting.put(None)

    def _alive(self) -> Child:
        """The worker, started again when it has died."""
        with self._starting:
            if self._closed:
                raise EngineError("The model was unloaded. Send again to load it.")
            if not self._child.alive:
                self._child.kill()
                self._child, self._info = self._start(self._unless_closed)
            return self._child

    def _unless_closed(self, done: float) -> None:
        if self._closed:
            raise EngineError("The model was unloaded while it loaded anew. Send again.")

    def _send(self, pipe: Pipe, message: object) -> None:
        try:
            pipe.send(message)
        except OSError:
            pass  # it died; its listener says so to whoever waits

    def price(self, request: Request) -> Price:
        reply = self._sum(lambda job: protocol.PriceOf(job=job, request=request))
        if isinstance(reply, protocol.Priced):
            return Price(per_message=reply.per_message)
        raise self._error(self._child, reply)

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        reply = self._sum(lambda job: protocol.CountOf(job=job, texts=tuple(texts)))
        if isinstance(reply, protocol.Counted):
            return reply.tokens
        raise self._error(self._child, reply)

    def _sum(self, ask: _Sum) -> _Reply:
        return self._sum_of(self._alive(), ask) or self._sum_of(self._alive(), ask)

    def _sum_of(self, child: Child, ask: _Sum) -> _Reply:
        """The worker's reply; None when it had died."""
        job, replies = self._open(child)
        try:
            self._send(child.pipe, ask(job))
            return replies.get(timeout=PRICE_DEADLINE_S)
        except queue.Empty:
            if len(self._waiting) > 1:
                raise EngineError(
                    "The engine is busy with another prompt. Nothing was lost; send again in a moment."
                ) from None
            child.kill()
            raise EngineDied(
                "The engine did not answer and was stopped. Nothing was lost; send again."
            ) from None
        finally:
            del self._waiting[job]

    def stream(
        self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
    ) -> Iterator[Event]:
        try:
            yield from self._persist(request, lambda: _Wishes(stop, answer_now))
        except GlmdeskError as error:
            yield Failed(code=error.code, message=error.message)

    def _persist(self, request: Request, wishes: "Callable[[], _Wishes]") -> Iterator[Event]:
        """A worker that had died before it said anything costs nothing: its successor is asked."""
        said = False
        for event in self._stream(self._alive(), request, wishes()):
            if isinstance(event, Failed) and event.code == EngineDied.code and not said:
                break
            said = True
            yield event
        else:
            return
        yield from self._stream(self._alive(), request, wishes())

    def _stream(self, child: Child, request: Request, wishes: "_Wishes") -> Iterator[Event]:
        job, replies = self._open(child)
        ended = False
        try:
            self._send(child.pipe, protocol.Generate(job=job, request=request))
            while not ended:
                for order in wishes.fresh(job):
                    self._send(child.pipe, order)
                if wishes.overdue():
                    child.kill()
                    ended = True
                    yield Finished(reason="cancelled", think=request.think)
                    return
                try:
                    reply = replies.get(timeout=POLL_S)
                except queue.Empty:
                    continue
                if not isinstance(reply, protocol.Happened):
                    ended = True
                    error = self._error(child, reply)
                    yield Failed(code=error.code, message=error.message)
                    return
                ended = isinstance(reply.events[-1], Finished)
                yield from reply.events
        finally:
            del self._waiting[job]
            if not ended and child.alive:
                self._send(child.pipe, protocol.Cancel(job=job))

    def _open(self, child: Child) -> tuple[int, "queue.SimpleQueue[_Reply]"]:
        job = next(self._numbers)
        replies = self._waiting[job] = queue.SimpleQueue()
        if child is self._lost:
            replies.put(None)  # it died after it was found alive; its listener has gone
        return job, replies

    def _error(self, child: Child, reply: object) -> EngineError:
        if isinstance(reply, protocol.Fault):
            error = rebuild(reply.code, reply.message)
            return error if isinstance(error, EngineError) else EngineError(error.message)
        return EngineDied(
            f"The engine ended in the middle of its answer: {_why(child)} The text so far is kept. "
            "Send again: the model loads anew by itself."
        )

    def forget(self, conversation: str) -> None:
        self._send(self._child.pipe, protocol.Forget(conversation=conversation))

    def close(self) -> None:
        """End the worker; an answer under way is cancelled."""
        self._closed = True
        with self._starting:
            self._send(self._child.pipe, protocol.Close())
            if not self._child.wait(CLOSE_DEADLINE_S):
                self._child.kill()
            self._child.pipe.close()


class _Wishes:
    """What a person asked for while an answer is written, and whether a stop had its time."""

    def __init__(self, stop: threading.Event, answer_now: threading.Event | None) -> None:
        self._stop, self._answer_now = stop, answer_now
        self._stopped_at = 0.0

    def fresh(self, job: int) -> Iterator[protocol.Cancel | protocol.AnswerNow]:
        """What is to be sent to the worker now."""
        if self._answer_now and self._answer_now.is_set():
            self._answer_now = None
            yield protocol.AnswerNow(job=job)
        if self._stop.is_set() and not self._stopped_at:
            self._stopped_at = time.monotonic()
            yield protocol.Cancel(job=job)

    def overdue(self) -> bool:
        return bool(self._stopped_at) and time.monotonic() - self._stopped_at > CANCEL_DEADLINE_S


def _serve(pipe: Pipe) -> None:
    from glmdesk.engines.llama.worker import serve  # llama.cpp belongs to the child alone

    serve(pipe)


def _why(child: Child) -> str:
    """How the worker ended, with its last words when they tell something."""
    told = [
        line.strip()
        for line in child.last_words()
        if any(
            sign in line for sign in ("GGML_ASSERT", "failed to allocate", "out of memory", "error")
        )
    ]
    return child.how_it_ended() + (f': "{told[-1][:200]}".' if told else ".")
