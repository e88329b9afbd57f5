"""The worker's control thread: whatever ends it ends the process."""

import os
from typing import NoReturn

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.worker import _Worker
from glmdesk.errors import EngineError
from glmdesk.messages import Finished


class _Exited(Exception):
    pass


class _Pipe:
    """Receives what it was given, then meets the end."""

    def __init__(self, *messages: object) -> None:
        self._messages = iter(messages)

    def receive(self) -> object:
        try:
            return next(self._messages)
        except StopIteration:
            raise EOFError from None


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []

    def leave(code: int) -> NoReturn:
        codes.append(code)
        raise _Exited

    monkeypatch.setattr(os, "_exit", leave)
    return codes


def listen(*messages: object) -> None:
    worker = _Worker.__new__(_Worker)
    worker._pipe = _Pipe(*messages)  # type: ignore[assignment]
    with pytest.raises(_Exited):
        worker.listen()


def test_the_end_of_the_parent(exits: list[int]) -> None:
    listen("a message that means nothing")
    assert exits == [0]


def test_an_error_of_our_own(exits: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    """This worker was never made, so it cannot obey; nobody could stop it any more."""
    listen(protocol.Cancel(job=1))
    assert exits == [1]
    assert "AttributeError" in capsys.readouterr().err


class _SentTo:
    """A pipe that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, message: object) -> None:
        self.sent.append(message)


def test_a_stop_while_the_prompt_is_made_ends_the_job_at_once() -> None:
    """Its prompt may take seconds, or wait for another one; the host would kill the worker meanwhile."""
    pipe = _SentTo()
    worker = _Worker(pipe)  # type: ignore[arg-type]
    worker._scheduler = object()  # type: ignore[assignment]
    worker._preparer = None  # type: ignore[assignment]
    message = protocol.Generate(job=7, request=Request(messages=[]))
    worker._answers[7] = None
    worker._cancel(7)
    assert pipe.sent == [protocol.Happened(job=7, events=(Finished(reason="cancelled"),))]
    worker._prepare(message)  # nothing is made, nothing is scheduled
    worker._fault(7, EngineError("too late"))
    worker._cancel(7)
    assert len(pipe.sent) == 1
