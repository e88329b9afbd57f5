"""Page numbers as people write them, and the sentences about what makes no sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.documents.choosing import numbers, spelled
from glmdesk.errors import DocumentError


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ("3", [3]),
        ("1-4, 9", [1, 2, 3, 4, 9]),
        ("9,1-4", [1, 2, 3, 4, 9]),
        ("2-3, 3-4, 3", [2, 3, 4]),
        ("8-", [8, 9, 10]),
        (" 1 - 3 ;5 ", [1, 2, 3, 5]),
        ("1–2 4—5", [1, 2, 4, 5]),
        ("１－３、９", [1, 2, 3, 9]),
        ("007", [7]),
        ("10-10", [10]),
        ("", list(range(1, 11))),
        (" , ", list(range(1, 11))),
    ],
)
def test_numbers(words: str, pages: list[int]) -> None:
    assert numbers(words, 10) == tuple(pages)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("0", "There is no page 0; pages are counted from 1."),
        ("0-3", "There is no page 0; pages are counted from 1."),
        ("9-4", "“9-4” runs backwards. Write 4-9."),
        ("12", "There is no page 12; the document has 10 pages."),
        ("4-12", "There is no page 12; the document has 10 pages."),
        ("1, odd", "“odd” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("-3", "“-3” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("1-2-3", "“1-2-3” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("²", "“²” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("1.5", "“1.5” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("x" * 99, f"“{'x' * 40}…” is not a page number. Write pages like 1-4, 9 or 7-."),
        ("9" * 9999, f"There is no page {'9' * 40}…; the document has 10 pages."),
    ],
)
def test_what_makes_no_sense_is_said(words: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        numbers(words, 10)
    assert refused.value.message == said


def test_one_page() -> None:
    with pytest.raises(DocumentError, match="the document has 1 page"):
        numbers("2", 1)


@pytest.mark.parametrize(
    ("pages", "words"),
    [((), ""), ((5,), "5"), ((1, 2), "1-2"), ((1, 2, 3, 4, 9), "1-4, 9"), ((1, 3, 5), "1, 3, 5")],
)
def test_spelled(pages: tuple[int, ...], words: str) -> None:
    assert spelled(pages) == words


@given(st.sets(st.integers(1, 60), min_size=1))
def test_what_is_spelled_is_understood(pages: set[int]) -> None:
    assert numbers(spelled(sorted(pages)), 60) == tuple(sorted(pages))
