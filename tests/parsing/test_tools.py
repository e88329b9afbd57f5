"""Calls in the dialects of the models, well made and not; every text is cut at every place."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmdesk.messages import Answer, Thinking, ToolCall, ToolCalled, ToolCalling
from glmdesk.parsing.stream import MARKERS, Piece, StreamParser
from glmdesk.parsing.tools import TOOL_MARKERS

PROPERTIES = {
    "box": {"type": "array", "items": {"type": "integer"}},
    "note": {"type": "string"},
    "page": {"type": "integer"},
    "hint": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "color": {"enum": ["red", "blue"]},
    "either": {"type": ["string", "integer"]},
}
ZOOM: dict[str, Any] = {
    "type": "function",
    "function": {"name": "zoom", "parameters": {"type": "object", "properties": PROPERTIES}},
}
TOOLS: list[dict[str, Any]] = [
    ZOOM,
    {"name": "list-pages"},
    {"type": "function", "function": {"name": "zo"}},
]

Said = list[str | tuple[str, dict[str, Any]]]


def parse(
    pieces: Sequence[str], tools: Sequence[dict[str, Any]] = TOOLS, *, cut: bool = False
) -> list[Piece]:
    parser = StreamParser("answer", tools)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.finish(cut=cut)
    assert parser.has_calls == any(isinstance(event, ToolCalled) for event in events)
    return events


def joined(events: Sequence[Piece]) -> Said:
    """Texts and calls in their order; checks that the pieces of each call agree with it."""
    said: Said = []
    name, arguments, index = "", "", 0
    for event in events:
        if isinstance(event, Answer):
            if said and isinstance(said[-1], str):
                said[-1] += event.text
            else:
                said.append(event.text)
        elif isinstance(event, ToolCalling):
            assert event.index == index
            assert bool(event.name) == (name == "")
            name, arguments = name or event.name, arguments + event.arguments
        elif isinstance(event, ToolCalled):
            assert (event.index, event.call.name) == (index, name)
            assert arguments == json.dumps(event.call.arguments, ensure_ascii=False)
            said.append((name, dict(event.call.arguments)))
            name, arguments, index = "", "", index + 1
    return said


GLM46 = "<tool_call>zoom\n<arg_key>box</arg_key>\n<arg_value>[1, 2]</arg_value>\n</tool_call>"
GLM47 = "<tool_call>zoom<arg_key>box</arg_key><arg_value>[1, 2]</arg_value></tool_call>"
BOX: tuple[str, dict[str, Any]] = ("zoom", {"box": [1, 2]})
NOTHING: dict[str, Any] = {}

CASES: dict[str, tuple[str, Said]] = {
    "4.6": (GLM46, [BOX]),
    "4.7": (GLM47, [BOX]),
    "no text lost before": ("I look.\n" + GLM46, ["I look.", BOX]),
    "two": (GLM46 + "\n" + GLM46, [BOX, BOX]),
    "two without a break": (GLM47 + GLM47, [BOX, BOX]),
    "text between": ("a" + GLM47 + "\nb\n" + GLM47 + "\n", ["a", BOX, "\nb", BOX]),
    "text after": (GLM46 + "\nDone.", [BOX, "Done."]),
    "no arguments": ("<tool_call>list-pages</tool_call>", [("list-pages", NOTHING)]),
    "no arguments, break": ("<tool_call>list-pages\n</tool_call>", [("list-pages", NOTHING)]),
    "unknown name": ("<tool_call>fly</tool_call>", [("fly", NOTHING)]),
    "unknown with arguments": (GLM47.replace("zoom", "fly"), [("fly", {"box": [1, 2]})]),
    "unknown parameter": (GLM47.replace("box", "bax"), [("zoom", {"bax": [1, 2]})]),
    "several": (
        "<tool_call>zoom<arg_key>note</arg_key><arg_value>a\n</arg_value>"
        "<arg_key>page</arg_key><arg_value>3</arg_value></tool_call>",
        [("zoom", {"note": "a\n", "page": 3})],
    ),
    "spaces": (
        "<tool_call> zoom \n <arg_key> page </arg_key> \n <arg_value> 7 </arg_value> </tool_call>",
        [("zoom", {"page": 7})],
    ),
    "text stays as it is": (
        '<tool_call>zoom<arg_key>note</arg_key><arg_value> [1] "\\ \u2028👋\t</arg_value></tool_call>',
        [("zoom", {"note": ' [1] "\\ \u2028👋\t'})],
    ),
    "number as text": (GLM47.replace("box", "note"), [("zoom", {"note": "[1, 2]"})]),
    "not JSON": (GLM47.replace("[1, 2]", "[1,"), [("zoom", {"box": "[1,"})]),
    "NaN is no JSON": (GLM47.replace("[1, 2]", "NaN"), [("zoom", {"box": "NaN"})]),
    "half a character": (GLM47.replace("[1, 2]", '"\\ud83d"'), [("zoom", {"box": '"\\ud83d"'})]),
    "deep": (GLM47.replace("[1, 2]", "[" * 200_000), [("zoom", {"box": "[" * 200_000})]),
    "too deep to send": (
        GLM47.replace("[1, 2]", "[" * 300 + "]" * 300),
        [("zoom", {"box": "[" * 300 + "]" * 300})],
    ),
    "null or text": (
        "<tool_call>zoom<arg_key>hint</arg_key><arg_value>null</arg_value></tool_call>"
        "<tool_call>zoom<arg_key>hint</arg_key><arg_value>12</arg_value></tool_call>",
        [("zoom", {"hint": None}), ("zoom", {"hint": "12"})],
    ),
    "enum of texts": (
        "<tool_call>zoom<arg_key>color</arg_key><arg_value>red</arg_value></tool_call>",
        [("zoom", {"color": "red"})],
    ),
    "text or number": (
        "<tool_call>zoom<arg_key>either</arg_key><arg_value>5</arg_value></tool_call>",
        [("zoom", {"either": 5})],
    ),
    "empty value": (
        "<tool_call>zoom<arg_key>note</arg_key><arg_value></arg_value></tool_call>",
        [("zoom", {"note": ""})],
    ),
    "a name twice": (
        "<tool_call>zoom<arg_key>note</arg_key><arg_value>a</arg_value>"
        "<arg_key>note</arg_key><arg_value>b</arg_value></tool_call>",
        [("zoom", {"note": "a"})],
    ),
    # Malformed, as models were seen to write it.
    "key without its opening tag": (
        "<tool_call>zoom\nbox</arg_key>\n<arg_value>[1, 2]</arg_value>\n</tool_call>",
        [BOX],
    ),
    "second key without its opening tag": (
        "<tool_call>zoom<arg_key>page</arg_key><arg_value>1</arg_value>\n"
        "box</arg_key><arg_value>[1, 2]</arg_value></tool_call>",
        [("zoom", {"page": 1, "box": [1, 2]})],
    ),
    "name and key are one word": (GLM47.replace("<arg_key>", ""), [BOX]),
    "closed by another tag": (GLM46.replace("</tool_call>", "</arg_key>"), [BOX]),
    "value closed by another tag": (GLM46.replace("</arg_value>", "</arg_key>"), [BOX]),
    "value not closed": (GLM46.replace("</arg_value>", ""), [BOX]),
    "text not closed": (
        "<tool_call>zoom\n<arg_key>note</arg_key>\n<arg_value>a b \n</tool_call>",
        [("zoom", {"note": "a b"})],
    ),
    "key not closed": (GLM46.replace("</arg_key>", ""), [BOX]),
    "value not opened": (GLM46.replace("<arg_value>", ""), [BOX]),
    "key without value": (
        "<tool_call>zoom<arg_key>page</arg_key><arg_key>box</arg_key><arg_value>[1, 2]</arg_value>",
        [BOX],
    ),
    "not closed": (GLM46.replace("</tool_call>", ""), [BOX]),
    "not closed, then another": (GLM46.replace("</tool_call>", "") + GLM46, [BOX, BOX]),
    "not closed, then text": (GLM46.replace("</tool_call>", "") + "Fine, thanks", [BOX, "Fine, thanks"]),
    "ends after the name": ("<tool_call>zoom", [("zoom", NOTHING)]),
    "ends in a key": ("<tool_call>zoom\n<arg_key>bo", [("zoom", NOTHING)]),
    "ends in a value": ("<tool_call>zoom<arg_key>note</arg_key><arg_value>abc", [("zoom", {"note": "abc"})]),
    "ends in a closing tag": (GLM47[:-4], [BOX]),
    "opened twice": ("<tool_call>\n<tool_call>" + GLM46, [BOX]),
    "all opened twice": (
        GLM47.replace("<arg_key>", "<arg_key>" * 2).replace("<arg_value>", "<arg_value>" * 2),
        [BOX],
    ),
    "closed twice": (GLM47.replace("</arg_key>", "</arg_key>" * 2), [BOX]),
    "no arguments, not closed, text": ("<tool_call>zoom\nI wait.", [("zoom", NOTHING), "I wait."]),
    # No calls: nothing may be lost.
    "mentioned": ("The tag <tool_call> begins a call.", ["The tag <tool_call> begins a call."]),
    "quoted": ("`<tool_call>` and `</tool_call>`\n", ["`<tool_call>` and `</tool_call>`\n"]),
    "at the end": ("x <tool_call>", ["x <tool_call>"]),
    "unknown at the end": ("x <tool_call>fly ", ["x <tool_call>fly "]),
    "a known name in prose": ("<tool_call>zoom in on it", ["<tool_call>zoom in on it"]),
    "other tags": ("a <arg_key>b</arg_key> <tool", ["a <arg_key>b</arg_key> <tool"]),
    "twice mentioned": ("<tool_call><tool_call> hm?", ["<tool_call><tool_call> hm?"]),
    "a long word": ("<tool_call>" + "x" * 200, ["<tool_call>" + "x" * 200]),
    "then a call": ("<tool_call>? " + GLM47, ["<tool_call>?", BOX]),
    "less than": ("a < b and 1 <2", ["a < b and 1 <2"]),
    # JSON.
    "hermes": (
        '<tool_call>\n{"name": "zoom", "arguments": {"note": "a } </tool_call> \\" {"}}\n</tool_call>',
        [("zoom", {"note": 'a } </tool_call> " {'})],
    ),
    "hermes, two": (
        '<tool_call>{"name":"zoom","arguments":{}}</tool_call>\n<tool_call>{"name":"fly"}</tool_call>!',
        [("zoom", NOTHING), ("fly", NOTHING), "!"],
    ),
    "two in one tag": (
        '<tool_call>{"name":"zoom","arguments":{}}\n{"name":"zo","arguments":{}}</tool_call>',
        [("zoom", NOTHING), ("zo", NOTHING)],
    ),
    "arguments as text": (
        '<tool_call>{"name":"zoom","arguments":"{\\"page\\": 1}"}</tool_call>',
        [("zoom", {"page": 1})],
    ),
    "a brace is missing": (
        '<tool_call>{"name":"zoom","arguments":{"page": 1}</tool_call>',
        [("zoom", {"page": 1})],
    ),
    "JSON not closed": ('<tool_call>{"name":"zoom","arguments":{"page": 1}}', [("zoom", {"page": 1})]),
    "name, then JSON": ('<tool_call>zoom\n{"page": 1}\n</tool_call>', [("zoom", {"page": 1})]),
    "other JSON": ('<tool_call>{"a": [1]}</tool_call>', ['<tool_call>{"a": [1]}</tool_call>']),
    "broken JSON": ("<tool_call>{'a'</tool_call>b", ["<tool_call>{'a'</tool_call>b"]),
    "JSON that never ends": ('<tool_call>{"name": "zo', ['<tool_call>{"name": "zo']),
    "llama": ('{"name": "zoom", "parameters": {"page": 1}}', [("zoom", {"page": 1})]),
    "llama, two": (
        '{"name": "zoom", "parameters": {}}; {"name": "zo", "parameters": {}}',
        [("zoom", NOTHING), ("zo", NOTHING)],
    ),
    "openai": (
        '{"type": "function", "function": {"name": "zoom", "arguments": "{}"}}',
        [("zoom", NOTHING)],
    ),
    "a person": ('{"name": "Bob", "age": 4}', ['{"name": "Bob", "age": 4}']),
    "JSON answer": ('{"answer": 4} ', ['{"answer": 4} ']),
    "code": ('Use {"name": "zoom", "parameters": {}}', ['Use {"name": "zoom", "parameters": {}}']),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_whole_and_by_character(case: str) -> None:
    text, expected = CASES[case]
    assert joined(parse([text])) == expected
    if len(text) < 1000:
        assert joined(parse(list(text))) == expected


@pytest.mark.parametrize("case", [case for case in CASES if len(CASES[case][0]) < 250])
def test_cut_once_everywhere(case: str) -> None:
    text, expected = CASES[case]
    for place in range(len(text)):
        assert joined(parse([text[:place], text[place:]])) == expected, text[:place]


FRAGMENTS = st.one_of(
    st.sampled_from(
        [*TOOL_MARKERS, "zoom", "zo", "fly", "box", "note", "\n", " ", "[1, 2]", "null", "<", "</"]
    ),
    st.sampled_from(['{"name": "zoom"', ', "arguments": {', "}", "}}", '"', "\\", ";", "{", "x."]),
    st.text(max_size=6),
)


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(FRAGMENTS, max_size=16), data=st.data(), cut=st.booleans())
def test_no_cut_changes_the_result(parts: list[str], data: st.DataObject, cut: bool) -> None:
    text = "".join(parts)
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    whole = joined(parse([text], cut=cut))
    assert joined(parse(pieces, cut=cut)) == whole
    assert joined(parse(list(text), cut=cut)) == whole


def written(name: str, arguments: dict[str, Any], gap: str) -> str:
    """A call as GLM's templates write it."""
    pairs = "".join(
        f"<arg_key>{key}</arg_key>{gap}<arg_value>"
        f"{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}</arg_value>{gap}"
        for key, value in arguments.items()
    )
    return f"<tool_call>{name}{gap}{pairs}</tool_call>"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda text: not any(marker in text for marker in MARKERS)
)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "box": st.lists(st.integers()),
        "note": TEXTS,
        "page": st.integers(),
        "free": st.dictionaries(TEXTS, st.none() | st.booleans() | st.floats(allow_nan=False)),
    },
)


