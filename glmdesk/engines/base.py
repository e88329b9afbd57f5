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
    image_ceiling_tokens: int = 0
    """The most tokens one picture may become when more is asked for; 0: `image_max_tokens`."""
    sampling: Sampling = field(default_factory=Sampling)
    """What its makers recommend."""
    notice: str = ""
    """What a person must know before trusting it."""
    n_slots: int = 1
    """How many answers it can write at once."""
    max_tokens: int = 0
    """The longest answer it is asked for when nothing else is said; 0: no limit but the context."""


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
    conversation: str = ""
    """Names the chat, so that what was read of it can be saved; "" saves nothing."""
    thinking_budget: int = 0
    """Tokens after which the thinking is closed; 0: no limit of its own."""
    keep_thinking: bool = False
    """Leave the reasoning of earlier turns in the prompt, where the template can (GLM-4.7)."""
    stock_history: bool = False
    """Render earlier turns with the present switch, as the template alone would, and not as each was
    sent. A changed switch then costs reading them again."""
    json_schema: Mapping[str, Any] | None = None
    """The answer must be JSON of this schema."""
    grammar: str = ""
    """The answer must follow this grammar (GBNF)."""
    prompt_lookup: bool = True
    """Guess the next tokens from what was read; never changes what is answered."""


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

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens of each text by itself. Raises EngineError."""
        ...

    def stream(
        self, request: Request, stop: Flag, answer_now: Flag | None = None
    ) -> Iterator[Event]:
        """Answer. Yields Reading, Thinking, Answer, and at the end one Finished or Failed.

        `answer_now` closes the thinking when it is set; the answer follows.
        """
        ...

    def forget(self, conversation: str) -> None:
        """Drop what was read of a chat, in memory and on disk."""
        ...

    def close(self) -> None: ...
