"""Thinking by turn: a switch that changes rewrites nothing that was read before."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmdesk.engines.llama.pieces import Glue, Rendered
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.messages import Message, Picture, Text, Think
from tests.engines.chats import ask, say
from tests.engines.llama.renderings import (
    GLM46,
    GLM46V,
    GLM47,
    PICO,
    PICTURE,
    glue_of,
    pieces_of,
    render,
    text_of,
    zoom,
)

TEMPLATES = {"4.6": GLM46, "4.6V": GLM46V, "4.7": GLM47, "pico": PICO}
every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def asked(text: str, think: Think | None) -> Message:
    return replace(ask(text), think=think)


MIXED = (
    say("system", "SYS"), asked("q1", "off"), say("assistant", "a1"),
    asked("q2", "on"), zoom(x="1"), say("tool", "r"), say("assistant", "a2"), ask("q3"),
)  # fmt: skip


@pytest.mark.parametrize("think", ["auto", "on"])
def test_each_turn_keeps_its_switch(think: Think) -> None:
    assert text_of(render(GLM46, MIXED, think)) == (
        "[gMASK]<sop><|system|>\nSYS<|user|>\nq1/nothink<|assistant|>\n<think></think>\na1"
        "<|user|>\nq2<|assistant|>\n<think></think>\n<tool_call>zoom\n<arg_key>x</arg_key>\n"
        "<arg_value>1</arg_value>\n</tool_call><|observation|>\n<tool_response>\nr\n"
        "</tool_response><|assistant|>\n<think></think>\na2<|user|>\nq3<|assistant|>"
    )


@pytest.mark.parametrize("template", [GLM46, GLM46V, PICO], ids=["4.6", "4.6V", "pico"])
def test_where_the_switch_is_shown(template: ChatTemplate) -> None:
    def switched_off(think: Think, *, stock_history: bool) -> list[bool]:
        text = text_of(render(template, MIXED, think, stock_history=stock_history))
        return [f"{question}/nothink" in text for question in ("q1", "q2", "q3")]

    assert switched_off("on", stock_history=False) == [True, False, False]
    assert switched_off("off", stock_history=False) == [True, False, True]
    assert switched_off("on", stock_history=True) == [False, False, False]
    assert switched_off("off", stock_history=True) == [True, True, True]


@every_template
@pytest.mark.parametrize("think", ["auto", "on", "off"])
def test_without_known_switches_everything_is_stock(template: ChatTemplate, think: Think) -> None:
    unknown = [replace(message, think=None) for message in MIXED]
    stock = render(template, unknown, think, stock_history=True)
    assert render(template, unknown, think) == stock


@every_template
def test_the_last_question_has_the_present_switch(template: ChatTemplate) -> None:
    for think in ("on", "off"):
        alone = render(template, [ask("q")], think)
        assert render(template, [asked("q", "off")], think) == alone
        assert render(template, MIXED, think).ending == alone.ending


def test_a_turn_without_an_answer_keeps_its_switch() -> None:
    """The glue before the next question then also holds the end of this turn."""
    for answer in ([], [say("assistant", "")]):
        silent = [asked("q1", "off"), *answer, ask("q2")]
        assert "q1/nothink" in text_of(render(GLM46, silent, "on"))
        silent[0] = asked("q1", "on")
        assert "q1/nothink" not in text_of(render(GLM46, silent, "off"))


def test_what_a_person_types_is_no_switch() -> None:
    typed = [asked("q1/nothink", "on"), say("assistant", "a"), asked("q2/nothink", "off"), ask("q")]
    assert "/nothink" not in glue_of(render(GLM46, typed[:2] + typed[3:], "on"))
    rendered = render(GLM46, typed, "on")
    assert text_of(rendered).count("/nothink") == 2
    assert glue_of(rendered).count("/nothink") == 1


_SWITCH = "{% set off = enable_thinking is defined and not enable_thinking %}"
_EACH = "{% for m in messages %}"
STOCK_ONLY = {
    "in the system prompt": _SWITCH
    + "<|system|>{{ 'fast' if off else 'slow' }}"
    + _EACH
    + "<|{{ m.role }}|>{{ m.content }}{{ '/fast' if off and m.role == 'user' }}{% endfor %}"
    "<|assistant|>",
    "before a question": _SWITCH
    + _EACH
    + "<|{{ m.role }}|>{{ 'fast' if off and m.role == 'user' and not loop.first }}{{ m.content }}"
    "{% endfor %}<|assistant|>{{ 'x' if off }}",
    "only in the first question": _SWITCH
    + _EACH
    + "<|{{ m.role }}|>{{ m.content }}{{ 'fast' if off and loop.first }}{% endfor %}<|assistant|>",
    "refuses one of them": _EACH
    + "{% if enable_thinking is defined and not enable_thinking %}{{ raise_exception('no') }}{% endif %}"
    "<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>",
    "mixes the texts of one of them": _EACH
    + "<|{{ m.role }}|>{{ m.content if enable_thinking is not defined or enable_thinking or not "
    "loop.first else m.content + m.content }}{% endfor %}<|assistant|>",
}


@pytest.mark.parametrize("source", STOCK_ONLY.values(), ids=STOCK_ONLY)
def test_turns_that_cannot_be_told_apart_are_stock(source: str) -> None:
    template = ChatTemplate(source)
    chat = [asked("q1", "off"), say("assistant", "a1"), ask("q2"), say("assistant", "a2"), ask("q")]
    stock = render(template, chat, "on", stock_history=True)
    assert render(template, chat, "on") == stock
    plain = [replace(message, think=None) for message in chat]
    assert stock == render(template, plain, "on")


Spelled = tuple[bool | None, str]


def spelled(rendered: Rendered) -> list[Spelled]:
    """Character by character, each with whether it is the template's; a picture by its name."""
    letters: list[Spelled] = []
    for piece in pieces_of(rendered):
        if isinstance(piece, Picture):
            letters.append((None, piece.id))
        else:
            letters += [(isinstance(piece, Glue), letter) for letter in piece.text]
    return letters


