from hypothesis import given
from hypothesis import strategies as st

from glmdesk.library.transfers.segments import Segments
from glmdesk.library.transfers.spans import Spans

SIZE = 40
places = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE))


@given(st.lists(st.tuples(st.booleans(), places)))
def test_spans_are_a_set_of_bytes(steps: list[tuple[bool, tuple[int, int]]]) -> None:
    spans, known = Spans(), set[int]()
    for adds, (start, stop) in steps:
        if adds:
            spans.add(start, stop)
            known |= set(range(start, stop))
        else:
            spans.remove(start, stop)
            known -= set(range(start, stop))
    assert {byte for start, stop in spans for byte in range(start, stop)} == known
    assert spans.total == len(known)
    assert spans.front == next(byte for byte in range(SIZE + 1) if byte not in known)
    gaps = {byte for start, stop in spans.gaps(SIZE) for byte in range(start, stop)}
    assert gaps == set(range(SIZE)) - known
    edges = list(spans)
    assert all(before[1] < after[0] for before, after in zip(edges, edges[1:], strict=False))
    for start in range(0, SIZE, 7):
        assert spans.covers(start, start + 5) == (set(range(start, start + 5)) <= known)


def test_segments_fill_every_hole_in_order() -> None:
    mib = 1024 * 1024
    segments = Segments(100 * mib, Spans([(10 * mib, 20 * mib)]), 8 * mib, 4)
    first, second, third = (segments.take() for _ in range(3))
    assert first
    assert second
    assert third
    assert (first.start, first.stop) == (0, 8 * mib)
    assert (second.start, second.stop) == (8 * mib, 10 * mib)
    assert third.start == 20 * mib
    second.position = 9 * mib
    segments.release(second)
    assert segments.covers(8 * mib, 9 * mib)
    again = segments.take()
    assert again
    assert (again.start, again.stop) == (9 * mib, 10 * mib)
    segments.drop(12 * mib, 13 * mib)
    hole = segments.take()
    assert hole
    assert (hole.start, hole.stop) == (12 * mib, 13 * mib)


def test_segments_end_together() -> None:
    mib = 1024 * 1024
    segments, sizes = Segments(1000 * mib, Spans(), 64 * mib, 4), []
    while segment := segments.take():
        sizes.append(segment.stop - segment.start)
    assert sum(sizes) == 1000 * mib
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-2] == mib
