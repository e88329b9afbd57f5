"""A reader process in which words on a page do what a broken parser would."""

import os
import threading

from glmdesk.child import Pipe

DIES, HANGS, STRAYS = "the parser dies here", "the parser hangs here", "the parser strays here"


def begin(pipe: Pipe) -> None:
    """Stands in for `seat.begin`; the child itself is the real one."""
    from glmdesk.documents.book import Book
    from glmdesk.documents.child import errands, worker
    from glmdesk.documents.child.errands import Errands
    from glmdesk.documents.child.kinds import Kind
    from glmdesk.documents.page import Place, Sheet
    from glmdesk.documents.protocol import Drawn, ShowPages

    read, show = errands._sheet, Errands._show

    def sheet(book: Book, number: int) -> Sheet:
        found = read(book, number)
        if DIES in found.text:
            os._exit(9)
        if HANGS in found.text:
            threading.Event().wait()
        if STRAYS in found.text:
            return Sheet(number=number + 1, text="")
        return found

    def shown(self: Errands, request: ShowPages, kind: Kind, place: Place) -> Drawn:
        if HANGS in self._book(request, kind).sheet(place[0]).text:
            threading.Event().wait()
        return show(self, request, kind, place)

    errands._sheet = sheet
    Errands._show = shown  # type: ignore[method-assign]
    worker.serve(pipe)