def without_end(letters: list[Spelled], *ends: str) -> list[Spelled]:
    for end in ends:
        if letters[-len(end) :] == [(True, letter) for letter in end]:
            letters = letters[: -len(end)]
    return letters


texts = st.sampled_from([
    "", " ", "\n", "a", "a b", " a\n", "/nothink", "a/nothink", "<think>b</think>", "</think>", "<|user|>",
])  # fmt: skip
thoughts = st.sampled_from(["", "r", " r\n", "</think>", "<|user|>"])
switches: st.SearchStrategy[Think] = st.sampled_from(["auto", "on", "off"])


@st.composite
def turns(draw: st.DrawFn) -> tuple[Message, list[Message]]:
    """A question with the switch it was sent with, and what was answered: tools used, then words."""
    think = draw(switches)
    picture = (PICTURE,) if draw(st.booleans()) else ()
    question = replace(ask(*picture, draw(texts)), think=think)
    spoken = st.just("") if think == "off" else thoughts
    answer: list[Message] = []
    for result in draw(st.lists(texts, max_size=2)):
        answer += [zoom(thinking=draw(spoken), box=draw(texts)), say("tool", result)]
    return question, [*answer, replace(say("assistant", draw(texts)), thinking=draw(spoken))]


chats = st.lists(turns(), min_size=2, max_size=4)
heads: st.SearchStrategy[list[Message]] = st.lists(
    texts.map(lambda text: say("system", text)), max_size=1
)


def sent(
    head: list[Message], chat: Sequence[tuple[Message, list[Message]]]
) -> tuple[list[Message], Think]:
    """The messages of a request whose question is the last one of `chat`, and its switch."""
    earlier = [message for question, answer in chat[:-1] for message in (question, *answer)]
    question, _ = chat[-1]
    return [*head, *earlier, replace(question, think=None)], question.think or "auto"


@given(heads, chats, st.booleans(), st.sampled_from(list(TEMPLATES)))
@settings(max_examples=100, deadline=None)
def test_no_earlier_turn_is_read_again(
    head: list[Message],
    chat: list[tuple[Message, list[Message]]],
    keep_thinking: bool,
    name: str,
) -> None:
    """Each prompt goes on where the one before it ended, up to where reasoning was left out."""
    template = TEMPLATES[name]
    before: list[Spelled] = []
    for number in range(1, len(chat) + 1):
        messages, think = sent(head, chat[:number])
        prompt = spelled(render(template, messages, think, keep_thinking=keep_thinking))
        assert prompt[: len(before)] == before
        first = chat[number - 1][1][0]
        kept = keep_thinking and name == "4.7" and first.thinking.strip()
        before = prompt if kept else without_end(prompt, *left_out(first))


def left_out(answer: Message) -> list[str]:
    """The ends of a prompt that an answer does not keep: it may have no reasoning, and no line of its own."""
    said = any(isinstance(part, Text) and part.text.strip() for part in answer.parts)
    return ["<think>"] if said or answer.tool_calls else ["<think>", "\n"]


@given(heads, chats, st.sampled_from(list(TEMPLATES)))
@settings(max_examples=50, deadline=None)
def test_a_round_of_tools_goes_on_where_the_last_one_ended(
    head: list[Message], chat: list[tuple[Message, list[Message]]], name: str
) -> None:
    """Within a turn the reasoning stays, so nothing at all is read again."""
    template = TEMPLATES[name]
    messages, think = sent(head, chat)
    _, answer = chat[-1]
    for number in range(0, len(answer) - 1, 2):
        prompt = spelled(render(template, messages + answer[:number], think))
        following = spelled(render(template, messages + answer[: number + 2], think))
        call = answer[number]
        kept = prompt if call.thinking.strip() else without_end(prompt, *left_out(call))
        assert following[: len(kept)] == kept
