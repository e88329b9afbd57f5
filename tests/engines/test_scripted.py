"""The engine that only plays: the same seam as the real ones."""

import threading
from pathlib import Path

from glmdesk.engines.base import Engine, Request
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.messages import Answer, Failed, Finished, Picture, Reading
from tests.engines.chats import answer_of, ask, finished

NEVER = threading.Event()
HELLO = Request(messages=[ask("Hello")], think="on")


def test_echo() -> None:
    engine: Engine = ScriptedEngine()
    picture = Picture(id="p", width=28, height=28, path=Path("p"))
    events = list(engine.stream(Request(messages=[ask("a"), ask("b", picture, "c")]), NEVER))
    assert answer_of(events) == "b c"
    assert isinstance(events[0], Reading)
    assert finished(events).reason == "stop"
    engine.close()


def test_nothing_follows_the_end() -> None:
    for end in (Finished(reason="stop"), Failed(code="engine", message="no")):
        script = [Answer(text="a"), end, Answer(text="b")]
        assert list(ScriptedEngine(lambda _, s=script: s).stream(HELLO, NEVER)) == script[:2]  # type: ignore[misc]


def test_a_stop_between_two_events() -> None:
    stop = threading.Event()
    stream = ScriptedEngine(lambda _: [Answer(text=str(n)) for n in range(9)]).stream(HELLO, stop)
    assert next(stream) == Answer(text="0")
    stop.set()
    assert list(stream) == [Finished(reason="cancelled", think="on")]


def test_prices() -> None:
    price = ScriptedEngine().price(Request(messages=[ask("x" * 40), ask("y")]))
    assert price.per_message == (14, 4)
    assert price.total == 18
