"""Schemas as grammars, held against texts by llama.cpp itself, and by answers drawn at random."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmdesk import paths
from glmdesk.engines.llama.grammar import Constraint
from glmdesk.engines.llama.schema import schema_grammar
from glmdesk.errors import EngineError
from tests.engines.llama.bare import Bare


@pytest.fixture(scope="module")
def pico_words() -> Iterator[Bare]:
    """pico's vocabulary, without its weights."""
    bare = Bare(paths.shipped("models") / "pico" / "pico-f16.gguf")
    yield bare
    bare.close()


def fits(bare: Bare, schema: dict[str, Any] | str, text: str) -> bool:
    """Whether `text` as a whole is an answer the schema, or a ready grammar, allows."""
    grammar = schema if isinstance(schema, str) else schema_grammar(schema)
    constraint = Constraint(bare.model, grammar)
    try:
        for token in bare.vocabulary.tokenize(text, special=False):
            if not constraint.fits(token):
                return False
            constraint.accept(token)
        return constraint.fits(bare.eos)
    finally:
        constraint.close()


def draw_answer(bare: Bare, schema: dict[str, Any], seed: int) -> str:
    """Tokens drawn at random from what the grammar allows; short ones and the end are preferred."""
    constraint = Constraint(bare.model, schema_grammar(schema))
    random = np.random.default_rng(seed)
    all_ids = np.arange(bare.vocabulary.size)
    pieces = b""
    try:
        for step in range(400):
            allowed = [
                int(t) for t in all_ids[constraint.allowed(all_ids)] if constraint.fits(int(t))
            ]
            assert allowed, pieces
            closing = [t for t in allowed if bare.vocabulary.piece(t) in (b'"', b"}", b"]", b"b")]
            if bare.eos in allowed:
                return pieces.decode("utf-8", errors="replace")
            token = int(random.choice(closing if closing and step > 20 else allowed))
            constraint.accept(token)
            pieces += bare.vocabulary.piece(token)
    finally:
        constraint.close()
    pytest.fail(f"no end: {pieces!r}")


OBJECT = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "boolean"}},
    "required": ["b"],
}
TREE = {
    "$defs": {"node": {"type": "object", "properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "required": ["name", "children"]}},
    "$ref": "#/$defs/node",
}  # fmt: skip
SHAPES = {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"x": {"const": 1}}}]}

