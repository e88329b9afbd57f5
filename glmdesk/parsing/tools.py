"""Find the calls of tools in an answer while it streams; text in, text and calls out.

It reads the tags of GLM (with and without line breaks) and JSON calls, in tags or as the whole answer.
Models get the tags wrong, so any tag ends what it cannot be part of, and what is clearly no call comes
out again as text. Whatever the next text may still change is held back: how the text was cut never
changes what comes out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from glmdesk.messages import Answer, ToolCall, ToolCalled, ToolCalling
from glmdesk.parsing.calls import (
    CALL_CLOSE,
    CALL_OPEN,
    JsonEnd,
    argument,
    json_text,
    parameter_types,
    read_call,
)

KEY_OPEN, KEY_CLOSE = "<arg_key>", "</arg_key>"
VALUE_OPEN, VALUE_CLOSE = "<arg_value>", "</arg_value>"
TOOL_MARKERS = (CALL_OPEN, CALL_CLOSE, KEY_OPEN, KEY_CLOSE, VALUE_OPEN, VALUE_CLOSE)

_TAG = re.compile("|".join(TOOL_MARKERS))
_OPENERS = re.compile(rf"\s*{CALL_OPEN}(?:\s*{CALL_OPEN})*\s*")
_NAME = re.compile(r"[\w.:/-]{1,128}")
_BARE_KEY = re.compile(r"([\w.-]{1,64})\s*")
"""A key whose opening tag the model left out."""
_JSON_CALL_KEYS = ('"name"', '"type"', '"function"')

Piece = Answer | ToolCalling | ToolCalled


def open_end(text: str, markers: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a marker."""
    place = text.rfind("<")
    if place < 0:
        return 0
    tail = text[place:]
    return len(tail) if any(marker.startswith(tail) for marker in markers) else 0


def _is_beginning(text: str) -> bool:
    """Whether a tag may begin with `text`, and is not there yet."""
    return any(tag.startswith(text) and tag != text for tag in TOOL_MARKERS)


def _bare_key(text: str, final: bool) -> bool | None:
    """Whether `text` begins with a key that only lacks its opening tag; None: not decided yet."""
    key = _BARE_KEY.match(text)
    if key is None:
        return False
    after = text[key.end() :]
    if after.startswith(KEY_CLOSE):
        return True
    return None if KEY_CLOSE.startswith(after) and not final else False


