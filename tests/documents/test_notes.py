import pytest

from glmdesk.documents import notes


@pytest.mark.parametrize(
    ("pages", "spoken"),
    [
        ([2], "page 2"),
        ([2, 5], "pages 2 and 5"),
        ([2, 3], "pages 2 and 3"),
        ([2, 3, 4], "pages 2-4"),
        ([1, 3, 4, 5, 9], "pages 1, 3-5 and 9"),
    ],
)
def test_pages_are_named_as_a_person_would(pages: list[int], spoken: str) -> None:
    assert notes.ranges(pages) == spoken


def test_sentences() -> None:
    assert notes.damaged([13]) == "Page 13 is damaged; the other pages were read."
    assert (
        notes.unseen([2, 5], 0)
        == "Pages 2 and 5 have no text (they look scanned); this model cannot see pictures."
    )
    assert notes.cut(2000, 10_000) == "Used the first 2,000 of 10,000 pages."
    assert notes.broken_off(12, 40, False) == "Read 12 of 40 pages; page 13 could not be read."
    assert notes.joined("", notes.cut(3, 3), notes.damaged([]), notes.unseen([], 0)) == ""
