"""The words of a tool call as values: arguments by their schema, JSON calls of any template."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glmdesk.messages import ToolCall

CALL_OPEN, CALL_CLOSE = "<tool_call>", "</tool_call>"

Types = Mapping[str, Mapping[str, frozenset[str]]]
"""For each tool, and each of its parameters: the JSON types it may have; none when unknown."""

MAX_DEPTH = 100
"""Levels of arrays and objects in an argument: what is deeper cannot be sent to another process."""

_IN_STRING = re.compile(r'\\.|"', re.DOTALL)
_OUTSIDE = re.compile(rf'["{{}}\[\]]|{CALL_CLOSE}')


def parameter_types(tools: Sequence[Mapping[str, Any]]) -> Types:
    """Read OpenAI's function descriptions, `{"type": "function", "function": …}` or bare."""
    found: dict[str, Mapping[str, frozenset[str]]] = {}
    for tool in tools:
        function = tool.get("function", tool)
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            found[function["name"]] = _properties(function.get("parameters"))
    return found


def _properties(parameters: object) -> Mapping[str, frozenset[str]]:
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    if not isinstance(properties, Mapping):
        return {}
    return {str(name): frozenset(_types(schema)) for name, schema in properties.items()}


def _types(schema: object) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    kinds = schema.get("type")
    yield from [kinds] if isinstance(kinds, str) else map(str, kinds or ())
    for word in ("anyOf", "oneOf"):
        for choice in schema.get(word) or ():
            yield from _types(choice)
    values = schema.get("enum")
    if kinds is None and values and all(isinstance(value, str) for value in values):
        yield "string"


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def argument(text: str, types: frozenset[str]) -> Any:
    """The value of `text`: itself where the schema says string, else JSON, else itself."""
    if types == {"string"}:
        return text
    if types == {"string", "null"}:
        return None if text.strip() == "null" else text
    try:
        return _loads(text)
    except ValueError:
        return text


def _loads(text: str) -> Any:
    """JSON that can be written again; raises ValueError."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        json_text(value).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not _is_shallow(value, MAX_DEPTH):
        raise ValueError("nested too deep")
    return value


def _is_shallow(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inner)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def read_call(text: str, name: str = "", *, repair: bool = False) -> ToolCall | None:
    """`{"name": …, "arguments" or "parameters": …}`; with `name`, the arguments alone.

    `repair` adds closing braces that the model forgot. None when it is no call.
    """
    for missing in ("", "}", "}}") if repair else ("",):
        try:
            value = _loads(text.strip() + missing)
        except ValueError:
            continue
        return _as_call(value, name)
    return None


def _as_call(value: Any, name: str) -> ToolCall | None:
    if not isinstance(value, dict):
        return None
    if name:
        return ToolCall(name=name, arguments=value)
    inner = value.get("function")
    value = inner if isinstance(inner, dict) else value
    called = value.get("name", inner)
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = _loads(arguments or "{}")
        except ValueError:
            return None
    if not isinstance(called, str) or not called.strip() or not isinstance(arguments, dict):
        return None
    return ToolCall(name=called.strip(), arguments=arguments)


class JsonEnd:
    """Finds where the JSON that begins at `start` ends, in a text that grows at its end."""

    def __init__(self, start: int) -> None:
        self._place = start
        self._depth = 0
        self._in_string = False

    def find(self, text: str) -> int | None:
        """The place behind it, or that of a closing tag that comes too early; None: not yet."""
        while found := self._next(text):
            self._place = found.end()
            word = found.group()
            if word == CALL_CLOSE:
                return found.start()
            if word == '"':
                self._in_string = not self._in_string
            elif not self._in_string:
                self._depth += 1 if word in "{[" else -1
                if self._depth <= 0:
                    return found.end()
        keep = text.endswith("\\") if self._in_string else len(CALL_CLOSE) - 1
        self._place = max(self._place, len(text) - keep)
        return None

    def _next(self, text: str) -> re.Match[str] | None:
        return (_IN_STRING if self._in_string else _OUTSIDE).search(text, self._place)
