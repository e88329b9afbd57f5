"""Who may ask which reader process next: short errands first, then documents in the order they came."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from glmdesk.documents.processes.seat import Lost, Seat

URGENT = 0
"""The rank of what a person waits for; documents have higher ones, the first the lowest."""


class Rota:
    """A few seats and a queue for them. Every method may be called from any thread."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        self.seats = tuple(seats)
        self._free = list(self.seats)
        self._waiting: list[tuple[int, int]] = []
        self._turns = itertools.count()
        self._changed = threading.Condition()
        self._closed = False

    @contextmanager
    def seat(self, rank: int, path: Path) -> Iterator[Seat]:
        """Hold a seat, best one whose child has the file open. Raises Lost when all is closed."""
        seat = self._take(rank, path)
        try:
            yield seat
        finally:
            self._leave(seat)

    @contextmanager
    def idle(self) -> Iterator[list[Seat]]:
        """Hold all seats that nobody uses."""
        with self._changed:
            seats, self._free = self._free, []
        try:
            yield seats
        finally:
            self._release(*seats)

    def pressed(self, rank: int) -> bool:
        """Whether somebody waits who goes before."""
        with self._changed:
            return any(waiting[0] < rank for waiting in self._waiting)

    def spare(self) -> bool:
        """Whether a child sits ready with nothing to do."""
        with self._changed:
            return not self._waiting and any(seat.ready for seat in self._free)

    def warm(self) -> None:
        """Have a child ready soon where nobody sits; returns at once."""
        with self._changed:
            seat = self._free.pop(0) if self._free else None
        if seat:
            self._warm(seat)
            self._release(seat)

    def close(self) -> None:
        """End every child; whoever waits gets Lost, and later ones too."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for seat in self.seats:
            seat.close()

    def _take(self, rank: int, path: Path) -> Seat:
        with self._changed:
            mine = rank, next(self._turns)
            self._waiting.append(mine)
            self._changed.wait_for(
                lambda: self._closed or (self._free and mine == min(self._waiting))
            )
            self._waiting.remove(mine)
            self._changed.notify_all()
            if self._closed:
                raise Lost("closed")
            seat = max(self._free, key=lambda one: (one.knows(path), one.ready, bool(one.pid)))
            self._free.remove(seat)
            return seat

    def _leave(self, seat: Seat) -> None:
        """Give a seat back with a child in it, and see that another sits ready in case this one dies."""
        self._warm(seat)
        self._release(seat)
        with self._changed:
            cold = next((seat for seat in self._free if not seat.pid), None)
            if cold:
                self._free.remove(cold)
        if cold:
            self._warm(cold)
            self._release(cold)

    def _warm(self, seat: Seat) -> None:
        try:
            seat.warm()
        except Lost:
            pass  # the next request will meet the same trouble and has somebody to tell

    def _release(self, *seats: Seat) -> None:
        with self._changed:
            self._free.extend(seats)
            self._changed.notify_all()
