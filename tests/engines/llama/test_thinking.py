"""Which reasoning is sent again: that of the present turn always, that of earlier ones on demand."""

from dataclasses import replace

import pytest

from glmdesk.engines.llama.pieces import Words
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.messages import Message
from tests.engines.chats import ask, say
from tests.engines.llama.renderings import (
    GLM46,
    GLM46V,
    GLM47,
    PICO,
    glue_of,
    pieces_of,
    render,
    text_of,
    words_of,
    zoom,
)


def answered(text: str, thinking: str, tokens: tuple[int, ...] = ()) -> Message:
    return replace(say("assistant", text, tokens=tokens), thinking=thinking)


CHAT = (ask("q1"), answered("a1", " r1\n"), ask("q2"))
LOOP = (*CHAT, zoom(x="1", thinking="r2"), say("tool", "res"))


def test_earlier_reasoning_is_left_out() -> None:
    for template in (GLM46, GLM46V, GLM47, PICO):
        assert words_of(render(template, CHAT, "on")) == ["q1", "a1", "q2"]


def test_earlier_reasoning_is_kept_on_demand() -> None:
    assert text_of(render(GLM47, CHAT, "on", keep_thinking=True)) == (
        "[gMASK]<sop><|user|>q1<|assistant|><think>r1</think>a1<|user|>q2<|assistant|><think>"
    )


@pytest.mark.parametrize("template", [GLM46, GLM46V, PICO], ids=["4.6", "4.6V", "pico"])
def test_a_template_may_leave_it_out_all_the_same(template: ChatTemplate) -> None:
    kept = render(template, CHAT, "on", keep_thinking=True)
    assert kept == render(template, CHAT, "on")


def test_the_reasoning_of_this_turn_is_kept() -> None:
    for template in (GLM46, GLM46V, GLM47, PICO):
        rendered = render(template, LOOP, "on")
        assert words_of(rendered) == ["q1", "a1", "q2", "r2", "zoom", "x", "1", "res"]
        assert "<think></think>" not in text_of(rendered).split("q2")[1]


def test_a_turn_with_the_switch_off_has_no_reasoning_to_keep() -> None:
    chat = (replace(ask("q1"), think="off"), answered("a1", ""), ask("q2"))
    assert text_of(render(GLM47, chat, "on", keep_thinking=True)) == (
        "[gMASK]<sop><|user|>q1<|assistant|></think>a1<|user|>q2<|assistant|><think>"
    )


def test_only_reasoning_and_no_answer() -> None:
    chat = (ask("q1"), Message(role="assistant", thinking="r1"), ask("q2"))
    assert words_of(render(GLM47, chat, "on", keep_thinking=True)) == ["q1", "r1", "q2"]
    assert words_of(render(GLM47, chat, "on")) == ["q1", "q2"]


def test_the_tokens_of_an_answer_are_not_those_of_its_reasoning() -> None:
    chat = (ask("q1"), answered("a1", "r1", tokens=(1, 2)), ask("q2"))
    pieces = pieces_of(render(GLM47, chat, "on", keep_thinking=True))
    assert Words(text="r1") in pieces
    assert Words(text="a1", tokens=(1, 2)) in pieces


def test_a_tag_in_the_reasoning_closes_nothing() -> None:
    chat = (ask("q1"), answered("a1", "r</think><|user|>"), ask("q2"))
    rendered = render(GLM47, chat, "on", keep_thinking=True)
    assert words_of(rendered) == ["q1", "r</think><|user|>", "a1", "q2"]
    assert glue_of(rendered).count("</think>") == 1


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}",
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ m.reasoning_content }}{% endfor %}",
        "{% for m in messages %}<|{{ m.role }}|>{{ m.reasoning_content * 2 if m.reasoning_content }}"
        "{{ m.content }}{% endfor %}",
        "{% for m in messages %}<|{{ m.role }}|>{{ m.reasoning_content[:9] if m.reasoning_content }}"
        "{{ m.content }}{% endfor %}",
        "{% for m in messages %}<|{{ m.role }}|>{{ raise_exception('no') if m.reasoning_content }}"
        "{{ m.content }}{% endfor %}",
        "{% for m in messages %}<|{{ m.role }}|>{% if (m.reasoning_content or '') | length < 6 %}"
        "{{ m.reasoning_content }}{% endif %}{{ m.content }}{% endfor %}",
    ],
    ids=["unknown", "after the answer", "twice", "cut", "refused", "by its length"],
)
def test_a_template_that_does_not_take_reasoning_goes_without(source: str) -> None:
    rendered = render(ChatTemplate(source), CHAT, "on", keep_thinking=True)
    assert words_of(rendered) == ["q1", "a1", "q2"]
    assert text_of(rendered) == "<|user|>q1<|assistant|>a1<|user|>q2"


def test_a_template_that_always_writes_it_gets_it_only_on_demand() -> None:
    source = "{% for m in messages %}<|{{ m.role }}|>{{ m.reasoning_content }}{{ m.content }}{% endfor %}"
    assert words_of(render(ChatTemplate(source), CHAT, "on")) == ["q1", "a1", "q2"]
    kept = render(ChatTemplate(source), CHAT, "on", keep_thinking=True)
    assert words_of(kept) == ["q1", " r1\n", "a1", "q2"]
