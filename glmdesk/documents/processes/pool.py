"""The reader processes as one: asks them and tells in a sentence what became of a question."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from glmdesk import errors
from glmdesk.documents.page import Place
from glmdesk.documents.processes.rota import URGENT, Rota
from glmdesk.documents.processes.seat import Lost, Patience, Seat
from glmdesk.documents.protocol import Answer, Drawn, Fault, Request
from glmdesk.errors import DocumentDamaged, DocumentError, DocumentTooLarge

SEATS = 2
DEATHS = 3
"""After so many readers were lost to one request for drawings, the rest is not drawn."""
AT_ONCE = 4
"""Pages drawn in one go; others get a turn in between."""

_Wanted = TypeVar("_Wanted")


class Pool:
    """At most two children, both warm once they were needed. Callable from any thread."""

    def __init__(self, log: Path, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.rota = Rota([Seat(log / f"reader-{number}.log") for number in range(1, SEATS + 1)])
        self.closed = False

    def close(self) -> None:
        """End every child; requests still running fail, later ones too."""
        self.closed = True
        self.rota.close()

    def one(self, request: Request, wanted: type[_Wanted]) -> _Wanted:
        """The one answer of that kind. Raises DocumentError."""
        try:
            found = [answer for answer in self._ask(request) if isinstance(answer, wanted)]
        except Lost as lost:
            raise self.sorry(request.name, lost) from lost
        if not found:
            raise self.sorry(request.name, Lost("it gave the wrong answer"))
        return found[0]

    def each(
        self, places: Sequence[Place], ask: Callable[[Sequence[Place]], Request]
    ) -> Mapping[Place, Drawn]:
        """Draw some at a time; one at which the child is lost is left out, the others are not.

        Raises DocumentError when the file cannot be opened.
        """
        left, drawn, deaths = list(places), dict[Place, Drawn](), 0
        while left and deaths < DEATHS:
            request = ask(left[:AT_ONCE])
            try:
                for answer in self._ask(request):
                    if isinstance(answer, Drawn) and left and answer.place == left[0]:
                        drawn[left.pop(0)] = answer
            except Lost as lost:
                if self.closed or not lost.started:
                    raise self.sorry(request.name, lost) from lost
                left.pop(0)
                deaths += 1
        return {place: found for place, found in drawn.items() if found.width}

    def exchange(self, seat: Seat, request: Request, whole_s: float) -> Generator[Answer]:
        """Every answer from a seat that is held. Raises Lost, and what a Fault stands for."""
        patience = Patience(answer_s=self._timeout_s, whole_s=whole_s)
        with closing(seat.exchange(request, patience)) as answers:
            for answer in answers:
                if isinstance(answer, Fault):
                    raise errors.rebuild(answer.code, answer.message)
                yield answer

    def sorry(self, name: str, lost: Lost) -> DocumentError:
        """What became of a request, for a person."""
        if self.closed:
            return closing_down(name)
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

    def _ask(self, request: Request) -> Generator[Answer]:
        with self.rota.seat(URGENT, request.path) as seat:
            # Drawing several pages is a batch of answers, each of which may take its time.
            yield from self.exchange(seat, request, AT_ONCE * self._timeout_s)


def closing_down(name: str) -> DocumentError:
    return DocumentError(f"{name} was not read, because glmdesk is closing. Try again.")
