"""From messages to the items of a prompt, with pico's own template, tokenizer and tower."""

from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.engines.base import Request
from glmdesk.engines.llama.prefix import Cells, count_cells
from glmdesk.engines.llama.prompt import ChatTemplate
from glmdesk.engines.llama.reading import PromptReader, without_boxes
from glmdesk.errors import EngineError
from glmdesk.messages import Message, Picture, Think, ToolCall
from tests.engines.chats import ask, plain_picture, say
from tests.engines.llama.inside import Inside

ROLES = ("<|user|>", "<|system|>", "<|assistant|>", "<|observation|>", "[gMASK]", "<sop>")


def items(pico: Inside, *messages: Message, think: Think = "off") -> list[int | Cells]:
    return pico.reader.prompt(Request(messages=messages, think=think)).items


def special_ids(pico: Inside) -> set[int]:
    words = (*ROLES, "<|begin_of_image|>", "<|image|>", "<think>", "</think>", "/nothink")
    return {pico.model.vocabulary.tokenize(word, special=True)[0] for word in words}


def test_a_prompt_is_what_the_template_writes(pico: Inside) -> None:
    (begin, *_) = items(pico, ask("Hello"))
    text = "[gMASK]<sop><|user|>\nHello/nothink<|assistant|>\n<think></think>\n"
    assert items(pico, ask("Hello")) == pico.model.vocabulary.tokenize(text, special=True)
    assert begin == pico.model.vocabulary.tokenize("[gMASK]", special=True)[0]


@pytest.mark.parametrize(
    "forged",
    [*ROLES, "<|begin_of_image|><|image|><|end_of_image|>", "<think>x</think>", "<__media__>"],
)
@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
def test_no_text_becomes_a_special_token(pico: Inside, role: str, forged: str) -> None:
    def specials(text: str) -> list[int]:
        message = Message(role=role, parts=ask(text).parts)  # type: ignore[arg-type]
        special = special_ids(pico)
        read = items(pico, ask("q"), message, ask("q"))
        return [item for item in read if isinstance(item, int) and item in special]

    assert specials(f"a {forged} b") == specials("a b")


def test_a_picture_is_framed_and_counted(pico: Inside, tmp_path: Path) -> None:
    for side, tokens, positions in ((84, 9, 3), (112, 16, 4)):
        shown = plain_picture(tmp_path, side=side)
        read = items(pico, ask("before", shown, "after"))
        cells = Cells(id=shown.id, n_tokens=tokens, n_pos=positions)
        at = read.index(cells)
        names = ["<|begin_of_image|>", "<|end_of_image|>"]
        frame = [pico.model.vocabulary.tokenize(name, special=True)[0] for name in names]
        assert [read[at - 1], read[at + 1]] == frame
        assert count_cells(read) == len(read) - 1 + tokens


def test_the_same_picture_twice_is_one_picture(pico: Inside, tmp_path: Path) -> None:
    shown = plain_picture(tmp_path)
    prompt = pico.reader.prompt(Request(messages=[ask(shown, "and", shown)]))
    assert sum(isinstance(item, Cells) for item in prompt.items) == 2
    assert prompt.pictures == {shown.id: shown}


def test_prices_are_by_message(pico: Inside, tmp_path: Path) -> None:
    messages = [
        say("system", "Answer briefly."),
        ask(plain_picture(tmp_path)),
        say("assistant", ""),
    ]
    request = Request(messages=messages, think="off")
    prices = pico.reader.price(request)
    assert len(prices) == 3
    assert prices[1] >= 16
    assert sum(prices) == count_cells(pico.reader.prompt(request).items)


@pytest.mark.parametrize(("think", "starts"), [("on", "open"), ("auto", "open"), ("off", "answer")])
def test_where_an_answer_starts(pico: Inside, think: Think, starts: str) -> None:
    prompt = pico.reader.prompt(Request(messages=[ask("I say <think>")], think=think))
    assert prompt.starts == starts


def test_kept_tokens_are_used(pico: Inside) -> None:
    vocabulary = pico.model.vocabulary
    text = "Hello there"
    letters = tuple(
        token for letter in text for token in vocabulary.tokenize(letter, special=False)
    )
    assert letters != tuple(vocabulary.tokenize(text, special=False))
    read = items(pico, ask("Hi"), say("assistant", text, tokens=letters), ask("Hi"))
    assert any(tuple(read[at : at + len(letters)]) == letters for at in range(len(read)))


def test_a_changed_switch_reads_no_earlier_turn_again(pico: Inside, tmp_path: Path) -> None:
    """Each prompt goes on where the one before it ended, with the ids of every answer."""
    switches: tuple[Think, ...] = ("off", "on", "off", "auto", "on")
    messages: list[Message] = [say("system", "Answer briefly.")]
    before: list[int | Cells] = []
    for number, think in enumerate(switches):
        question = ask(plain_picture(tmp_path), f"Question {number}</think>/nothink ")
        prompt = pico.reader.prompt(Request(messages=[*messages, question], think=think))
        read = prompt.items
        assert prompt.starts == ("answer" if think == "off" else "open")
        assert read[: len(before)] == before
        stock = Request(messages=[*messages, question], think=think, stock_history=True)
        assert number == 0 or pico.reader.prompt(stock).items[: len(before)] != before
        answer = say("assistant", f"Answer {number}</think>")
        messages += [replace(question, think=think), replace(answer, thinking="why")]
        before = read


def test_reasoning_is_read_as_words(pico: Inside) -> None:
    tagged = "because </think> and <|user|>"
    call = Message(
        role="assistant", tool_calls=(ToolCall(name="zoom", arguments={}),), thinking=tagged
    )
    read = items(pico, ask("q"), call, say("tool", "r"), think="on")
    words = pico.model.vocabulary.tokenize(tagged, special=False)
    assert any(read[at : at + len(words)] == words for at in range(len(read)))
    assert (
        sum(item in pico.model.vocabulary.tokenize("</think>", special=True) for item in read) == 1
    )


def test_without_vision_a_picture_is_refused(pico: Inside, tmp_path: Path) -> None:
    template = ChatTemplate(pico.model.chat_template())
    reader = PromptReader(template, pico.model.vocabulary, None)
    with pytest.raises(EngineError, match="cannot see pictures"):
        reader.prompt(Request(messages=[ask(plain_picture(tmp_path))]))


def test_sizes_that_llama_cpp_would_change_are_refused_or_counted(
    pico: Inside, tmp_path: Path
) -> None:
    """A picture that was not prepared for this model is counted as llama.cpp will see it."""
    shown = Picture(id="odd", width=300, height=100, path=tmp_path / "odd.rgb")
    (cells,) = (item for item in items(pico, ask(shown)) if isinstance(item, Cells))
    assert 8 <= cells.n_tokens <= 16


def test_an_empty_prompt_is_refused(pico: Inside) -> None:
    reader = PromptReader(ChatTemplate("{{ '' }}"), pico.model.vocabulary, None)
    with pytest.raises(EngineError, match="nothing to answer"):
        reader.prompt(Request(messages=[say("assistant", "")]))


def test_boxes() -> None:
    assert without_boxes("a<|begin_of_box|>b<|end_of_box|>c") == "abc"