TAKEN: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (OBJECT, ['{"b":"x"}', '{ "a": 1, "b": "x", "c": true }', '{\n  "b": "x",\n  "c": false\n}', '\n{"b":""}'],
     ["{}", '{"a":1}', '{"b":"x","a":1}', '{"b":"x","d":1}', '{"b":"x",}', '{"b":"a\nb"}', '{"b":"x"}!', "[]"]),
    ({}, ["1", '"a"', "null", '{"a": [1, {"b": -2.5e3}]}', "[]"], ["x", "01", "1.", "[1,]", "'a'", "NaN"]),
    ({"type": "object"}, ["{}", '{"a":{"b":null}}'], ["[]", "1"]),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, ["{}", '{"a":1,"b":2}'], ['{"a":"x"}']),
    ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, ['{"a":1}', '{"z":[]}', '{"a":1,"z":2}'], ["[]"]),
    ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, ["{}", '{"a":"x"}'], ['{"z":1}']),
    ({"type": "object", "properties": {}, "additionalProperties": False}, ["{}", "{ }"], ['{"z":1}']),
    ({"required": ["q"]}, ['{"q":1}', '{"q":1,"r":2}'], ["{}"]),
    (TREE, ['{"name":"a","children":[{"name":"b","children":[]}]}'], ['{"name":"a"}', '{"name":"a","children":[1]}']),
    (SHAPES, ["null", "{}", '{"x":1}'], ['{"x":2}', "1"]),
    ({"enum": ["a\\b", 'say "hi"', "é👋", 3, None, {"k": [1]}]}, ['"a\\\\b"', '"say \\"hi\\""', '"é👋"', "3", "null", '{"k": [1]}'], ['"a\\b"', "4"]),
    ({"const": "line\nbreak"}, ['"line\\nbreak"'], ['"line\nbreak"']),
    ({"type": ["string", "null"]}, ['"x"', "null"], ["1"]),
    ({"type": "string", "minLength": 2, "maxLength": 3}, ['"ab"', '"abc"', '"\\n\\u00e9"'], ['"a"', '"abcd"', '"\\ud83d!"', '"\\x"']),
    ({"type": "string", "maxLength": 0}, ['""'], ['"a"']),
    ({"type": "string", "maxLength": 10**9}, ['"a"', '""'], ["a"]),
    ({"type": "string", "format": "date"}, ['"2024-02-30"'], ['"2024-13-01"', '"today"']),
    ({"type": "string", "format": "date-time"}, ['"2024-01-01T10:00:00Z"', '"2024-01-01T10:00:00.5+02:00"'], ['"2024-01-01"']),
    ({"type": "string", "format": "uuid"}, ['"01234567-89ab-cdef-0123-456789abcdef"'], ['"0123"']),
    ({"type": "string", "format": "email"}, ['"a@b"'], []),
    ({"type": "string", "pattern": "^[A-Z]{2}-\\d+(a|bc)?$"}, ['"AB-12"', '"AB-1bc"'], ['"A-1"', '"AB-"', '"AB-1abc"']),
    ({"type": "string", "pattern": "^[^a-c]*$"}, ['"xyz"', '"\\""', '"\\\\"', '""'], ['"a"', '"x"b"']),
    ({"type": "string", "pattern": '^"\\\\.$'}, ['"\\"\\\\x"'], ['""\\x"']),
    ({"type": "string", "pattern": "b"}, ['"abc"', '"b"'], ['"xyz"']),
    ({"pattern": "^(\\w\\s)+?$"}, ['"a b "', '"_\\t"'], ['"a"']),
    ({"type": "integer", "minimum": 1, "maximum": 10}, ["1", "10"], ["0", "11", "1.0", "-1"]),
    ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4}, ["2", "3"], ["1", "4"]),
    ({"type": "integer", "minimum": 0}, ["0", "123456"], ["-1", "01"]),
    ({"type": "number", "maximum": -1}, ["-2.5"], ["2"]),
    ({"type": "integer", "minimum": -2, "maximum": 0}, ["-2", "0"], ["-3", "1"]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}, ["[1]", "[1, 2,3]"], ["[]", "[1,2,3,4]", "[1,]"]),
    ({"type": "array", "maxItems": 0}, ["[]", "[ ]"], ["[1]"]),
    ({"type": "array", "minItems": 2}, ["[1,2]", '["a",2,3]'], ["[]", "[1]"]),
    ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False}, ['[1,"a"]'], ["[1]", '[1,"a",2]']),
    ({"prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "maxItems": 2}, ["[1]", "[1,null]"], ["[]", "[1,null,null]"]),
    ({"items": [{"type": "integer"}]}, ["[1]"], ["[]", "[1,2]"]),
    ({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"b": {"type": "null"}}, "required": ["b"]}]}, ['{"a":1,"b":null}'], ['{"a":1}', '{"b":null}']),
    ({"properties": {"k": {"type": "integer"}}, "anyOf": [{"required": ["k"]}, {"properties": {"m": {"type": "null"}}, "required": ["m"]}]},
     ['{"k":1}', '{"m":null}', '{"k":1,"m":null}'], ["{}"]),
    ({"type": "boolean"}, ["true", "false"], ["True", "1"]),
    ({"title": "anything", "description": "x"}, ["1", "{}"], ["x"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(TAKEN)))
def test_what_fits_and_what_does_not(pico_words: Bare, number: int) -> None:
    schema, good, bad = TAKEN[number]
    for text in good:
        assert fits(pico_words, schema, text), (text, schema_grammar(schema))
    for text in bad:
        assert not fits(pico_words, schema, text), (text, schema_grammar(schema))


