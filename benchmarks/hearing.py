"""Listen to one answer: what it said, and when each piece arrived in this process."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glmdesk.engines.base import Engine, Request
from glmdesk.messages import (
    Answer,
    Failed,
    Finished,
    Message,
    Noted,
    Part,
    Text,
    Think,
    Thinking,
    Usage,
)
from glmdesk.sampling import GREEDY


@dataclass(frozen=True, kw_only=True)
class Heard:
    """An answer. Times are seconds of a steady clock."""

    thinking: str
    answer: str
    end: Finished | Failed
    begun: float
    arrivals: tuple[float, ...]
    """When each piece of text arrived."""
    ended: float
    notes: tuple[str, ...] = ()
    """What the engine said of its own: that it closed the thinking, or stopped a loop."""

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    @property
    def first_s(self) -> float:
        """Until the first piece of text."""
        return (self.arrivals[0] if self.arrivals else self.ended) - self.begun

    @property
    def usage(self) -> Usage:
        return self.end.usage if isinstance(self.end, Finished) else Usage()

    @property
    def tokens_per_s(self) -> float:
        """From the first token to the last; a piece may hold several, the first one does not."""
        tokens = self.usage.completion_tokens
        if tokens < 2 or len(self.arrivals) < 2:
            return 0.0
        return (tokens - 1) / (self.arrivals[-1] - self.arrivals[0])


def hear(engine: Engine, request: Request, stop: threading.Event | None = None) -> Heard:
    """Ask and wait for the end."""
    thinking, answer = "", ""
    arrivals: list[float] = []
    notes: list[str] = []
    begun = time.perf_counter()
    for event in engine.stream(request, stop or threading.Event()):
        if isinstance(event, Thinking | Answer):
            arrivals.append(time.perf_counter())
        match event:
            case Thinking(text=text):
                thinking += text
            case Answer(text=text):
                answer += text
            case Noted(text=text):
                notes.append(text)
            case Finished() | Failed():
                return Heard(
                    thinking=thinking,
                    answer=answer,
                    end=event,
                    begun=begun,
                    arrivals=tuple(arrivals),
                    ended=time.perf_counter(),
                    notes=tuple(notes),
                )
    raise RuntimeError("the engine went silent without an end")


def system(text: str) -> Message:
    """What a model is told before the chat."""
    return Message(role="system", parts=(Text(text=text),))


def user(*parts: Part | str) -> Message:
    """What a person says."""
    return Message(
        role="user",
        parts=tuple(Text(text=part) if isinstance(part, str) else part for part in parts),
    )


def assistant(text: str, tokens: tuple[int, ...] = ()) -> Message:
    """What a model said earlier."""
    return Message(role="assistant", parts=(Text(text=text),), tokens=tokens)


def greedy(
    messages: Sequence[Message],
    *,
    think: Think = "off",
    max_tokens: int = 256,
    tools: Sequence[dict[str, Any]] = (),
    lookup: bool = False,
) -> Request:
    """A request whose answer does not depend on chance, nor its speed on guesses unless `lookup`."""
    return Request(
        messages=messages,
        think=think,
        sampling=GREEDY,
        max_tokens=max_tokens,
        tools=tools,
        prompt_lookup=lookup,
    )
