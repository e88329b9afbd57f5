"""Render a model's own chat template into pieces that keep the template's words apart from people's.

The template is rendered with a random mark in place of each text that came from a person, a file or a
tool; what lies between the marks is the template's *glue*. Only glue is ever read with special tokens
on, so no text can forge a role. The rendering with marks must agree with the plain rendering: where a
template edits a text (strips it, say), the edited text is sent, and a template that cannot be taken
apart this way is refused. Messages in, pieces out; no llama.cpp here.
"""

import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from glmdesk.errors import EngineError, ModelUnsupported
from glmdesk.messages import Message, Picture, Text, Think, ToolCall

RENDER_DEADLINE_S = 5.0
_PICTURE = "\ufffc"
"""Stands for a picture while a template handles the text around it."""


@dataclass(frozen=True, kw_only=True)
class Glue:
    """The template's own text: special tokens are on."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """Text from outside: special tokens are off. `tokens` are its ids, when it was generated here."""

    text: str
    tokens: tuple[int, ...] = ()


Piece = Glue | Words | Picture
_How = tuple[Think, Sequence[Mapping[str, Any]]]
"""What else a template is told: the thinking switch and the tools."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The pieces of a prompt, grouped by message; `ending` is the last glue."""

    by_message: tuple[tuple[Piece, ...], ...]
    ending: str


class ChatTemplate:
    """A GGUF's chat template, ready to render."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda layout: datetime.now().strftime(layout)
        self._tokens = {"bos_token": bos, "eos_token": eos}
        try:
            self._template = environment.from_string(source)
        except Exception as error:  # a template is foreign code: it may fail in any way
            raise ModelUnsupported(
                f"This model's chat template cannot be read ({_short(error)}). Try another file of it."
            ) from error

    def has_thinking_switch(self) -> bool:
        """Whether on and off give different prompts."""
        probe = [{"role": "user", "content": "x"}]
        try:
            return self._plain(probe, "on", ()) != self._plain(probe, "off", ())
        except EngineError:
            return False

    def render(
        self, messages: Sequence[Message], think: Think, tools: Sequence[Mapping[str, Any]] = ()
    ) -> Rendered:
        """Raises EngineError when the template refuses, or cannot be taken apart."""
        marks = _Marks(messages)
        how = (think, tools)
        glue = marks.split(self._plain(marks.marked(), *how))
        plain = self._plain(marks.real(), *how)
        for find in (self._mostly_unedited, self._all_edited):
            contents = find(marks, glue, plain, how)
            if _joined(glue, contents) == plain:
                return marks.assemble(glue, contents)
        raise _cannot_take_apart()

    def _mostly_unedited(
        self, marks: "_Marks", glue: Sequence[str], plain: str, how: "_How"
    ) -> list[str]:
        """The contents as they stand in `plain`; one that is neither whole nor stripped costs a render."""
        contents: list[str] = []
        at = len(glue[0])
        for place, (real, after) in enumerate(zip(marks.contents, glue[1:], strict=True)):
            for text in (real, real.strip(), real.rstrip(), real.lstrip()):
                if plain.startswith(text + after, at):
                    break
            else:
                text = self._edited(marks, glue, place, how)
            contents.append(text)
            at += len(text) + len(after)
        return contents

    def _all_edited(
        self, marks: "_Marks", glue: Sequence[str], plain: str, how: "_How"
    ) -> list[str]:
        return [self._edited(marks, glue, place, how) for place in range(len(marks.contents))]

    def _edited(self, marks: "_Marks", glue: Sequence[str], place: int, how: "_How") -> str:
        """What the template makes of one content: what is left when all the rest is known."""
        text = self._plain(marks.marked(real=place), *how)
        before = _joined(glue[: place + 1], marks.names[:place])
        after = "".join(
            name + piece
            for name, piece in zip(["", *marks.names[place + 1 :]], glue[place + 1 :], strict=True)
        )
        if text.startswith(before) and text.endswith(after) and len(text) >= len(before + after):
            return text[len(before) : len(text) - len(after)]
        raise _cannot_take_apart()

    def _plain(
        self, messages: Sequence[Mapping[str, Any]], think: Think, tools: Sequence[Any]
    ) -> str:
        values: dict[str, Any] = {
            **self._tokens,
            "messages": messages,
            "add_generation_prompt": True,
        }
        if tools:
            values["tools"] = list(tools)
        if think != "auto":
            values["enable_thinking"] = think == "on"
        try:
            with _at_most(RENDER_DEADLINE_S):
                return self._template.render(values)
        except Exception as error:  # a template is foreign code: it may fail in any way
            raise EngineError(
                f"This model's chat template does not accept this conversation ({_short(error)}). "
                "Nothing was lost; start a new chat, or use another model."
            ) from error


class _Marks:
    """The contents of a conversation and the random names that stand for them."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._nonce = secrets.token_hex(8)
        self.contents: list[str] = []
        self._owners: list[tuple[int, Message]] = []
        for index, message in enumerate(messages):
            for text in _texts(message):
                self.contents.append(text)
                self._owners.append((index, message))
        self.names = [f"q{self._nonce}z{place}q" for place in range(len(self.contents))]

    def marked(self, real: int = -1) -> list[dict[str, Any]]:
        """The messages with a name in place of every content but number `real`."""
        values = [
            text if place == real else name
            for place, (name, text) in enumerate(zip(self.names, self.contents, strict=True))
        ]
        return _template_messages(self._messages, values)

    def real(self) -> list[dict[str, Any]]:
        return _template_messages(self._messages, self.contents)

    def split(self, text: str) -> list[str]:
        """The glue before, between and after the names."""
        glue = []
        for name in self.names:
            before, found, text = text.partition(name)
            if not found or name in text:
                raise _cannot_take_apart()
            glue.append(before)
        return [*glue, text]

    def assemble(self, glue: Sequence[str], contents: Sequence[str]) -> Rendered:
        groups: list[list[Piece]] = [[] for _ in self._messages]
        for place, (index, message) in enumerate(self._owners):
            groups[index] += [Glue(text=glue[place]), *_pieces(message, contents[place])]
        if not groups:
            raise EngineError("There is nothing to answer: the conversation is empty.")
        groups[-1].append(Glue(text=glue[-1]))
        kept = tuple(tuple(piece for piece in group if piece != Glue(text="")) for group in groups)
        return Rendered(by_message=kept, ending=glue[-1])