class ToolParser:
    """Feed it the answer as it comes. `tools` are OpenAI's function descriptions.

    Arguments whose schema says string stream while they come, all others when they are complete.
    """

    def __init__(self, tools: Sequence[Mapping[str, Any]]) -> None:
        self._types = parameter_types(tools)
        self._step: Callable[[bool], bool] = self._text
        self._events: list[Piece] = []
        self._held = ""
        self._begun = False
        self._after_call = False
        self._cut = False
        self.n_calls = 0
        """Calls that are complete."""

    def feed(self, text: str) -> list[Piece]:
        self._held += text
        return self._drain(final=False)

    def finish(self, *, cut: bool = False) -> list[Piece]:
        """The text is over: give out what was held back.

        `cut`: it ended before the model was done, so a call that is not closed is none.
        """
        self._cut = cut
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> list[Piece]:
        while self._step(final):
            pass
        events, self._events = self._events, []
        return events

    def _go(self, step: Callable[[bool], bool]) -> bool:
        self._step = step
        return True

    def _take(self, count: int) -> str:
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def _give_text(self, count: int) -> None:
        if count:
            self._begun, self._after_call = True, False
            self._events.append(Answer(text=self._take(count)))

    # Each step decides one thing about the held text; it returns False when it needs more.

    def _text(self, final: bool) -> bool:
        if not self._begun:
            self._held = self._held.lstrip()
            if self._held.startswith("{"):
                return self._maybe_json(final)
        place = self._held.find(CALL_OPEN)
        if place < 0:
            keep = 0 if final else open_end(self._held, (CALL_OPEN,))
            ready = self._held[: len(self._held) - keep]
            whole = final and not self._after_call
            self._give_text(len(ready) if whole else len(ready.rstrip()))
            return False
        self._give_text(len(self._held[:place].rstrip()))
        return self._go(self._opened)

    def _maybe_json(self, final: bool) -> bool:
        """Whether an answer that begins with a brace may be a call as a whole."""
        inside = self._held[1:].lstrip()
        if inside.startswith(_JSON_CALL_KEYS):
            return self._begin_json(0, "")
        if not final and any(key.startswith(inside) for key in _JSON_CALL_KEYS):
            return False
        self._give_text(1)
        return True

    def _opened(self, final: bool) -> bool:
        """`<tool_call>` is there: is it a call?"""
        start = _OPENERS.match(self._held)
        assert start is not None
        rest = self._held[start.end() :]
        if rest.startswith("{"):
            return self._begin_json(start.end(), "")
        if not final and (CALL_OPEN.startswith(rest) or _NAME.fullmatch(rest)):
            return False
        name = _NAME.match(rest)
        if name is None:
            return self._no_call()
        return self._named(name.group(), start.end() + name.end(), final)

    def _no_call(self) -> bool:
        """Give the opening tag out as text, and look at the rest of it again."""
        self._give_text(self._held.find(CALL_OPEN) + len(CALL_OPEN))
        return self._go(self._text)

    def _named(self, name: str, end: int, final: bool) -> bool:
        """What follows the name tells whether this is a call: a tag, JSON, a key, or the end."""
        rest = self._held[end:]
        space = len(rest) - len(rest.lstrip())
        rest = rest[space:]
        known = name in self._types
        if not final and _is_beginning(rest):
            return False
        if rest.startswith((KEY_OPEN, CALL_CLOSE)) or (known and _TAG.match(rest)):
            return self._begin(name, end)
        if rest.startswith(KEY_CLOSE) and not space:
            return self._begin_glued(name, end)
        if known and rest.startswith("{"):
            return self._begin_json(end + space, name)
        key = _bare_key(rest, final) if space else False
        if key is None:
            return False
        on_its_line = known and (not rest or "\n" in self._held[end : end + space])
        return self._begin(name, end) if key or on_its_line else self._no_call()

    def _begin(self, name: str, end: int) -> bool:
        self._take(end)
        self._name, self._arguments = name, dict[str, Any]()
        self._events.append(ToolCalling(index=self.n_calls, name=name))
        return self._go(self._inside)

    def _begin_glued(self, text: str, end: int) -> bool:
        """`zoombox</arg_key>`: the opening tag between name and key is missing."""
        known = [name for name in self._types if text.startswith(name) and text != name]
        if not known:
            return self._no_call()
        name = max(known, key=len)
        return self._begin(name, end - len(text) + len(name))

    def _inside(self, final: bool) -> bool:
        """Between the arguments of a call."""
        self._held = self._held.lstrip()
        if self._waits(final):
            return False
        tag = _TAG.match(self._held)
        if tag is None:
            return self._inside_text(final)
        if tag.group() == CALL_OPEN:
            return self._end()
        self._take(tag.end())
        if tag.group() == CALL_CLOSE:
            return self._end()
        return self._go(self._key) if tag.group() == KEY_OPEN else True

    def _inside_text(self, final: bool) -> bool:
        """No tag: a key without its opening tag, or the call is over without its closing tag."""
        key = _bare_key(self._held, final)
        if key is None:
            return False
        if key:
            return self._go(self._key)
        return self._end(closed=bool(self._held) or not self._cut)

    def _waits(self, final: bool) -> bool:
        """Whether the held text may become a tag; at the end of the text such a piece is dropped."""
        if not _is_beginning(self._held):
            return False
        if final:
            self._held = ""
        return not final

    def _key(self, final: bool) -> bool:
        tag = _TAG.search(self._held)
        if tag is None:
            return final and self._drop()
        key = self._held[: tag.start()].strip()
        if tag.group() in (CALL_OPEN, CALL_CLOSE):
            self._take(tag.start())
            return self._go(self._inside)
        self._take(tag.start() if tag.group() == VALUE_OPEN else tag.end())
        if not key and tag.group() == KEY_OPEN:
            return True
        self._argument, self._value = key, list[str]()
        return self._go(self._value_start)

    def _value_start(self, final: bool) -> bool:
        self._held = self._held.lstrip()
        if self._waits(final):
            return False
        tag = _TAG.match(self._held)
        if tag is None:
            return self._begin_value() if self._held else self._go(self._inside)
        if tag.group() in (KEY_CLOSE, VALUE_OPEN, VALUE_CLOSE):
            self._take(tag.end())
        if tag.group() == VALUE_OPEN:
            return self._begin_value()
        return tag.group() == KEY_CLOSE or self._go(self._inside)

    def _begin_value(self) -> bool:
        types = self._types.get(self._name, {}).get(self._argument, frozenset())
        self._known = self._argument in self._arguments
        self._streams = types == {"string"} and not self._known
        if self._streams:
            self._give_arguments(self._comma() + json_text(self._argument) + ': "')
        return self._go(self._in_value)

    def _comma(self) -> str:
        return ", " if self._arguments else "{"

    def _give_arguments(self, text: str) -> None:
        if text:
            self._events.append(ToolCalling(index=self.n_calls, arguments=text))

    def _in_value(self, final: bool) -> bool:
        if not self._value and self._held.startswith(VALUE_OPEN):
            self._take(len(VALUE_OPEN))
            return True
        tag = _TAG.search(self._held)
        if tag is None and not final:
            ready = self._held[: len(self._held) - open_end(self._held, TOOL_MARKERS)].rstrip()
            self._add_to_value(len(ready))
            return False
        end = tag.start() if tag else len(self._held)
        exact = tag is not None and tag.group() == VALUE_CLOSE
        self._add_to_value(end if exact else len(self._held[:end].rstrip()))
        self._held = self._held.lstrip() if tag else ""
        if tag and tag.group() in (VALUE_CLOSE, KEY_CLOSE):
            self._take(len(tag.group()))
        if tag is None and self._cut:
            return self._end(closed=False)
        self._end_value()
        return self._go(self._inside)

    def _add_to_value(self, count: int) -> None:
        if count:
            text = self._take(count)
            self._value.append(text)
            if self._streams:
                self._give_arguments(json_text(text)[1:-1])

    def _end_value(self) -> None:
        """The first value of a name counts: it may have been given out already."""
        text = "".join(self._value)
        if self._streams:
            self._give_arguments('"')
            self._arguments[self._argument] = text
        elif not self._known:
            types = self._types.get(self._name, {}).get(self._argument, frozenset())
            value = argument(text, types)
            self._give_arguments(f"{self._comma()}{json_text(self._argument)}: {json_text(value)}")
            self._arguments[self._argument] = value

    def _drop(self) -> bool:
        """The text ended inside a key, which is worth nothing."""
        self._held = ""
        return self._end(closed=not self._cut)

    def _end(self, *, closed: bool = True) -> bool:
        if closed:
            self._give_arguments("}" if self._arguments else "{}")
            self._give_call(ToolCall(name=self._name, arguments=self._arguments))
        return self._go(self._text)

    def _give_call(self, call: ToolCall) -> None:
        self._events.append(ToolCalled(index=self.n_calls, call=call))
        self.n_calls += 1
        self._after_call = True

    def _begin_json(self, start: int, name: str) -> bool:
        """The held text has JSON from `start` on; it is kept whole until it proves to be a call."""
        self._start, self._name = start, name
        self._json = JsonEnd(start)
        return self._go(self._in_json)

    def _in_json(self, final: bool) -> bool:
        end = self._json.find(self._held)
        if end is None and not final:
            return False
        call = read_call(self._held[self._start : end], self._name, repair=not self._cut)
        in_tags = self._held.find(CALL_OPEN, 0, self._start) >= 0
        if call is None or not (in_tags or self._name or call.name in self._types):
            if in_tags:
                return self._no_call()
            self._give_text(1)
            return self._go(self._text)
        self._take(len(self._held) if end is None else end)
        self._events.append(ToolCalling(index=self.n_calls, name=call.name))
        self._give_arguments(json_text(call.arguments))
        self._give_call(call)
        return self._go(self._after_json)

    def _after_json(self, final: bool) -> bool:
        """A closing tag, one more call, or text."""
        self._held = self._held.lstrip("; \t\r\n")
        if self._held.startswith(CALL_CLOSE):
            self._take(len(CALL_CLOSE))
        elif self._held.startswith("{"):
            return self._begin_json(0, "")
        elif not final and CALL_CLOSE.startswith(self._held):
            return False
        return self._go(self._text)
