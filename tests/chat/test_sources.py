"""The files of a question with their pages: chosen, searched, searched again, or as they went before."""

from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.chat.content import Contents
from glmdesk.chat.prices import Prices
from glmdesk.chat.sources import AGAIN, Reading, Sought, Sources
from glmdesk.documents.page import Document, Looks, Sheet
from glmdesk.documents.reader import Reader
from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Choice, SentPage
from glmdesk.paths import find

BOOK = Attachment(
    sha256="a" * 64, name="book.txt", kind="document", media_type="text/plain", size=1, pages=5
)
PICTURE = Attachment(sha256="b" * 64, name="b.png", kind="picture", media_type="image/png", size=1)
SHEETS = tuple(
    Sheet(number=number, text="word " * 100, looks=Looks(letters=400, ink=True))
    for number in range(1, 6)
)
HIT = SentPage(number=4, mode="text", start=10, end=60)


class BookReader(Reader):
    """Every document has the same five pages."""

    def document(self, path: Path, name: str, sha256: str, encoding: str = "") -> Document:
        return Document(name=name, sheets=SHEETS, note="Read as UTF-8.")


class Asked:
    """Finds one passage, and notes what it was asked."""

    def __init__(self) -> None:
        self.sought: list[Sought] = []

    def __call__(self, sought: Sought) -> tuple[SentPage, ...]:
        self.sought.append(sought)
        return (HIT,)


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def sources(tmp_path: Path, asked: Asked) -> Sources:
    return Sources(Contents(BookReader(find(tmp_path))), Prices(), asked)


def there(sha256: str) -> tuple[Path, Attachment]:
    return Path(sha256), BOOK


def reading(room: int) -> Reading:
    return Reading(model="m", limits=None, room=room, count=lambda texts: [110 for _ in texts])


def test_a_document_that_fits_is_sent_whole(sources: Sources, asked: Asked) -> None:
    gathered = sources.gather([PICTURE, BOOK], "what?", there, reading(550))
    whole = tuple(SentPage(number=number, mode="text") for number in range(1, 6))
    assert gathered.sent == {BOOK.sha256: whole}
    assert [file.sent for file in gathered.attached] == [(), whole]
    assert gathered.note == "Read as UTF-8."
    assert asked.sought == []


def test_one_that_does_not_fit_is_searched_and_that_is_said(sources: Sources, asked: Asked) -> None:
    gathered = sources.gather([BOOK], "what?", there, reading(549))
    assert gathered.sent == {BOOK.sha256: (HIT,)}
    assert "book.txt is longer than what fits" in gathered.note
    assert "from page 4 of 5" in gathered.note
    assert (asked.sought[0].question, asked.sought[0].room) == ("what?", 329)


def test_documents_share_the_room(sources: Sources, asked: Asked) -> None:
    other = replace(BOOK, sha256="c" * 64)
    gathered = sources.gather([BOOK, other], "what?", there, reading(700))
    assert len(gathered.sent[BOOK.sha256]) == 5
    assert [sought.room for sought in asked.sought] == [90]


def test_a_further_question_is_sent_what_is_new(sources: Sources, asked: Asked) -> None:
    earlier = replace(reading(400), earlier={BOOK.sha256: (SentPage(number=1, mode="text"),)})
    gathered = sources.gather([BOOK], "and?", there, earlier)
    assert gathered.sent == {BOOK.sha256: (HIT,)}
    assert asked.sought[0].room == 400 // AGAIN
    known = replace(reading(400), earlier={BOOK.sha256: (HIT,)})
    assert sources.gather([BOOK], "and?", there, known).attached == ()


def test_chosen_pages_are_sent_whatever_they_cost(sources: Sources) -> None:
    chosen = replace(BOOK, choice=Choice(pages="2-3"))
    sent = sources.gather([chosen], "what?", there, reading(10)).sent
    assert [page.number for page in sent[BOOK.sha256]] == [2, 3]


def test_a_new_file_must_be_there_an_old_one_may_be_gone(sources: Sources) -> None:
    def gone(sha256: str) -> tuple[Path, Attachment]:
        raise StorageError("There is no such file.")

    with pytest.raises(StorageError):
        sources.gather([BOOK], "what?", gone, reading(1000))
    again = sources.again([BOOK, PICTURE], {BOOK.sha256: (HIT,)}, gone)
    assert [(file.path, file.sent) for file in again.attached] == [(None, (HIT,)), (None, ())]
    assert again.note.startswith("book.txt was removed and is no longer sent.")
    assert sources.again([BOOK], {}, there).note == ""
    earlier = replace(reading(400), earlier={BOOK.sha256: (HIT,)})
    assert sources.gather([BOOK], "and?", gone, earlier).attached == ()
