"""A JSON schema as a grammar: the text that fits it is always JSON, in the order of its properties.

Pure; fetches nothing. Types, properties, items, enums, references within the schema, unions, lengths,
patterns and whole-number ranges are held; an object that names properties has no others unless the
schema says so. What a grammar can hardly say (`not`, `uniqueItems`,
`multipleOf`, wide ranges) is left to whoever checks the answer.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import unquote

from glmdesk.engines.llama.gbnf import MAX_REPEAT
from glmdesk.engines.llama.pattern import PatternError, pattern_body
from glmdesk.errors import EngineError

MAX_DEPTH = 60
MAX_SCHEMAS = 5000
MAX_LISTED = 500
"""Whole numbers in a range that are written out one by one."""

BASE = {
    "ws": r'(" " | "\n"{1,2} [ \t]{0,20})?',
    "char": r'plain | "\\" (["\\/bfnrt] | "u" code)',
    "plain": r"[\x20-\x21\x23-\x5B\x5D-\x7E\x80-\uD7FF\uE000-\U0010FFFF]",
    "code": r"[0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2}",
    "hex": "[0-9a-fA-F]",
    "string": r'"\"" char* "\""',
    "whole": '"0" | [1-9] [0-9]{0,15}',
    "integer": '"-"? whole',
    "fraction": '("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "number": "integer fraction",
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "object | array | string | number | boolean | null",
    "object": '"{" ws (member ws ("," ws member ws)*)? "}"',
    "member": 'string ":" ws value',
    "array": '"[" ws (value ws ("," ws value ws)*)? "]"',
    "date": '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
    "time": '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})? '
    '("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])',
}
_FORMATS = {
    "date": r'"\"" date "\""',
    "time": r'"\"" time "\""',
    "date-time": r'"\"" date "T" time "\""',
    "uuid": r'"\"" hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12} "\""',
}
_WORDS_OF = {
    "object": ("properties", "additionalProperties", "required"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}

Schema = Mapping[str, Any]


def schema_grammar(schema: Schema) -> str:
    """The grammar (GBNF) of a JSON schema. Raises EngineError, saying what is wrong with it."""
    writer = _Writer(schema)
    root = writer.rule_of(schema, 0)
    rules = {**BASE, **writer.rules, "root": root}
    return "\n".join(f"{name} ::= {body}" for name, body in rules.items())


def _refuse(reason: str) -> NoReturn:
    raise EngineError(f"The JSON schema for the answer cannot be used: {reason}. Nothing is lost.")


class _Writer:
    """Visits a schema and collects rules; each visit gives the name of a rule."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._names: dict[str, str] = {body: name for name, body in BASE.items()}
        self._references: dict[str, str] = {}
        self._n_schemas = 0
        self.rules: dict[str, str] = {}

    def _rule(self, body: str) -> str:
        name = self._names.get(body)
        if name is None:
            name = self._names[body] = f"r{len(self.rules)}"
            self.rules[name] = body
        return name

    def rule_of(self, schema: object, depth: int) -> str:
        self._n_schemas += 1
        if depth > MAX_DEPTH or self._n_schemas > MAX_SCHEMAS:
            _refuse("it is too large, or nested too deep")
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, Mapping):
            _refuse(f"{_short(schema)} stands where a schema should be")
        if "$ref" in schema:
            return self._reference(schema["$ref"], depth)
        if "const" in schema:
            return self._rule(_literal(schema["const"]))
        if "enum" in schema:
            return self._rule(" | ".join(map(_literal, _list(schema, "enum"))))
        return self._combined(schema, depth + 1)

    def _combined(self, schema: Schema, depth: int) -> str:
        for word in ("anyOf", "oneOf"):
            if word in schema:
                base = {key: value for key, value in schema.items() if key != word}
                return self._union(
                    [self._merged([base, c], depth) for c in _list(schema, word)], depth
                )
        if "allOf" in schema:
            base = {key: value for key, value in schema.items() if key != "allOf"}
            return self.rule_of(self._merged([base, *_list(schema, "allOf")], depth), depth)
        kind = schema.get("type") or _kind(schema)
        if isinstance(kind, Sequence) and not isinstance(kind, str):
            return self._union([{**schema, "type": each} for each in kind], depth)
        return self._typed(kind, schema, depth)

    def _union(self, schemas: Sequence[Schema], depth: int) -> str:
        names = dict.fromkeys(self.rule_of(schema, depth) for schema in schemas)
        return self._rule(" | ".join(names)) if len(names) > 1 else next(iter(names))

    def _merged(self, schemas: Sequence[object], depth: int) -> Schema:
        """One schema that asks for what all of them ask for, as far as keywords can be joined."""
        filled = [schema for schema in schemas if schema is not True and schema != {}]
        if len(filled) == 1 and isinstance(filled[0], Mapping):
            return filled[0]
        merged: dict[str, Any] = {}
        for schema in map(self._resolved, filled):
            properties = {**_mapping(merged, "properties"), **_mapping(schema, "properties")}
            required = [*_strings(merged, "required"), *_strings(schema, "required")]
            both = [*merged.get("allOf", ()), *schema.get("allOf", ())]
            merged |= schema
            merged |= {"properties": properties} if properties else {}
            merged |= {"required": required} if required else {}
            merged |= {"allOf": both} if both else {}
        return merged

    def _resolved(self, schema: object) -> Schema:
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, Mapping):
                break
            if "$ref" not in schema:
                return schema
            schema = self._target(schema["$ref"])
        _refuse("a reference leads nowhere")

    def _reference(self, reference: object, depth: int) -> str:
        target = self._target(reference)
        key = str(reference)
        if key not in self._references:
            name = self._references[key] = f"ref{len(self._references)}"
            self.rules[name] = self.rule_of(target, depth + 1)
        return self._references[key]

    def _target(self, reference: object) -> object:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            _refuse(f"only references within the schema are followed, not {_short(reference)}")
        target: Any = self._root
        for step in unquote(reference).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(target, Sequence) and step.isdecimal() and int(step) < len(target):
                target = target[int(step)]
            elif isinstance(target, Mapping) and step in target:
                target = target[step]
            else:
                _refuse(f"there is nothing at {_short(reference)}")
        return target

    def _typed(self, kind: object, schema: Schema, depth: int) -> str:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string":
            return self._string(schema)
        if kind in ("integer", "number"):
            return self._number(schema, whole=kind == "integer")
        if kind in ("boolean", "null", "value"):
            return str(kind)
        _refuse(f"there is no type {_short(kind)}")

    def _object(self, schema: Schema, depth: int) -> str:
        required = _strings(schema, "required")
        properties = {**_mapping(schema, "properties")}
        properties |= {name: True for name in required if name not in properties}
        more = schema.get("additionalProperties", "properties" not in schema)
        members = [
            self._rule(f'{_literal(name)} ":" ws {self.rule_of(inner, depth)}')
            for name, inner in properties.items()
        ]
        extra = "" if more is False else self._rule(f'string ":" ws {self.rule_of(more, depth)}')
        needed = [name in required for name in properties]
        return self._rule(self._members(members, needed, extra))

    def _members(self, members: Sequence[str], needed: Sequence[bool], extra: str) -> str:
        """Members in their order, each after a comma but for the first that is there."""
        last = self._rule(f'("," ws {extra} ws)*') if extra else ""
        rests = [last]
        for member, must in zip(reversed(members), reversed(needed), strict=True):
            each = f'("," ws {member} ws){"" if must else "?"}'
            rests.append(self._rule(f"{each} {rests[-1]}".strip()))
        rests.reverse()
        n_first = needed.index(True) + 1 if True in needed else len(members)
        firsts = [f"{m} ws {rest}" for m, rest in zip(members[:n_first], rests[1:], strict=False)]
        if extra and True not in needed:
            firsts.append(f"{extra} ws {last}")
        if not firsts:
            return '"{" ws "}"'
        return f'"{{" ws ({" | ".join(firsts)}){"" if True in needed else "?"} "}}"'

    def _array(self, schema: Schema, depth: int) -> str:
        first = [self.rule_of(each, depth) for each in _list(schema, "prefixItems", needed=False)]
        items = schema.get("items", not first)
        if isinstance(items, Sequence):  # the older way to say prefixItems
            first, items = [self.rule_of(each, depth) for each in items], False
        low, high = _limits(schema, "minItems", "maxItems", len(first))
        body = ' "," ws '.join(f"{name} ws" for name in first)
        if items is not False and (high is None or high > 0):
            item = self.rule_of(items, depth)
            if first:
                body += f' ("," ws {item} ws){_times(low, high)}'
            else:
                rest = _times(max(low - 1, 0), None if high is None else high - 1)
                body = f'({item} ws ("," ws {item} ws){rest}){"" if low else "?"}'
        return self._rule(f'"[" ws {body} "]"')

    def _string(self, schema: Schema) -> str:
        if "pattern" in schema:
            try:
                return self._rule(rf'"\"" {pattern_body(schema["pattern"])} "\""')
            except PatternError as error:
                _refuse(f"its pattern {_short(schema['pattern'])} {error}")
        if schema.get("format") in _FORMATS:
            return self._rule(_FORMATS[schema["format"]])
        low, high = _limits(schema, "minLength", "maxLength", 0)
        return self._rule(rf'"\"" char{_times(low, high)} "\""')

    def _number(self, schema: Schema, *, whole: bool) -> str:
        low = max(
            _bound(schema, "minimum", -math.inf), _bound(schema, "exclusiveMinimum", -math.inf)
        )
        high = min(
            _bound(schema, "maximum", math.inf), _bound(schema, "exclusiveMaximum", math.inf)
        )
        if low > high:
            _refuse("a number has to be above its maximum")
        if whole and high - low <= MAX_LISTED:
            return self._listed(schema, math.ceil(low), math.floor(high))
        sign = "" if low >= 0 else '"-"' if high < 0 else '"-"?'
        return self._rule(f"{sign} whole {'' if whole else 'fraction'}".strip())

    def _listed(self, schema: Schema, low: int, high: int) -> str:
        low += low == schema.get("exclusiveMinimum")
        high -= high == schema.get("exclusiveMaximum")
        if low > high:
            _refuse("a number has to be above its maximum")
        return self._rule(" | ".join(f'"{number}"' for number in range(low, high + 1)))


