"""Reads what people hand over, in child processes with limits; decodes nothing in this process."""

import queue
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from glmdesk import errors
from glmdesk.documents import notes
from glmdesk.documents.page import Document, Inspected, Page
from glmdesk.documents.protocol import (
    Answer,
    Done,
    Drawn,
    Fault,
    Inspect,
    Opened,
    ReadDocument,
    ReadPicture,
    Request,
)
from glmdesk.documents.seat import Lost, Seat
from glmdesk.documents.shelf import Shelf
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import DocumentDamaged, DocumentError, DocumentTooLarge
from glmdesk.messages import Picture
from glmdesk.paths import Paths

_Wanted = TypeVar("_Wanted")


class Reader:
    """At most two children, of which one stays warm. Every method may be called from any thread."""

    def __init__(self, paths: Paths, *, timeout_s: float = 60.0) -> None:
        self._shelf = Shelf(paths.cache / "pictures")
        self._timeout_s = timeout_s
        self._seats = [Seat(paths.log / f"reader-{number}.log") for number in (1, 2)]
        # The lowest number first, so that the warm child is asked before another is started.
        self._free: queue.PriorityQueue[int] = queue.PriorityQueue()
        for number in range(len(self._seats)):
            self._free.put(number)
        self._closed = False

    def warm(self) -> None:
        """Start the child that the first request would wait for; returns at once."""
        try:
            number = self._free.get_nowait()
        except queue.Empty:
            return
        self._leave(number)

    def inspect(self, path: Path, name: str) -> Inspected:
        """Say what a file is, having proved that it can be read. Raises DocumentError."""
        return self._one(Inspect(path=path, name=name), Inspected)

    def picture(self, path: Path, sha256: str, limits: PictureLimits, name: str = "") -> Picture:
        """Bring a picture to the model's size, unless that was done before.

        Raises DocumentError, whose sentence speaks of `name`.
        """
        known = self._shelf.picture(sha256, limits)
        if known:
            return replace(known, name=name)
        request = ReadPicture(
            path=path,
            name=name or "The picture",
            sha256=sha256,
            limits=limits,
            folder=self._shelf.folder,
        )
        drawn = self._one(request, Drawn)
        self._shelf.remember(sha256, drawn.source)
        return replace(self._shelf.named(sha256, (drawn.width, drawn.height)), name=name)

    def document(
        self, path: Path, name: str, sha256: str, limits: PictureLimits | None
    ) -> Document:
        """Read all pages; scanned ones become pictures unless `limits` is None, for a blind model.

        When the child dies or is too slow, the pages read until then are kept and the note says
        so. Raises DocumentError when there are none.
        """
        known = self._shelf.document((sha256, limits))
        if known:
            return replace(known, name=name)
        request = ReadDocument(
            path=path, name=name, sha256=sha256, limits=limits, folder=self._shelf.folder
        )
        answers: list[Answer] = []
        try:
            answers.extend(self._ask(request))
        except Lost as lost:
            rescued = _rescued(answers, lost)
            if rescued is None or self._closed:
                raise self._sorry(name, lost) from lost
            answers.append(rescued)
            return self._bound(request, answers)
        document = self._bound(request, answers)
        self._shelf.keep((sha256, limits), document)
        return document

    def close(self) -> None:
        """End every child; requests still running fail, later ones too."""
        self._closed = True
        for seat in self._seats:
            seat.close()

    def _bound(self, request: ReadDocument, answers: list[Answer]) -> Document:
        pages = [self._shelf.own(page, request.sha256) for page in _pages(answers)]
        note = next((answer.note for answer in answers if isinstance(answer, Done)), "")
        return Document(name=request.name, pages=tuple(pages), note=note)

    def _one(self, request: Request, wanted: type[_Wanted]) -> _Wanted:
        try:
            found = [answer for answer in self._ask(request) if isinstance(answer, wanted)]
        except Lost as lost:
            raise self._sorry(request.name, lost) from lost
        if not found:
            raise self._sorry(request.name, Lost("it gave the wrong answer"))
        return found[0]

    def _ask(self, request: Request) -> Iterator[Answer]:
        """Hold a seat until the last answer. Raises Lost, and what a Fault stands for."""
        number = self._free.get()
        try:
            with closing(self._seats[number].exchange(request, self._timeout_s)) as answers:
                for answer in answers:
                    if isinstance(answer, Fault):
                        raise errors.rebuild(answer.code, answer.message)
                    yield answer
        finally:
            self._leave(number)

    def _leave(self, number: int) -> None:
        """Free a seat: the first keeps a warm child for the next request, the other none."""
        try:
            if number == 0 and not self._closed:
                self._seats[number].warm()
            else:
                self._seats[number].empty()
        except Lost:
            pass  # the next request will meet the same trouble and has somebody to tell
        finally:
            self._free.put(number)

    def _sorry(self, name: str, lost: Lost) -> DocumentError:
        if self._closed:
            return DocumentError(f"{name} was not read, because glmdesk is closing. Try again.")
        if not lost.started:
            return DocumentError(
                f"{name} was not read: the process that reads files did not start ({lost.how}). "
                "Your chats are safe. Start glmdesk again; the log has the details."
            )
        if lost.slow:
            return DocumentTooLarge(
                f"{name} took longer than {self._timeout_s:g} seconds to read and was given up. "
                "Everything else is safe. Attach a smaller copy, or a part of it."
            )
        return DocumentDamaged(
            f"{name} could not be read. The process reading it ended: {lost.how}. Everything else "
            "is safe. Open the file in another program, save it again, and attach that."
        )


def _pages(answers: list[Answer]) -> list[Page]:
    return [answer for answer in answers if isinstance(answer, Page)]


def _rescued(answers: list[Answer], lost: Lost) -> Done | None:
    """The end of a document whose reading broke off, if there are pages to keep."""
    read = len(_pages(answers))
    total = next((answer.pages for answer in answers if isinstance(answer, Opened)), 0)
    return Done(note=notes.broken_off(read, total, lost.slow)) if read else None
