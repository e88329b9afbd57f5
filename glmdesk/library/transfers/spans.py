"""Which bytes of a file are there: half-open ranges, kept apart and in order. Values only."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""First byte, and the one after the last."""


class Spans:
    """A set of bytes. Not safe between threads by itself."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for start, stop in spans:
            self.add(start, stop)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(stop - start for start, stop in self._spans)

    @property
    def front(self) -> int:
        """How many bytes there are from the beginning without a hole."""
        return self._spans[0][1] if self._spans and self._spans[0][0] == 0 else 0

    def copy(self) -> "Spans":
        fresh = Spans()
        fresh._spans = list(self._spans)
        return fresh

    def add(self, start: int, stop: int) -> None:
        """Join the bytes from `start` to before `stop`."""
        if start >= stop:
            return
        first = bisect_left(self._spans, start, key=_stop)
        last = bisect_right(self._spans, stop, key=_start)
        if first < last:
            start = min(start, self._spans[first][0])
            stop = max(stop, self._spans[last - 1][1])
        self._spans[first:last] = [(start, stop)]

    def remove(self, start: int, stop: int) -> None:
        if start >= stop:
            return
        kept: list[Span] = []
        for begin, end in self._spans:
            kept += [(begin, min(end, start)), (max(begin, stop), end)]
        self._spans = [(begin, end) for begin, end in kept if begin < end]

    def covers(self, start: int, stop: int) -> bool:
        place = bisect_right(self._spans, start, key=_start) - 1
        return start >= stop or (place >= 0 and self._spans[place][1] >= stop)

    def gaps(self, size: int) -> Iterator[Span]:
        """What a file of `size` bytes still lacks, in order."""
        begin = 0
        for start, stop in self._spans:
            if begin < start:
                yield begin, min(start, size)
            begin = stop
        if begin < size:
            yield begin, size


def _start(span: Span) -> int:
    return span[0]


def _stop(span: Span) -> int:
    return span[1]
