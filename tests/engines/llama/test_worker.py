"""The worker's control thread: whatever ends it ends the process."""

import os
from typing import NoReturn

import pytest

from glmdesk.engines.llama import protocol
from glmdesk.engines.llama.worker import _Worker


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