@pytest.mark.parametrize("number", range(len(TAKEN)))
def test_what_is_drawn_is_json(pico_words: Bare, number: int) -> None:
    """Whatever a model picks, the text can be read, and written again."""
    for seed in range(3):
        text = draw_answer(pico_words, TAKEN[number][0], seed)
        assert json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8")


REFUSED: dict[str, tuple[Any, str]] = {
    "web reference": ({"$ref": "http://127.0.0.1:9/schema.json"}, "within the schema"),
    "other web reference": ({"properties": {"a": {"$ref": "https://a.b/c#/d"}}}, "within the schema"),
    "file reference": ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "within the schema"),
    "missing reference": ({"$ref": "#/$defs/none"}, "nothing at"),
    "reference to itself": ({"$ref": "#"}, "begins with itself"),
    "all of itself": ({"allOf": [{"$ref": "#"}, {"type": "object"}]}, "nested too deep"),
    "round": ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
              "begins with itself"),
    "number reference": ({"$ref": 5}, "within the schema"),
    "no schema": ({"properties": {"a": 5}}, "where a schema should be"),
    "false": ({"properties": {"a": False}}, "where a schema should be"),
    "unknown type": ({"type": "text"}, "no type"),
    "odd type": ({"type": {"a": 1}}, "no type"),
    "odd properties": ({"properties": [1]}, "should be an object"),
    "odd required": ({"required": "a"}, "list of names"),
    "odd names": ({"required": [[]]}, "list of names"),
    "empty enum": ({"enum": []}, "something in it"),
    "empty union": ({"anyOf": []}, "something in it"),
    "NaN": ({"const": float("nan")}, "cannot be written"),
    "no JSON": ({"enum": [{1, 2}]}, "cannot be written"),
    "half a character": ({"const": "\ud83d"}, "no text"),
    "long text": ({"type": "string", "minLength": 10**9}, "above 2,000"),
    "odd length": ({"type": "string", "minLength": "3"}, "whole numbers"),
    "many items": ({"type": "array", "minItems": 10**12}, "above 2,000"),
    "backwards": ({"type": "array", "minItems": 3, "maxItems": 2}, "too small"),
    "empty range": ({"type": "integer", "minimum": 3, "maximum": 2}, "maximum"),
    "empty open range": ({"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 3}, "maximum"),
    "pattern looks around": ({"pattern": "^(?=a)b$"}, "not supported"),
    "pattern refers back": ({"pattern": "^(a)\\1$"}, "not supported"),
    "pattern with flags": ({"pattern": "(?i)a"}, "flags"),
    "broken pattern": ({"pattern": "("}, "no regular expression"),
    "odd pattern": ({"pattern": 5}, "no text"),
    "huge pattern": ({"pattern": "^a{3000}$"}, "more than 2,000"),
    "wide": ({"properties": {f"p{number}": {} for number in range(6000)}}, "too large"),
}  # fmt: skip


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize("case", REFUSED)
def test_refused(pico_words: Bare, case: str) -> None:
    schema, reason = REFUSED[case]
    with pytest.raises(EngineError, match=reason):
        Constraint(pico_words.model, schema_grammar(schema))


@pytest.mark.parametrize("levels", [100, 5000])
def test_deep_schemas_are_refused(levels: int) -> None:
    with pytest.raises(EngineError, match="nested too deep"):
        schema_grammar(nested(levels))


def test_unions_within_unions_end() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(40):
        schema = {"anyOf": [schema, {"allOf": [schema, {"minimum": 0}]}]}
    with pytest.raises(EngineError, match="too large"):
        schema_grammar(schema)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abé👋\"\\\n\t\x01", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\"\\", max_size=2), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(value=JSON, indent=st.sampled_from([None, 2]))
def test_any_json_is_json(pico_words: Bare, value: Any, indent: int | None) -> None:
    assert fits(pico_words, {}, json.dumps(value, indent=indent, ensure_ascii=False))
    assert fits(pico_words, {"const": value}, json.dumps(value, ensure_ascii=False))
