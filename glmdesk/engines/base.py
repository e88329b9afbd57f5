"""The seam every engine fills: describe the model, price a prompt, stream an answer.

Messages in, events out. An engine knows nothing of conversations, files or pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Any, Protocol

from glmdesk.messages import Event, Message, Think
from glmdesk.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What the loaded model really is and can do, as read from it."""

    id: str
    name: str
    n_ctx: int
    """Cells of context."""
    vision: bool = False
    thinking: bool = False
    """Its template has a switch for thinking."""
    image_min_tokens: int = 0
    image_max_tokens: int = 0
    """Limits of one picture; 0 where there is no vision."""
    sampling: Sampling = field(default_factory=Sampling)
    """What its makers recommend."""
    notice: str = ""
    """What a person must know before trusting it."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One answer wanted."""

    messages: Sequence[Message]
    think: Think = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int = 0
    """0: until the model is done or the context is full."""
    tools: Sequence[Mapping[str, Any]] = ()
    """OpenAI's function descriptions."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a prompt costs, in cells of context."""

    per_message: tuple[int, ...]
    """The glue of the template goes to the message after it; the last one has the generation prompt."""
    exact: bool = True

    @property
    def total(self) -> int:
        return sum(self.per_message)


class Engine(Protocol):
    """A model that is ready to answer."""

    @property
    def info(self) -> ModelInfo: ...

    def price(self, request: Request) -> Price:
        """Cells the prompt of `request` takes. Raises EngineError."""
        ...

    def stream(self, request: Request, stop: Flag) -> Iterator[Event]:
        """Answer. Yields Reading, Thinking, Answer, and at the end one Finished or Failed."""
        ...

    def close(self) -> None: ...