@settings(max_examples=200, deadline=None)
@given(
    calls=st.lists(st.tuples(st.sampled_from(["zoom", "fly"]), ARGUMENTS), max_size=3),
    gap=st.sampled_from(["", "\n"]),
)
def test_what_a_template_writes_is_read_back(
    calls: list[tuple[str, dict[str, Any]]], gap: str
) -> None:
    known = [(name, args) for name, args in calls if name == "zoom" or "note" not in args]
    text = gap.join(written(name, arguments, gap) for name, arguments in known)
    if "Infinity" not in text:
        assert joined(parse([text])) == known


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=16))
def test_text_without_a_call_is_complete(parts: list[str]) -> None:
    text = "".join(parts)
    events = parse([text])
    if not any(isinstance(event, ToolCalling) for event in events):
        assert joined(events) == ([text.lstrip()] if text.lstrip() else [])


def test_text_streams_inside_an_argument() -> None:
    parser = StreamParser("answer", TOOLS)
    assert parser.feed("<tool_call>zoom<arg_key>note</arg_key>") == [
        ToolCalling(index=0, name="zoom")
    ]
    assert parser.feed('<arg_value>a "b') == [
        ToolCalling(index=0, arguments='{"note": "'),
        ToolCalling(index=0, arguments='a \\"b'),
    ]
    assert not parser.has_calls
    assert parser.feed("</arg_value></tool_call>")[-1] == ToolCalled(
        index=0, call=ToolCall(name="zoom", arguments={"note": 'a "b'})
    )
    assert parser.has_calls


