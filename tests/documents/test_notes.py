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
    assert notes.unread([13]) == "Page 13 could not be read; the other pages were."
    assert notes.unread([2, 3]) == "Pages 2 and 3 could not be read; the other pages were."
    assert (
        notes.unseen([2, 5])
        == "Pages 2 and 5 have no text (they look scanned); this model cannot see pictures."
    )
    assert notes.unseen([4]).startswith("Page 4 has no text (it looks scanned)")
    assert notes.cut(2000, 10_000) == "Used the first 2,000 of 10,000 pages."
    assert notes.broken_off(12, 40, "it took too long") == "Read 12 of 40 pages: it took too long."
    assert notes.slow(7, 60.0) == "Page 7 took longer than 60 seconds and was given up."
    assert notes.ended(7, "crashed (SIGSEGV)").endswith("reads files (crashed (SIGSEGV)).")
    assert notes.given_up(8, "it took too long") == "Page 8 was not read: it took too long."
    assert notes.joined("", notes.cut(3, 3), notes.unread([]), notes.unseen([])) == ""
