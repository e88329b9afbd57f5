"""The shared nouns of a chat: messages and their parts, and the events that a turn yields.

A *part* is what the engine reads: `Text`, or a `Picture` already at the model's own size. An
`Attachment` is what a person handed over and the store keeps; `chat.turn` turns it into parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
Think = Literal["auto", "on", "off"]
Detail = Literal["low", "normal", "high"] | int
"""How closely a picture is looked at: a word, or the most tokens it may become."""
Reason = Literal["stop", "length", "cancelled", "loop", "tool_calls"]
"""Why an answer ended: the model was done, no room was left, a person stopped it, it repeated itself,
or it waits for the results of tools."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """Words, exactly as they came; never read as special tokens."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture at the size the model sees: `path` holds width × height × 3 bytes of RGB."""

    id: str
    """Content hash and size: two pictures with one id are the same to the model."""
    width: int
    height: int
    path: Path
    name: str = ""


Part = Text | Picture


Mode = Literal["text", "picture", "both"]
"""How a page is put before the model."""
Way = Literal["auto", "whole", "pages", "search"]
"""How much of a document is sent: as it fits, all of it, chosen pages, or what fits the question."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a person wants a document sent with a question."""

    way: Way = "auto"
    pages: str = ""
    """As people write it: "1-4, 9"; "" is every page."""
    modes: tuple[tuple[int, Mode], ...] = ()
    """Pages whose mode was switched by hand."""


@dataclass(frozen=True, kw_only=True)
class SentPage:
    """A page as it was put before a model; `start` to `end` are characters of its text, 0 to 0 all."""

    number: int
    mode: Mode
    start: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file in the store: `sha256` names it, `kind` says which reader takes it."""

    sha256: str
    name: str
    kind: Literal["picture", "document"]
    media_type: str
    size: int
    """Bytes."""
    note: str = ""
    """What a person should know of it: "first of 12 frames", "pages 4 and 7 have no text"."""
    pages: int = 0
    """Of a document."""
    encoding: str = ""
    """In which a text is read; "" is found out."""
    choice: Choice = field(default_factory=Choice)


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """A call the model made: a function's name and its arguments."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as the engine reads it."""

    role: Role
    parts: tuple[Part, ...] = ()
    tokens: tuple[int, ...] = ()
    """The token ids of an answer as they were generated, so that the cache matches exactly."""
    tool_calls: tuple[ToolCall, ...] = ()
    thinking: str = ""
    """The reasoning of an assistant message; sent again only where the template keeps it."""
    think: Think | None = None
    """The switch with which the turn of a user message was sent; None: as the request says."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one answer. `prompt_tokens` counts cells: every picture token is one."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    image_tokens: int = 0
    completion_tokens: int = 0
    thinking_tokens: int = 0
    draft_tokens: int = 0
    """Tokens guessed ahead of the model, and how many of them it agreed with."""
    accepted_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Timings:
    """Seconds and rates of one answer; 0 where nothing was measured."""

    first_token_s: float = 0.0
    prompt_tokens_per_s: float = 0.0
    tokens_per_s: float = 0.0
    thinking_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The prompt is being read: `done` of `total` tokens, those already cached included."""

    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Thinking:
    """More text of the thinking."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ToolCalling:
    """More of a call that is being written: its name comes first, then its arguments as JSON text."""

    index: int
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, kw_only=True)
class ToolCalled:
    """A call is complete; `index` counts the calls of one answer from 0."""

    index: int
    call: ToolCall


@dataclass(frozen=True, kw_only=True)
class Noted:
    """Something the person should know about this turn, in one sentence."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The answer is complete, as far as it goes. `think` is what was really passed to the template."""

    reason: Reason
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    tokens: tuple[int, ...] = ()
    think: Think = "auto"


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The turn ended in an error; the text so far stays. See `errors.rebuild`."""

    code: str
    message: str


Event = Reading | Thinking | Answer | ToolCalling | ToolCalled | Noted | Finished | Failed
