"""Citations: what is one, what is none, what it is cited for, and that a growing text takes none back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.parsing import citations
from glmdesk.parsing.citations import LONGEST_WORDS


def pages(text: str) -> list[list[tuple[int, int]]]:
    return [[(one.first, one.last) for one in found.pages] for found in citations.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is red [p. 7].", [[(7, 7)]]),
        ("It is red [p.7].", [[(7, 7)]]),
        ("It is red [p 7].", [[(7, 7)]]),
        ("It is red [P. 7].", [[(7, 7)]]),
        ("It is red [page 7].", [[(7, 7)]]),
        ("It is red [Page 12]", [[(12, 12)]]),
        ("It is red [p. 7, 9].", [[(7, 7), (9, 9)]]),
        ("It is red [p. 7, p. 9].", [[(7, 7), (9, 9)]]),
        ("It is red [p. 7; 9].", [[(7, 7), (9, 9)]]),
        ("It is red [pages 7 and 9].", [[(7, 7), (9, 9)]]),
        ("It is red [pp. 3-5].", [[(3, 5)]]),
        ("It is red [pp. 3–5, 8].", [[(3, 5), (8, 8)]]),
        ("red [p. 1][p. 2] and [p. 3]", [[(1, 1)], [(2, 2)], [(3, 3)]]),
        ("**[p. 4]**", [[(4, 4)]]),
        ("| a [p. 4] |", [[(4, 4)]]),
    ],
)  # fmt: skip
def test_what_is_one(text: str, found: list[list[tuple[int, int]]]) -> None:
    assert pages(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "no citation", "p. 7", "(p. 7)", "[7]", "[p. 7", "[p.]", "[p. x]", "[step 3]", "[p. 0]", "[pp. 5-3]",
        "[p. 123456]", "[p7]", "[p.\n7]", "`[p. 7]`", "``a ` [p. 7]``", "```\n[p. 7]\n```", "```\n[p. 7]",
        "~~~ x\n[p. 7]\n~~~", "$$x [p. 7]$$", "\\(a [p. 7]\\)", "\\[p. 7\\]", "\\[p. 7]",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert citations.find(text) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[report.pdf, p. 7]", "report.pdf"),
        ("[report.pdf p. 7]", "report.pdf"),
        ("[report.pdf: page 7]", "report.pdf"),
        ("[My report, 2nd (final).pdf, pp. 3-4]", "My report, 2nd (final).pdf"),
        ("[p. 7, p. 9]", ""),
        ("[see p. 7]", ""),
        ("[cf. pp. 7-9]", ""),
    ],
)
def test_a_name_in_front(text: str, name: str) -> None:
    (found,) = citations.find(text)
    assert found.name == name
    assert text[found.start : found.end] == text


def test_where_the_numbers_stand() -> None:
    text = "See [pp. 3-5, 9]."
    (found,) = citations.find(text)
    assert [text[one.start : one.end] for one in found.pages] == ["3-5", "9"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It rained. The code is 77 [p. 2].", ["The code is 77"]),
        ("The code is 77. [p. 2] Next.", ["The code is 77."]),
        ("- **Code**: it is 77 [p. 2]\n- More", ["Code : it is 77"]),
        ("As on [p. 2], the code of oslo is 77. More.", ["As on the code of oslo is 77."]),
        ("Costs are 5 million [p. 7], sales are 9 [p. 9].", ["Costs are 5 million", "sales are 9"]),
        ("Costs are 5 million [p. 7][p. 8].", ["Costs are 5 million"] * 2),
        ("Value 3.5 is used here [p. 7].", ["Value 3.5 is used here"]),
        ("It rained.\n\nThe code is 77.\n[p. 2]", ["The code is 77."]),
        ("天气很好。代码是七十七号的那一个东西[p. 2]。", ["代码是七十七号的那一个东西"]),
    ],
)
def test_what_it_is_cited_for(text: str, words: list[str]) -> None:
    assert [found.words for found in citations.find(text)] == words


PIECES = st.lists(
    st.sampled_from(
        ["[p. 1", "2]", "[pp. 3-5]", "[a.pdf, p. 1]", "`", "``", "```", "```\n", "~~~", "~~~\n", "\n", " ", "$$", "$",
         "\\[", "\\]", "\\(", "\\)", "[", "]", "word. ", "p. 4", ", 9", "页", "\u0663", "\\", "!", "(x)"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(st.one_of(st.text(max_size=300), PIECES))
def test_never_raises_and_never_invents(text: str) -> None:
    end = 0
    for found in citations.find(text):
        assert end <= found.start < found.end <= len(text)
        end = found.end
        assert text[found.start] == "["
        assert text[found.end - 1] == "]"
        assert len(found.words) <= LONGEST_WORDS
        assert found.pages
        for one in found.pages:
            assert 1 <= one.first <= one.last
            assert found.start < one.start < one.end < found.end
            written = text[one.start : one.end]
            assert written.startswith(str(one.first)) or not written.isascii()


@given(PIECES)
def test_a_growing_text_takes_nothing_back(text: str) -> None:
    whole = {(found.start, found.end) for found in citations.find(text)}
    for length in range(len(text)):
        soon = citations.find(text[:length], growing=True)
        assert {(found.start, found.end) for found in soon} <= whole


def test_a_long_text_is_read_in_one_go() -> None:
    """Every bracket could begin a citation, and every tick code: the work grows with the text only."""
    text = ("[a.pdf, p. " * 20 + "` `` ``` \\[ word [p. 3] " * 20 + "\n") * 40
    assert len(citations.find(text)) <= text.count("[p. 3]")