def _kind(schema: Schema) -> str:
    """The type that a schema means without saying it."""
    return next((k for k, words in _WORDS_OF.items() if any(w in schema for w in words)), "value")


def _literal(value: object) -> str:
    """A value as the grammar of its JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        _refuse(f"{_short(value)} cannot be written as JSON")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _short(value: object) -> str:
    return repr(value)[:60]


def _list(schema: Schema, word: str, *, needed: bool = True) -> Sequence[Any]:
    found = schema.get(word, () if not needed else None)
    if not isinstance(found, Sequence) or isinstance(found, str) or (needed and not found):
        _refuse(f"{word} should be a list with something in it")
    return found


def _mapping(schema: Schema, word: str) -> Mapping[str, Any]:
    found = schema.get(word, {})
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        _refuse(f"{word} should be an object")
    return found


def _strings(schema: Schema, word: str) -> list[str]:
    found = schema.get(word, ())
    if isinstance(found, str) or not isinstance(found, Sequence):
        _refuse(f"{word} should be a list of names")
    if not all(isinstance(name, str) for name in found):
        _refuse(f"{word} should be a list of names")
    return list(found)


def _bound(schema: Schema, word: str, otherwise: float) -> float:
    found = schema.get(word, otherwise)
    if isinstance(found, bool) or not isinstance(found, int | float) or math.isnan(found):
        return otherwise  # the boolean of an older draft says nothing by itself
    return found if abs(found) < 2**53 else otherwise


def _limits(schema: Schema, least: str, most: str, already: int) -> tuple[int, int | None]:
    """How many more there must and may be, when `already` so many are there."""
    low, high = schema.get(least, 0), schema.get(most)
    if not isinstance(low, int) or not isinstance(high, int | None) or low < 0:
        _refuse(f"{least} and {most} should be whole numbers")
    if low > MAX_REPEAT:
        _refuse(f"{least} is above {MAX_REPEAT:,}")
    if high is not None and high < max(low, already):
        _refuse(f"{most} is too small")
    return max(low - already, 0), None if high is None else high - already


def _times(low: int, high: int | None) -> str:
    """A repetition; llama.cpp counts no further than its limit, so what is above it is unlimited."""
    if high is not None and high <= MAX_REPEAT:
        return f"{{{low},{high}}}" if high else "{0}"
    return f"{{{low},}}" if low else "*"
