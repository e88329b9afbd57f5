import threading
import time

import pytest

from glmdesk.documents.page import Document, Sheet
from glmdesk.documents.processes import progress as module
from glmdesk.documents.processes.progress import DEATHS, FIRST_PAGES, MOST_PAGES, Pace, Progress
from glmdesk.errors import DocumentDamaged, DocumentLocked, DocumentTooLarge


def begun(total: int = 10, seconds: float = 100.0) -> Progress:
    progress = Progress("a.pdf", time.monotonic() + seconds)
    progress.enter()
    assert progress.take() == (1, FIRST_PAGES)
    progress.opened(total)
    return progress


def read(progress: Progress, first: int, last: int, pace: float = 1.0) -> None:
    for number in range(first, last + 1):
        progress.add(Sheet(number=number, text=f"page {number}"))
    progress.done(1, "", "", Pace(page_s=pace))


def test_the_first_pages_are_few_and_the_next_follow_the_speed() -> None:
    progress = begun(1000)
    read(progress, 1, FIRST_PAGES, pace=0.0001)
    assert progress.take() == (5, 4 + MOST_PAGES)
    progress.done(1, "", "", Pace(page_s=0.05))
    assert progress.take() == (69, 70)
    progress.done(1, "", "", Pace(page_s=9.0))
    assert progress.take() == (71, 71)


def test_pages_are_shown_without_a_gap() -> None:
    progress = begun()
    assert progress.so_far() == ((), 10)
    progress.add(Sheet(number=1, text=""))
    progress.add(Sheet(number=3, text=""))
    pages, total = progress.so_far() or ((), 0)
    assert ([page.number for page in pages], total) == ([1], 10)


def test_nothing_is_known_before_it_is_open() -> None:
    assert Progress("a", 0.0).so_far() is None


def test_the_whole_is_there_after_the_last_reader() -> None:
    progress = begun(4)
    read(progress, 1, 4)
    assert progress.take() is None
    assert not progress.over
    progress.leave()
    document = progress.wait()
    assert [sheet.number for sheet in document.sheets] == [1, 2, 3, 4]
    assert (document.complete, document.note) == (True, "")
    assert progress.flawless
    assert progress.so_far() == (document.sheets, 4)


def test_a_lost_page_is_named_and_the_rest_is_read() -> None:
    progress = begun(4)
    progress.add(Sheet(number=1, text="one"))
    progress.lost((2, 4), "Page 2 ended it.")
    assert progress.take() == (3, 4)
    read(progress, 3, 4)
    progress.leave()
    document = progress.wait()
    assert [sheet.fault for sheet in document.sheets] == ["", "Page 2 ended it.", "", ""]
    assert document.note == "Page 2 could not be read; the other pages were."
    assert document.complete
    assert not progress.flawless


def test_a_reader_lost_between_pages_blames_none() -> None:
    progress = begun(4)
    progress.lost((1, 4), "")
    assert progress.take() == (1, 4)
    progress.lost((5, 4), "")
    assert progress.take() is None


def test_after_some_deaths_the_rest_is_given_up() -> None:
    progress = begun(10)
    progress.add(Sheet(number=1, text="one"))
    for number in range(2, 2 + DEATHS):
        progress.lost((number, 4), f"Page {number} ended it.")
        progress.take()
    assert progress.take() is None
    progress.leave()
    document = progress.wait()
    assert not document.complete
    assert len(document.sheets) == 10
    assert document.sheets[9].fault == ("Page 10 was not read: reading this file failed 3 times.")
    assert document.note == (
        "Pages 2-4 could not be read; the other pages were. "
        "Read 1 of 10 pages: reading this file failed 3 times."
    )


def test_a_document_may_not_take_for_ever() -> None:
    progress = Progress("a", time.monotonic() - 1)
    progress.enter()
    progress.opened(3)
    progress.add(Sheet(number=1, text="one"))
    assert progress.take() is None
    progress.leave()
    assert progress.wait().note == "Read 1 of 3 pages: it took too long."


def test_there_is_an_end_to_all_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LETTERS", 100)
    progress = begun(9)
    for number in range(1, 5):
        progress.add(Sheet(number=number, text="x" * 60))
    assert progress.take() is None
    progress.leave()
    document = progress.wait()
    assert [len(sheet.text) for sheet in document.sheets] == [60, 60, *[0] * 7]
    assert document.note == "Read 2 of 9 pages: there is more text than 100 characters."
    assert not document.complete


def test_none_readable_is_an_error() -> None:
    progress = begun(2)
    for number in (1, 2):
        progress.add(Sheet(number=number, text="", fault=f"Page {number} is damaged."))
    progress.leave()
    assert progress.so_far() is None
    with pytest.raises(DocumentDamaged, match=r"none of its pages can be read \(Page 1 is damaged"):
        progress.wait()


def test_an_error_before_the_first_page_is_the_answer_for_all_who_wait() -> None:
    progress = begun()
    progress.fail(DocumentLocked("It needs a password."))
    progress.leave()
    errors = []
    for _ in range(2):
        with pytest.raises(DocumentLocked, match="It needs a password") as caught:
            progress.wait()
        errors.append(caught.value)
    assert errors[0] is not errors[1]


def test_an_error_after_the_first_page_keeps_it() -> None:
    progress = begun(5)
    read(progress, 1, 2)
    progress.fail(DocumentTooLarge("a.pdf needs more memory. Nothing was attached."))
    progress.leave()
    document = progress.wait()
    assert [bool(sheet.fault) for sheet in document.sheets] == [False, False, True, True, True]
    assert document.note == "Read 2 of 5 pages: a.pdf needs more memory."


def test_notes_of_one_child_replace_each_other() -> None:
    progress = begun(1)
    progress.add(Sheet(number=1, text="x"))
    for pid, note in ((1, "One file."), (2, "Repaired."), (1, "Two files."), (3, "Repaired.")):
        progress.done(pid, note, "cp1252", Pace())
    progress.leave()
    document = progress.wait()
    assert (document.note, document.encoding) == ("Two files. Repaired.", "cp1252")


def test_who_waits_is_told_when_it_is_stopped() -> None:
    progress = begun()
    timer = threading.Timer(0.01, progress.stop, (DocumentDamaged("closing"),))
    timer.start()
    with pytest.raises(DocumentDamaged, match="closing"):
        progress.wait()
    timer.join()
    assert progress.take() is None


def test_help_is_for_what_takes_long() -> None:
    progress = begun(100)
    progress.done(1, "", "", Pace(page_s=0.1))
    assert progress.help_pays()
    progress.done(1, "", "", Pace(page_s=0.1, open_s=30.0))
    assert not progress.help_pays()
    progress.done(1, "", "", Pace(page_s=0.0001))
    assert not progress.help_pays()


def test_a_document_known_before() -> None:
    progress = Progress("a", 0.0)
    document = Document(name="a", sheets=(Sheet(number=1, text="x"),))
    progress.finish(document)
    assert progress.wait() is document
    assert progress.take() is None
