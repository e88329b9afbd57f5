"""What the tests of the worker process ask for, and how they run it."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from glmdesk.engines.base import Request
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Event, Picture
from glmdesk.sampling import GREEDY
from tests.engines.chats import ask


def request(*parts: str | Picture, max_tokens: int = 0, think: bool = False) -> Request:
    return Request(
        messages=[ask(*parts)],
        think="on" if think else "off",
        sampling=GREEDY,
        max_tokens=max_tokens,
    )


HELLO = request("Hello")
LONG = request("Count to 50.")
GREETING = "Hello! How can I help you?"


def run(engine: LlamaEngine, wanted: Request, stop: threading.Event | None = None) -> list[Event]:
    return list(engine.stream(wanted, stop or threading.Event()))


@contextmanager
def opened(spec: LoadSpec, folder: Path) -> Iterator[LlamaEngine]:
    with closing(LlamaEngine(spec, folder / "log")) as engine:
        yield engine
