"""Boxes are shown below the answer, on the picture that it means."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from glmdesk.chat.jobs import Snapshot
from glmdesk.store.conversations import Entry
from glmdesk.ui import grounding, render
from tests.ui.asked import OTHER, PHOTO, PLAN, REPORT, asked, document, entry, picture

A_PHOTO, A_PLAN = picture(PHOTO, "photo.jpg"), picture(PLAN, "plan.png")
TWO = asked({A_PHOTO: (), A_PLAN: ()})
BOX = "[100,200,300,400]"


def drawn(answer: str, *before: Entry) -> list[tuple[str, int, list[list[object]]]]:
    """(sha256, page, boxes) of each picture."""
    found = []
    for figure in grounding.figures(answer, before):
        url = urlsplit(figure[figure.rindex("](") + 2 : -1])
        _, _, sha256, _, page = url.path.split("/")
        found.append((sha256, int(page), json.loads(parse_qs(url.fragment)["boxes"][0])))
    return found


def test_on_the_only_picture() -> None:
    answer = f"The cat: {BOX}, the dog: [5,6,700,1000]."
    boxes = [[100, 200, 300, 400, "The cat"], [5, 6, 700, 1000, "the dog"]]
    assert drawn(answer, asked({A_PHOTO: ()})) == [(PHOTO, 0, boxes)]
    (figure,) = grounding.figures(answer, [asked({A_PHOTO: ()})])
    assert figure.startswith("![Parts of photo jpg: The cat, the dog](/files/")


def test_without_a_picture_they_are_numbers() -> None:
    assert drawn(f"The list is {BOX}.", entry(words="sort")) == []
    assert drawn(f"The list is {BOX}.", asked({document(REPORT, "a.pdf"): (1, 2)})) == []
    assert drawn("No box.", TWO) == []


@pytest.mark.parametrize(
    ("answer", "which"),
    [
        (f"The cat is at {BOX}.", [PHOTO]),
        (f"In image 2 it is at {BOX}.", [PLAN]),
        (f"In the second picture: {BOX}", [PLAN]),
        (f"On plan.png it is at {BOX}.", [PLAN]),
        (f"In image 9: {BOX}", [PHOTO]),
        (f"Picture 1: {BOX}\nPicture 2: [5,6,700,1000]", [PHOTO, PLAN]),
    ],
)
def test_which_of_two(answer: str, which: list[str]) -> None:
    assert [one[0] for one in drawn(answer, TWO)] == which


def test_the_latest_question_with_pictures_counts() -> None:
    before = (asked({A_PHOTO: ()}), entry("assistant", "a cat"), entry(words="where?"))
    assert [one[0] for one in drawn(BOX, *before)] == [PHOTO]
    assert [one[0] for one in drawn(BOX, *before, asked({A_PLAN: ()}))] == [PLAN]


def test_on_a_page_that_was_sent_as_a_picture() -> None:
    scan = asked({document(OTHER, "scan.pdf"): (3, 4)}, mode="picture")
    assert [one[:2] for one in drawn(BOX, scan)] == [(OTHER, 3)]
    assert [one[:2] for one in drawn(f"On page 4: {BOX}", scan)] == [(OTHER, 4)]


def test_a_label_is_only_words() -> None:
    label = 'a](x) <img src=x> ")\n'
    answer = json.dumps({"bbox_2d": [100, 200, 300, 400], "label": label})
    (figure,) = grounding.figures(answer, [TWO])
    assert drawn(answer, TWO)[0][2] == [[100, 200, 300, 400, 'a](x) <img src=x> ")']]
    assert not set(figure[2 : figure.index("](")]) & set('[]()<>"\n')
    assert not set(figure[figure.index("](") + 2 : -1]) & set('[]()<>"\n ')


def test_they_stand_below_the_answer_in_a_part_of_their_own() -> None:
    answer = f"```json\n{BOX}"
    (live,) = render.live(Snapshot(text=answer), [TWO])
    stored = render.bubbles([TWO, entry("assistant", answer, note="It was late.")])[-1]
    for bubble in (live, stored):
        words, figure = (part["text"] for part in bubble["content"])
        assert words == answer
        assert figure.startswith("![Parts of photo jpg](")
    assert stored["content"][1]["text"].endswith("*It was late&#46;*")


def test_tags_of_boxes_are_never_shown() -> None:
    answer = entry("assistant", "<|begin_of_box|>42<|end_of_box|>", thinking="<|begin_of_box|>4")
    assert [bubble["content"][0]["text"] for bubble in render.bubbles([answer])] == ["4", "42"]
