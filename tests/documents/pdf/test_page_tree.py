from pathlib import Path

import pytest

from glmdesk.documents.pdf import pdf
from tests.documents.samples import new_pdf, put, sentence, write


def counted(folder: Path, count: int | None, pages: int = 5) -> tuple[int, str, list[str]]:
    """Pages, note and texts of a file whose tree says `count`."""
    with new_pdf() as document:
        for number in range(1, pages + 1):
            write(document, sentence(number))
        tree = int(document.xref_get_key(document.page_xref(0), "Parent")[1].split()[0])
        data = document.tobytes()
        said = b"/Count %d" % pages
        assert data.count(said) == 1, tree
        lie = b"/Count %d" % count if count is not None else b"/Kount 0"
        path = put(folder, "a.pdf", data.replace(said, lie.ljust(len(said))))
    with pdf.opened(path, "a.pdf") as book:
        return book.total, book.note, [book.sheet(n).text for n in range(1, book.total + 1)]


@pytest.mark.parametrize("count", [1, 0, 9, -3, None])
def test_a_wrong_number_hides_no_page(folder: Path, count: int | None) -> None:
    total, note, texts = counted(folder, count)
    assert total == 5
    assert "repaired" in note
    assert texts == [sentence(number) for number in range(1, 6)]


def test_a_right_number_is_left_alone(folder: Path) -> None:
    total, note, _ = counted(folder, 5)
    assert (total, note) == (5, "")


def test_branches_are_followed_once(folder: Path) -> None:
    """A tree that hangs on itself ends, and pages beside it are read."""
    with new_pdf() as document:
        write(document, sentence(1))
        page = document.page_xref(0)
        tree = int(document.xref_get_key(page, "Parent")[1].split()[0])
        branch = document.get_new_xref()
        document.update_object(
            branch, f"<</Type/Pages/Parent {tree} 0 R/Count 7/Kids[{tree} 0 R {branch} 0 R]>>"
        )
        document.xref_set_key(tree, "Kids", f"[{page} 0 R {branch} 0 R]")
        path = put(folder, "a.pdf", document.tobytes())
    with pdf.opened(path, "a.pdf") as book:
        assert book.total == 1
        assert book.sheet(1).text == sentence(1)


@pytest.mark.parametrize("broken", ["root", "kids", "catalog"])
def test_pages_without_a_tree_are_looked_for(folder: Path, broken: str) -> None:
    with new_pdf() as document:
        for number in (1, 2, 3):
            write(document, sentence(number))
        data = document.tobytes()
    wrong = {"root": b"/Type/Pages", "kids": b"/Kids", "catalog": b"/Type/Catalog/Pages"}[broken]
    assert data.count(wrong) == 1
    data = data.replace(wrong, wrong[:-2] + b"xx")
    if broken == "root":
        data = data.replace(b"/Kids", b"/Sids")
    with pdf.opened(put(folder, "a.pdf", data), "a.pdf") as book:
        assert [book.sheet(n).text for n in range(1, book.total + 1)] == [
            sentence(number) for number in (1, 2, 3)
        ]
        assert "repaired" in book.note
