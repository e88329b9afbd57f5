"""pico's exercises: the same for a seed, well formed, and right about what they show."""

import hashlib
import operator
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from glmdesk.library.gguf import preflight
from glmdesk.paths import shipped
from tools.pico import tasks
from tools.pico.evaluate import evaluate, is_right
from tools.pico.fonts import FontMissing, font_path
from tools.pico.render import render
from tools.pico.scenes import CELL, COLORS, NO_DIGIT, NO_SHAPE, SHAPES, digits, scene
from tools.pico.tasks import EASY_TASKS, EASY_WEIGHTS, TASKS, WEIGHTS, Part, Sample, draw

SEEDS = range(20)
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}

every_task = pytest.mark.parametrize("name", TASKS)


def samples(name: str) -> list[Sample]:
    return [TASKS[name](Random(seed)) for seed in SEEDS]


def user_parts(sample: Sample) -> Iterator[Part]:
    for turn in sample.messages:
        if turn.role == "user":
            assert isinstance(turn.content, tuple)
            yield from turn.content


def pictures(sample: Sample) -> list[Image.Image]:
    return [part for part in user_parts(sample) if isinstance(part, Image.Image)]


def text(sample: Sample) -> str:
    return "".join(part if isinstance(part, str) else "▣" for part in user_parts(sample))


@every_task
def test_a_seed_gives_one_sample(name: str) -> None:
    assert samples(name) == samples(name)
    assert len({text(sample) + sample.answer for sample in samples(name)}) > 3


def test_draws_are_those_pico_was_trained_on() -> None:
    """The words of ten seeds. Another hash is another distribution: train and measure again."""
    words = [
        "\t".join((text(sample), sample.thinking, sample.answer))
        for name in TASKS
        for sample in samples(name)[:10]
    ]
    assert hashlib.sha256("\n".join(words).encode()).hexdigest()[:16] == "33bb6e72844ee543"


@every_task
def test_samples_are_well_formed(name: str) -> None:
    for sample in samples(name):
        roles = [turn.role for turn in sample.messages]
        assert roles[-1] in ("user", "observation")
        assert sample.thinking
        assert sample.answer == sample.answer.strip() != ""
        assert all(part for part in user_parts(sample) if isinstance(part, str))
        for turn in sample.messages:
            kind = {"user": tuple, "tools": list}.get(turn.role, str)
            assert isinstance(turn.content, kind)


@every_task
def test_pictures_are_whole_cells(name: str) -> None:
    for picture in [picture for sample in samples(name) for picture in pictures(sample)]:
        assert picture.mode == "RGB"
        assert all(side % CELL == 0 and 84 <= side <= 140 for side in picture.size)
        labels = picture.info["cells" if "cells" in picture.info else "digits"]
        assert len(labels) == picture.width * picture.height // CELL**2


def test_tool_answers_are_right() -> None:
    answered = 0
    for sample in samples("t_tool"):
        question = re.fullmatch(r"What is ((\d+) ([-+*]) (\d+))\?", text(sample))
        assert question
        expression, a, sign, b = question.groups()
        last = sample.messages[-1]
        if last.role == "user":
            assert f"<arg_value>{expression}</arg_value>" in sample.answer
            continue
        answered += 1
        assert last.content == str(OPERATORS[sign](int(a), int(b)))
        assert sample.answer == f"{expression} = {last.content}."
    assert 0 < answered < len(SEEDS)


def test_scenes_show_what_they_name() -> None:
    for seed in SEEDS:
        image, things = scene(Random(seed))
        labels = {label for label in image.info["cells"] if label != NO_SHAPE}
        assert labels == {(list(COLORS).index(c), SHAPES.index(kind)) for c, kind in things}
        shown = [color for _, color in image.getcolors(maxcolors=1000) or []]
        for thing in things:
            wanted = COLORS[thing.color]
            assert any(
                isinstance(color, tuple)
                and all(abs(x - y) <= 12 for x, y in zip(color, wanted, strict=True))
                for color in shown
            )


def test_scenes_can_be_asked_for() -> None:
    assert [len(scene(Random(0), n)[1]) for n in (1, 2, 3)] == [1, 2, 3]
    assert all(len(scene(Random(seed), easy=True)[1]) == 1 for seed in SEEDS)
    assert all(len(digits(Random(seed), easy=True)[1]) <= 2 for seed in SEEDS)


def test_digits_are_where_the_labels_say() -> None:
    for seed in SEEDS:
        image, number = digits(Random(seed))
        columns = image.width // CELL
        places = {
            (index % columns, place, digit)
            for index, pair in enumerate(image.info["digits"])
            for place, digit in enumerate(pair)
            if digit != NO_DIGIT
        }
        assert "".join(str(digit) for _, _, digit in sorted(places)) == number


@pytest.mark.parametrize("name", ["t_doc", "t_pages"])
def test_cited_pages_hold_the_fact(name: str) -> None:
    cited = 0
    for sample in samples(name):
        citation = re.fullmatch(r"(.*) \[p\. (\d)\]\.", sample.answer)
        if not citation:
            continue
        cited += 1
        said, page = citation.groups()
        pages = re.split(r"\[page \d\]\n", text(sample).partition("</document>")[0])
        assert (said + "." if said.startswith("The code") else "▣") in pages[int(page)]
    assert cited


def test_weights_name_the_tasks() -> None:
    assert WEIGHTS.keys() == TASKS.keys()
    assert EASY_WEIGHTS.keys() == EASY_TASKS.keys() <= TASKS.keys()
    assert draw(Random(1)) == draw(Random(1))
    assert draw(Random(1), easy=True) == draw(Random(1), easy=True)


@every_task
def test_rendering_ends_with_the_answer(name: str) -> None:
    for seed, sample in zip(SEEDS, samples(name), strict=True):
        *prompt, last = render(sample, Random(seed))
        assert [segment.is_target for segment in prompt] == [False] * len(prompt)
        assert isinstance(last.content, str)
        called = sample.answer.startswith("<tool_call>")
        assert last.is_target
        assert last.content.endswith(sample.answer + ("<|observation|>" if called else "<|user|>"))


def test_evaluation_counts_whole_answers() -> None:
    tasks = {name: TASKS[name] for name in ("t_repeat", "t_tool")}
    right = evaluate(lambda sample, think: sample.answer, tasks, n=4, seed=1)
    assert right == dict.fromkeys(tasks, {False: 1.0, True: 1.0})
    thinking_only = evaluate(lambda sample, think: sample.answer if think else "", tasks, 4, 1)
    assert thinking_only == dict.fromkeys(tasks, {False: 0.0, True: 1.0})


@pytest.mark.parametrize(
    ("got", "expected", "right"),
    [
        ("The number is 42.\n", "The number is 42.", True),
        ("The number is 42. Yes.", "The number is 42.", False),
        ("<tool_call>f\n</tool_call><|observation|>\n9", "<tool_call>f\n</tool_call>", True),
        ("<tool_call>g\n</tool_call>", "<tool_call>f\n</tool_call>", False),
    ],
)
def test_what_counts_as_right(got: str, expected: str, right: bool) -> None:
    assert is_right(got, expected) is right


def test_a_missing_font_names_the_package() -> None:
    with pytest.raises(FontMissing, match="fonts-dejavu-core"):
        font_path("NoSuchFont.ttf")


def test_the_shipped_model_has_the_template_that_is_kept_here() -> None:
    header = preflight.read(shipped("models") / "pico" / "pico-f16.gguf")
    source = Path(tasks.__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
    assert header.metadata["tokenizer.chat_template"] == source
