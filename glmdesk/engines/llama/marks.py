"""The texts of a conversation that came from outside, and the random marks that stand for them while a template is rendered.

No template here: messages in, messages with marks out, and a rendering taken apart at its marks.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from glmdesk.errors import EngineError
from glmdesk.messages import Message, Text, ToolCall
from glmdesk.parsing.stream import THINK_CLOSE

PICTURE = "\ufffc"
"""Stands for a picture while a template handles the text around it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a text from outside stands: in which message, and in which part of it."""

    message: int
    kind: Literal["thinking", "content", "call"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Apart:
    """A rendering taken apart: `glue` stands before, between and after `texts`, one for each place.

    A text that the template leaves out is "", and so is the glue before it.
    """

    glue: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def whole(self) -> str:
        return self.before(len(self.texts))

    def before(self, place: int) -> str:
        """All that stands before text number `place`."""
        texts = (*self.texts[:place], "")
        return "".join(map(str.__add__, self.glue[: place + 1], texts))

    def after(self, place: int) -> str:
        texts = ("", *self.texts[place + 1 :])
        return "".join(map(str.__add__, texts, self.glue[place + 1 :]))


class Marks:
    """Random names for the texts of one conversation; nobody outside can know them."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = tuple(messages)
        self.places = tuple(
            place for number, message in enumerate(messages) for place in _places(number, message)
        )
        self._nonce = secrets.token_hex(8)
        self.names = tuple(f"q{self._nonce}z{place}q" for place in range(len(self.places)))

    def marked(self, real: int = -1) -> list[dict[str, Any]]:
        """The messages with a name in place of every text but number `real`."""
        pairs = enumerate(zip(self.names, self.places, strict=True))
        return self._filled([place.text if at == real else name for at, (name, place) in pairs])

    def real(self) -> list[dict[str, Any]]:
        return self._filled([place.text for place in self.places])

    def split(self, text: str) -> Apart:
        """A rendering of `marked()`, its names as texts. Raises EngineError unless every name is there
        once, whole and in order; only a thinking may be left out."""
        glue: list[str] = []
        texts: list[str] = []
        for name, place in zip(self.names, self.places, strict=True):
            before, found, rest = text.partition(name)
            if name in rest or not (found or place.kind == "thinking"):
                raise cannot_take_apart()
            glue.append(before if found else "")
            texts.append(found)
            text = rest if found else text
        glue.append(text)
        if any(self._nonce in piece for piece in glue):
            raise cannot_take_apart()
        return Apart(glue=tuple(glue), texts=tuple(texts))

    def _filled(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        values = iter(texts)
        return [_template_message(message, values) for message in self.messages]


def cannot_take_apart() -> EngineError:
    return EngineError(
        "This model's chat template mixes its own words with the text of the chat in a way that "
        "glmdesk cannot check, so nothing was sent to the model. Your chat is safe; use another model."
    )


def _places(number: int, message: Message) -> Iterator[Place]:
    """The order here is the order in which `_template_message` takes the texts."""
    if _thinks(message):
        text = _without_stand_in(message.thinking)
        yield Place(message=number, kind="thinking", text=text)
    content = _content(message)
    if content is not None:
        yield Place(message=number, kind="content", text=content)
    for call in message.tool_calls:
        for text in _strings(_call(call)):
            yield Place(message=number, kind="call", text=text)


def _thinks(message: Message) -> bool:
    return message.role == "assistant" and bool(message.thinking.strip())


def _content(message: Message) -> str | None:
    content = "".join(
        _without_stand_in(part.text) if isinstance(part, Text) else PICTURE
        for part in message.parts
    )
    return content if content.strip() or message.role != "assistant" else None


def _without_stand_in(text: str) -> str:
    return text.replace(PICTURE, "\ufffd")


def _template_message(message: Message, texts: Iterator[str]) -> dict[str, Any]:
    """A message as a template expects it, with the next of `texts` in place of its own."""
    thinking = _thinking(message, texts)
    content = "" if _content(message) is None else next(texts)
    calls = [
        {"type": "function", "function": _fill_call(_call(call), texts)}
        for call in message.tool_calls
    ]
    shown: dict[str, Any] = {"role": message.role, "content": content, **thinking}
    return {**shown, "tool_calls": calls} if calls else shown


def _thinking(message: Message, texts: Iterator[str]) -> dict[str, str]:
    """Without this a template takes what stands before a tag in an answer for its reasoning."""
    if _thinks(message):
        return {"reasoning_content": next(texts)}
    tagged = message.role == "assistant" and THINK_CLOSE in (_content(message) or "")
    return {"reasoning_content": ""} if tagged else {}


def _call(call: ToolCall) -> dict[str, Any]:
    return {"name": call.name, "arguments": call.arguments}


def _strings(call: Mapping[str, Any]) -> Iterator[str]:
    """All strings of a call that a person could read, in the order in which they are written."""
    yield _without_stand_in(call["name"])
    yield from _leaves(call["arguments"])


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield _without_stand_in(value)
    elif isinstance(value, Mapping):
        for key, deeper in value.items():
            yield from _leaves(key)
            yield from _leaves(deeper)
    elif isinstance(value, list | tuple):
        for deeper in value:
            yield from _leaves(deeper)


def _fill_call(call: Mapping[str, Any], texts: Iterator[str]) -> dict[str, Any]:
    return {"name": next(texts), "arguments": _fill(call["arguments"], texts)}


def _fill(value: Any, texts: Iterator[str]) -> Any:
    """`value` with the next of `texts` in place of each of its strings."""
    if isinstance(value, str):
        return next(texts) if value.strip() else value
    if isinstance(value, Mapping):
        return {_fill(key, texts): _fill(deeper, texts) for key, deeper in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(deeper, texts) for deeper in value]
    return value
