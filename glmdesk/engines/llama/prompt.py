"""Render a model's own chat template into pieces that keep the template's words apart from people's.

The template is rendered with a random mark in place of each text that came from a person, a file, a
tool or a model; what lies between the marks is the template's *glue*. Only glue is ever read with
special tokens on, so no text can forge a role. The rendering with marks must agree with the plain
rendering: where a template edits a text (strips it, say), the edited text is sent, and a template that
cannot be taken apart this way is refused. Messages in, pieces out; no llama.cpp here.
"""

import json
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

from glmdesk.engines.base import Request
from glmdesk.engines.llama.marks import Apart, Marks, cannot_take_apart
from glmdesk.engines.llama.pieces import Rendered, assemble
from glmdesk.engines.llama.turns import combine, find_turns
from glmdesk.errors import EngineError, ModelUnsupported
from glmdesk.messages import Message, Text, Think

RENDER_DEADLINE_S = 5.0
_PROBE = tuple(
    Message(role=role, parts=(Text(text="x"),)) for role in ("user", "assistant", "user")
)


@dataclass(frozen=True, kw_only=True)
class _How:
    """What else a template is told."""

    think: Think
    tools: Sequence[Mapping[str, Any]] = ()
    keep_thinking: bool = False

    def values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"tools": list(self.tools)} if self.tools else {}
        if self.think != "auto":
            values["enable_thinking"] = self.think == "on"
        if self.keep_thinking:
            values["clear_thinking"] = False
        return values


class ChatTemplate:
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
            return self._plain(probe, _How(think="on")) != self._plain(probe, _How(think="off"))
        except EngineError:
            return False

    def render(self, request: Request) -> Rendered:
        """Raises EngineError when the template refuses, or cannot be taken apart.

        Each turn is rendered with the switch it was sent with, where the template allows it; see
        `turns`. Reasoning that a template handles in a way of its own is left out.
        """
        messages = _with_wanted_thinking(request)
        try:
            return self._rendered(messages, request)
        except EngineError:
            silent = [replace(message, thinking="") for message in messages]
            if silent == messages:
                raise
            return self._rendered(silent, request)

    def _rendered(self, messages: Sequence[Message], request: Request) -> Rendered:
        marks = Marks(messages)
        how = _How(think=request.think, tools=request.tools, keep_thinking=request.keep_thinking)
        stock = self._take_apart(marks, how)
        apart = stock if request.stock_history else self._by_turn(marks, stock, how)
        return assemble(messages, marks.places, apart)

    def _by_turn(self, marks: Marks, stock: Apart, how: _How) -> Apart:
        """`stock` where the turns cannot be told apart."""
        turns = find_turns(marks.messages, how.think)
        renderings = {how.think: stock}
        try:
            for think in set(turns.switches) - {how.think}:
                renderings[think] = self._take_apart(marks, replace(how, think=think))
            return combine(turns, marks.places, renderings, self._opening) or stock
        except EngineError:
            return stock

    def _opening(self, think: Think) -> str:
        """The glue between an answer and the next question."""
        marks = Marks(_PROBE)
        return marks.split(self._plain(marks.marked(), _How(think=think))).glue[2]

    def _take_apart(self, marks: Marks, how: _How) -> Apart:
        named = marks.split(self._plain(marks.marked(), how))
        plain = self._plain(marks.real(), how)
        for find in (self._mostly_unedited, self._all_edited):
            apart = replace(named, texts=tuple(find(marks, named, plain, how)))
            if apart.whole == plain:
                return apart
        raise cannot_take_apart()

    def _mostly_unedited(self, marks: Marks, named: Apart, plain: str, how: _How) -> Iterator[str]:
        """The texts as they stand in `plain`; one that is neither whole nor stripped costs a render."""
        at = len(named.glue[0])
        for number, (place, name) in enumerate(zip(marks.places, named.texts, strict=True)):
            after, real = named.glue[number + 1], place.text if name else ""
            for text in (real, real.strip(), real.rstrip(), real.lstrip()):
                if plain.startswith(text + after, at):
                    break
            else:
                text = self._edited(marks, named, number, how)
            yield text
            at += len(text) + len(after)

    def _all_edited(self, marks: Marks, named: Apart, plain: str, how: _How) -> Iterator[str]:
        return (self._edited(marks, named, place, how) for place in range(len(marks.places)))

    def _edited(self, marks: Marks, named: Apart, place: int, how: _How) -> str:
        """What the template makes of one text: what is left when all the rest is known."""
        text = self._plain(marks.marked(real=place), how)
        before, after = named.before(place), named.after(place)
        if text.startswith(before) and text.endswith(after) and len(text) >= len(before + after):
            return text[len(before) : len(text) - len(after)]
        raise cannot_take_apart()

    def _plain(self, messages: Sequence[Mapping[str, Any]], how: _How) -> str:
        given = {"messages": messages, "add_generation_prompt": True}
        try:
            with _at_most(RENDER_DEADLINE_S):
                return self._template.render({**self._tokens, **given, **how.values()})
        except Exception as error:  # a template is foreign code: it may fail in any way
            raise EngineError(
                f"This model's chat template does not accept this conversation ({_short(error)}). "
                "Nothing was lost; start a new chat, or use another model."
            ) from error


def _with_wanted_thinking(request: Request) -> list[Message]:
    """The messages without the reasoning of earlier turns, unless it is to be kept."""
    messages = request.messages
    questions = (place for place, message in enumerate(messages) if message.role == "user")
    last = max(questions, default=-1)
    return [
        message if request.keep_thinking or place > last else replace(message, thinking="")
        for place, message in enumerate(messages)
    ]


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