def _texts(message: Message) -> list[str]:
    """The texts of a message that came from outside: its content, then all strings of its calls."""
    content = _content(message)
    texts = [] if content is None else [content]
    return texts + [text for call in message.tool_calls for text in _strings(_call(call))]


def _content(message: Message) -> str | None:
    content = "".join(
        _without_stand_in(part.text) if isinstance(part, Text) else _PICTURE
        for part in message.parts
    )
    return content if content.strip() or message.role != "assistant" else None


def _without_stand_in(text: str) -> str:
    return text.replace(_PICTURE, "\ufffd")


def _template_messages(
    messages: Sequence[Message], contents: Sequence[str]
) -> list[dict[str, Any]]:
    """Messages as a template expects them, with `contents` in the order of `_texts`."""
    values = iter(contents)
    shown: list[dict[str, Any]] = []
    for message in messages:
        content = "" if _content(message) is None else next(values)
        entry: dict[str, Any] = {"role": message.role, "content": content}
        if message.tool_calls:
            functions = [_filled(_call(call), values) for call in message.tool_calls]
            entry["tool_calls"] = [{"type": "function", "function": one} for one in functions]
        shown.append(entry)
    return shown


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


def _filled(call: Mapping[str, Any], values: Iterator[str]) -> dict[str, Any]:
    """The call with the next of `values` in place of each of its strings."""
    return {"name": next(values), "arguments": _fill(call["arguments"], values)}


def _fill(value: Any, values: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(values) if value.strip() else value
    if isinstance(value, Mapping):
        return {_fill(key, values): _fill(deeper, values) for key, deeper in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(deeper, values) for deeper in value]
    return value


def _pieces(message: Message, content: str) -> list[Piece]:
    """A content with its pictures back in their places."""
    pictures = iter(part for part in message.parts if isinstance(part, Picture))
    pieces: list[Piece] = []
    for number, text in enumerate(content.split(_PICTURE)):
        if number and (picture := next(pictures, None)):
            pieces.append(picture)
        if text:
            pieces.append(Words(text=text))
    generated = message.tokens and not message.tool_calls
    if generated and len(pieces) == 1 and isinstance(pieces[0], Words):
        return [replace(pieces[0], tokens=message.tokens)]
    return pieces


def _joined(glue: Sequence[str], contents: Sequence[str]) -> str:
    return "".join(
        before + content for before, content in zip(glue, [*contents, ""][: len(glue)], strict=True)
    )


def _cannot_take_apart() -> EngineError:
    return EngineError(
        "This model's chat template mixes its own words with the text of the chat in a way that "
        "glmdesk cannot check, so nothing was sent to the model. Your chat is safe; use another model."
    )


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


class _TooLong(Exception):
    pass


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Stop Python code that runs longer: a template may loop for ever, and holds no thread of ours."""
    end = time.monotonic() + seconds

    def watch(frame: FrameType, event: str, detail: object) -> Any:
        if time.monotonic() > end:
            raise _TooLong("it takes too long")
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


def _short(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _raise(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
