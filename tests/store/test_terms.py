"""Words of texts and of questions are made alike, whatever people write."""

import pytest

from glmdesk.store.terms import MOST_TERMS, indexed, plain, question


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Crème BRÛLÉE", "creme brulee"),
        ("ﬁlter", "filter"),
        ("ＧＬＭ－４", "glm-4"),
        ("Straße", "strasse"),
        ("مَرْحَبًا", "مرحبا"),
        ("ガス", "ガス"),
        ("한국", "한국"),
        ("half \ud83d", "half ?"),
    ],
)
def test_plain(text: str, same: str) -> None:
    assert plain(text) == same


def test_chinese_becomes_pairs() -> None:
    assert indexed("GLM的文档库").split() == ["glm", "的文", "文档", "档库", "库"]
    assert question("文档库") == '"文档" OR "档库"'
    assert question("库") == '"库" *'


def test_words_of_a_question_that_say_nothing_are_left_out() -> None:
    assert question("What is the torque of it?") == '"torque" OR "torque" *'
    assert question("请问文档是什么？") == '"文档"'
    assert question("请问 pump") == question("pump")
    assert question("什么") == '"什么"'
    assert question("Who is it?") == '"who" OR "is" OR "it" OR "who is" OR "is it"'


def test_part_numbers_are_looked_for_whole_and_in_parts() -> None:
    assert (
        question("error E-1407") == '"e-1407" OR "error" OR "error" * OR "1407" OR "error e-1407"'
    )


@pytest.mark.parametrize("words", ["", " ", "?!", '"', "* ^ () -", "\0", "🐈"])
def test_nothing_to_look_for(words: str) -> None:
    assert question(words) == ""


def test_a_long_question_keeps_its_longest_words() -> None:
    asked = question(" ".join(f"word{'x' * number}" for number in range(2 * MOST_TERMS)))
    assert asked.count(" *") == MOST_TERMS
    assert asked.count("OR") == 3 * MOST_TERMS - 2
    assert '"wordx"' not in asked


def test_words_that_stand_together_are_also_looked_for_together() -> None:
    assert question("the old mill, the mill") == ('"mill" OR "mill" * OR "old" OR "old mill"')
