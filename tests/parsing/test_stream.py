"""Every text is cut at every place: what comes out must not depend on the cuts."""

import pytest

from glmdesk.messages import Answer, Thinking
from glmdesk.parsing.stream import State, StreamParser, starting_state

CASES: list[tuple[State, str, str, str]] = [
    ("open", "Hello", "", "Hello"),
    ("open", "\n<think>I see.\n</think>\nA cat.", "I see.", "A cat."),
    ("open", "<think></think>\nA cat.", "", "A cat."),
    ("open", "<think>half", "half", ""),
    ("open", "<thin ice> is thin", "", "<thin ice> is thin"),
    ("open", "<", "", "<"),
    ("open", "", "", ""),
    ("open", "  \n ", "", ""),
    ("thinking", "deep </thi </think>done", "deep </thi", "done"),
    ("thinking", "<think>twice</think>x", "twice", "x"),
    ("thinking", "never closed", "never closed", ""),
    ("thinking", "a\n\nb\n</think>\n\nc\n", "a\n\nb", "c\n"),
    ("answer", "the tag <think> is quoted</think>", "", "the tag <think> is quoted</think>"),
    ("answer", "<|begin_of_box|>42<|end_of_box|>", "", "42"),
    ("answer", "\n <|begin_of_box|> [1, 2]<|end_of_box|> and <|be", "", "[1, 2] and <|be"),
    ("open", "<think>你好 👋</think>👋 好", "你好 👋", "👋 好"),
    ("answer", "a < b <| c", "", "a < b <| c"),
]


def collect(state: State, pieces: list[str]) -> tuple[str, str]:
    parser = StreamParser(state)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.finish()
    thinking = "".join(event.text for event in events if isinstance(event, Thinking))
    answer = "".join(event.text for event in events if isinstance(event, Answer))
    return thinking, answer


@pytest.mark.parametrize(("state", "text", "thinking", "answer"), CASES)
def test_whole(state: State, text: str, thinking: str, answer: str) -> None:
    assert collect(state, [text]) == (thinking, answer)


@pytest.mark.parametrize(("state", "text", "thinking", "answer"), CASES)
def test_cut_everywhere(state: State, text: str, thinking: str, answer: str) -> None:
    assert collect(state, list(text)) == (thinking, answer)
    for first in range(len(text)):
        for second in range(first, len(text)):
            pieces = [text[:first], text[first:second], text[second:]]
            assert collect(state, pieces) == (thinking, answer), pieces


def test_answer_is_not_held_back() -> None:
    """A person sees each word as it comes."""
    parser = StreamParser("answer")
    assert parser.feed("one ") == [Answer(text="one ")]
    assert parser.feed("two") == [Answer(text="two")]


@pytest.mark.parametrize(
    ("prompt", "state"),
    [
        ("<|assistant|>\n", "open"),
        ("<|assistant|><think>", "thinking"),
        ("<|assistant|>\n<think></think>\n", "answer"),
        ("<|assistant|></think>", "answer"),
        ("<|im_start|>assistant\n<think>\n", "thinking"),
    ],
)
def test_starting_state(prompt: str, state: State) -> None:
    assert starting_state(prompt) == state
