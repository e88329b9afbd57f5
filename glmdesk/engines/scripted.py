"""An engine that says what it is told, for tests and for work on the page. No model, no process."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from glmdesk.engines.base import ModelInfo, Price, Request
from glmdesk.messages import Answer, Event, Failed, Finished, Reading, Text, Usage

Script = Callable[[Request], Sequence[Event]]

INFO = ModelInfo(id="scripted", name="Scripted", n_ctx=4096, thinking=True)


def echo(request: Request) -> Sequence[Event]:
    """Answer with the last message's words."""
    parts = request.messages[-1].parts
    words = " ".join(part.text for part in parts if isinstance(part, Text))
    return [Reading(done=1, total=1), Answer(text=words), Finished(reason="stop", usage=Usage())]


class ScriptedEngine:
    """Plays `script(request)`, one event every `delay_s`; a stop ends it between two events."""

    def __init__(self, script: Script = echo, info: ModelInfo = INFO, delay_s: float = 0.0) -> None:
        self._script, self._info, self._delay_s = script, info, delay_s

    @property
    def info(self) -> ModelInfo:
        return self._info

    def price(self, request: Request) -> Price:
        """Four characters a token, as a rough model would have it."""
        costs = [
            4 + sum(len(part.text) // 4 for part in message.parts if isinstance(part, Text))
            for message in request.messages
        ]
        return Price(per_message=tuple(costs))

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        return tuple(len(text) // 4 for text in texts)

    def stream(
        self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
    ) -> Iterator[Event]:
        for event in self._script(request):
            if stop.is_set():
                yield Finished(reason="cancelled", think=request.think)
                return
            yield event
            if isinstance(event, Finished | Failed):
                return
            if self._delay_s:
                time.sleep(self._delay_s)

    def forget(self, conversation: str) -> None:
        pass

    def close(self) -> None:
        pass
