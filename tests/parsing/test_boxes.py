"""GLM's boxes: every form they come in, their labels, and what is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.parsing import boxes
from glmdesk.parsing.boxes import MOST, Box


def found(text: str) -> list[tuple[Box, str]]:
    return [(one.box, one.label) for one in boxes.find(text)]


CAT, DOG = (100, 200, 300, 400), (5, 6, 700, 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[100,200,300,400]", [(CAT, "")]),
        ("The cat is at [100, 200, 300, 400].", [(CAT, "The cat")]),
        ("<|begin_of_box|>[[100,200,300,400]]<|end_of_box|>", [(CAT, "")]),
        ("The cat: <|begin_of_box|>[100,200,300,400]<|end_of_box|>", [(CAT, "The cat")]),
        ("cat: [[100,200,300,400], [5,6,700,1000]]", [(CAT, "cat"), (DOG, "cat")]),
        ("cat [100,200,300,400], dog [5,6,700,1000]", [(CAT, "cat"), (DOG, "dog")]),
        ("- **Cat**: `[100, 200, 300, 400]`\n- **Dog**: [5,6,700,1000]", [(CAT, "Cat"), (DOG, "Dog")]),
        ("1. A cat is located at [100,200,300,400]", [(CAT, "A cat")]),
        ("The bounding box of the cat is [[100,200,300,400]].", [(CAT, "the cat")]),
        ("It is sunny. The dog is here: [5,6,700,1000]", [(DOG, "The dog")]),
        ("The cat:\n[100,200,300,400]", [(CAT, "The cat")]),
        ("Here you are.\n[100,200,300,400]", [(CAT, "")]),
        ("| cat | [100,200,300,400] |", [(CAT, "cat")]),
        ("猫[100,200,300,400]", [(CAT, "猫")]),
        ('{"bbox_2d": [100,200,300,400], "label": "cat"}', [(CAT, "cat")]),
        ('{"label": "cat", "bbox_2d": [100,200,300,400]}', [(CAT, "cat")]),
        ('```json\n[\n {"bbox_2d": [100, 200, 300, 400], "label": "cat"},\n'
         ' {"bbox_2d": [5, 6, 700, 1000], "label": "dog \\"Rex\\""}\n]\n```',
         [(CAT, "cat"), (DOG, 'dog "Rex"')]),
        ('{"label": "cats", "bbox_2d": [[100,200,300,400],[5,6,700,1000]]}', [(CAT, "cats"), (DOG, "cats")]),
        ('{"cat": [100,200,300,400], "dog": [[5,6,700,1000]]}', [(CAT, "cat"), (DOG, "dog")]),
        ("{'bbox': [100,200,300,400], 'name': 'cat',}", [(CAT, "cat")]),
        ('{"bbox_2d": [100,200,300,400]}', [(CAT, "")]),
        ("The cat [99.6, 200.2, 300.0, 400.4]", [(CAT, "The cat")]),
        ("[100,200,300,400] cat, then the cat [100,200,300,400]", [(CAT, "cat, then the cat")]),
        ('The cat is [5,6,700,1000].\n```json\n{"bbox_2d": [100,200,300,400', [(DOG, "The cat")]),
    ],
)  # fmt: skip
def test_every_form(text: str, expected: list[tuple[Box, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "[1,2,3]", "[1,2,3,4,5]", "[a,2,3,4]", "[-1,2,3,4]", "[300,200,100,400]", "[100,400,300,200]",
        "[100,200,100,400]", "[100,200,300,1001]", "[100,200,3000,400]", "[0.1, 0.2, 0.3, 0.4]", "[100,200,300,40",
        "(100,200,300,400)", "x[100,200,300,400]", "[100,200,300,400](http://example.org)", "$$[100,200,300,400]$$",
        "```python\nbox = [100,200,300,400]\n```", "<|begin_of_box|>42<|end_of_box|>", "[99999,1,2,3]",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert found(text) == []


def test_the_tags_go_and_the_words_stay() -> None:
    assert boxes.without_markers("It is <|begin_of_box|>42<|end_of_box|>.") == "It is 42."


def test_a_list_of_numbers_is_cut() -> None:
    text = "\n".join(f"[{n}, 1, {n + 1}, 2]" for n in range(500))
    assert len(boxes.find(text)) == MOST


LABELS = st.text(min_size=1, max_size=40).filter(
    lambda label: label.isprintable() and label.strip() == label and "{" not in label and "}" not in label
    and "  " not in label and " ".join(label.split()) == label
)  # fmt: skip
BOXES = st.tuples(
    st.integers(0, 499), st.integers(0, 499), st.integers(500, 1000), st.integers(500, 1000)
)


@given(st.dictionaries(BOXES, LABELS, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_json_comes_back_as_it_was(drawn: dict[Box, str], fenced: bool, ascii_only: bool) -> None:
    things = [{"bbox_2d": list(box), "label": label} for box, label in drawn.items()]
    text = json.dumps(things, ensure_ascii=ascii_only, indent=1 if fenced else None)
    assert found(f"```json\n{text}\n```" if fenced else text) == list(drawn.items())


PIECES = st.lists(
    st.sampled_from(
        ["[1,2,3,4]", "[", "]", "[5, 6, 7,", " 8]", "{", "}", '"label": "', '"', "'", "\\", "\\u12", "\n", ": ", "cat ",
         "```", "```json\n", "`", "$$", "<|begin_of_box|>", "(", ",", "1000", "9999]", "٣"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(st.one_of(st.text(max_size=300), PIECES))
def test_never_raises_and_never_invents(text: str) -> None:
    for one in boxes.find(text):
        written = text[one.start : one.end]
        left, top, right, bottom = one.box
        assert json.loads(written) == [left, top, right, bottom] or not written.isascii()
        assert 0 <= left < right <= 1000
        assert 0 <= top < bottom <= 1000
        assert one.label.isprintable()


def test_a_growing_answer_gives_its_boxes_one_by_one() -> None:
    things = [{"bbox_2d": list(box), "label": label} for box, label in ((CAT, "cat"), (DOG, "dog"))]
    text = f"Here they are:\n```json\n{json.dumps(things)}\n```\nThe sun: [1, 2, 3, 4]."
    whole = [one.box for one in boxes.find(text)]
    assert len(whole) == 3
    seen = [[one.box for one in boxes.find(text[:length])] for length in range(len(text))]
    assert all(boxes_now == whole[: len(boxes_now)] for boxes_now in seen)
    assert [len(boxes_now) for boxes_now in seen] == sorted(len(boxes_now) for boxes_now in seen)