def test_a_closed_call_does_not_wait_for_more() -> None:
    parser = StreamParser("answer", TOOLS)
    assert isinstance(parser.feed(GLM47)[-1], ToolCalled)


@pytest.mark.parametrize("end", range(len("<tool_call>zoom<arg_key>n"), len(GLM47) - 11))
def test_a_call_cut_off_is_no_call(end: int) -> None:
    """The room ended in its middle: it must not run with half an argument."""
    events = parse([GLM47[:end]], cut=True)
    assert not any(isinstance(event, ToolCalled) for event in events)


def test_a_call_that_was_closed_stays_when_the_rest_is_cut_off() -> None:
    assert joined(parse([GLM47 + "<tool_call>zoom<arg_key>page"], cut=True)) == [BOX]


def test_no_tools_no_calls() -> None:
    assert joined(parse([GLM46], tools=[])) == [GLM46]


def test_thinking_makes_no_calls() -> None:
    parser = StreamParser("open", TOOLS)
    events = parser.feed(f"<think>Maybe {GLM47}</think>\n{GLM47}") + parser.finish()
    thoughts = "".join(event.text for event in events if isinstance(event, Thinking))
    assert thoughts == f"Maybe {GLM47}"
    assert joined([event for event in events if not isinstance(event, Thinking)]) == [BOX]


def test_odd_descriptions_do_no_harm() -> None:
    tools: list[dict[str, Any]] = [
        {"function": None}, {"name": 3}, {"name": "a", "parameters": []},
        {"name": "zoom", "parameters": {"properties": {"box": True, "page": {"type": None}}}},
    ]  # fmt: skip
    assert joined(parse([GLM46], tools=tools)) == [BOX]
