"""Passages end where sentences do, stay on their page and lose nothing."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.documents.page import Document, Sheet
from glmdesk.documents.passages import ENOUGH, MOST, Passage, searched, split


def document(*texts: str) -> Document:
    sheets = tuple(Sheet(number=number, text=text) for number, text in enumerate(texts, start=1))
    return Document(name="x", sheets=sheets)


def cut(*texts: str) -> list[str]:
    return [texts[found.page - 1][found.start : found.end] for found in split(document(*texts))]


def sentence(words: int, seed: int) -> str:
    rng = Random(seed)
    return " ".join(rng.choice(("valve", "pump", "seal", "oil")) for _ in range(words)) + "."


def test_a_short_page_is_one_passage() -> None:
    assert split(document("\n Hello.\n\nWorld. \n", "", " \n", "More")) == (
        Passage(page=1, start=2, end=16),
        Passage(page=4, start=0, end=4),
    )


def test_they_end_with_sentences() -> None:
    text = " ".join(sentence(9, seed) for seed in range(100))
    found = cut(text)
    assert all(passage.endswith(".") for passage in found)
    assert all(0.9 * MOST <= len(passage.split()) <= MOST for passage in found[:-1])


def test_lines_of_prose_do_not_end_them() -> None:
    words = " ".join(sentence(17, seed) for seed in range(60)).split()
    lines = "\n".join(" ".join(words[place : place + 11]) for place in range(0, len(words), 11))
    assert all(passage.endswith(".") for passage in cut(lines))


def test_they_end_with_paragraphs_when_they_are_long_enough() -> None:
    paragraphs = [" ".join(sentence(10, 9 * n + m) for m in range(5)) for n in range(9)]
    found = cut("\n\n".join(paragraphs))
    assert found == ["\n\n".join(paragraphs[place : place + 3]) for place in (0, 3, 6)]
    assert all(len(passage.split()) >= ENOUGH for passage in found)


def test_a_few_words_at_the_end_of_a_page_belong_to_what_is_before() -> None:
    (found,) = cut(" ".join(sentence(10, seed) for seed in range(MOST // 10)) + "\n\nThe end.")
    assert found.endswith("The end.")


def test_rows_of_a_table_stay_whole() -> None:
    rows = [f"P-{number} | {number * 7} bar | {number * 3} °C" for number in range(300)]
    found = cut("\n".join(rows))
    assert len(found) > 3
    assert [row for passage in found for row in passage.split("\n")] == rows


def test_chinese_sentences() -> None:
    sentences = [
        f"第{number}号阀门的压力是{number * 3}巴，请每周检查一次。" for number in range(200)
    ]
    found = cut("".join(sentences))
    assert all(passage.endswith("。") for passage in found)
    assert all(300 <= len(passage) <= 2.4 * MOST for passage in found[:-1])


@pytest.mark.parametrize("text", ["word " * 2000, "x" * 9000, "阀" * 5000, "a.b" * 3000])
def test_text_without_sentences_is_cut_all_the_same(text: str) -> None:
    found = cut(text)
    assert len(found) > 3
    assert max(map(len, found)) < 4_000
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.text(st.sampled_from("ab .\n。阀!”"), max_size=3000), max_size=3))
def test_nothing_is_lost(texts: list[str]) -> None:
    found = split(document(*texts))
    for number, text in enumerate(texts, start=1):
        ours = [passage for passage in found if passage.page == number]
        assert all(a.end <= b.start for a, b in zip(ours, ours[1:], strict=False))
        said = "".join(text[passage.start : passage.end] for passage in ours)
        assert said.split() == text.split() or "".join(said.split()) == "".join(text.split())
    assert list(found) == sorted(found, key=lambda passage: (passage.page, passage.start))


def test_a_passage_is_found_by_the_headings_of_its_page() -> None:
    heading, body = "Chapter 7: Pumps\n\nCleaning\n\n", " ".join(sentence(9, n) for n in range(60))
    sheet = Sheet(number=1, text=heading + body, label="Pumps")
    first, second, *_ = split(Document(name="x", sheets=(sheet,)))
    assert searched(sheet, first) == f"Pumps\n{sheet.text[: first.end]}"
    found = searched(sheet, second)
    assert found.startswith("Pumps\nChapter 7: Pumps\n\nCleaning\n")
    assert found.endswith("\n" + sheet.text[second.start : second.end])
    assert found.count("\n") == 5


def test_long_lines_are_no_headings() -> None:
    sheet = Sheet(number=1, text=" ".join(sentence(9, n) for n in range(60)))
    second = split(Document(name="x", sheets=(sheet,)))[1]
    assert searched(sheet, second).strip() == sheet.text[second.start : second.end]
