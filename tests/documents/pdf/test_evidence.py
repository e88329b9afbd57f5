import pytest

from glmdesk.documents.pdf.evidence import Rect, covered, ruled_tables


def grid(left: float, top: float, columns: int, rows: int) -> list[Rect]:
    across = [
        (left, top + 20 * row, left + 50 * columns, top + 20 * row) for row in range(rows + 1)
    ]
    down = [
        (left + 50 * column, top, left + 50 * column, top + 20 * rows)
        for column in range(columns + 1)
    ]
    return [*across, *down]


@pytest.mark.parametrize(
    ("boxes", "share"),
    [
        ([], 0),
        ([(0, 0, 600, 800)], 1),
        ([(0, 0, 600, 400)], 0.5),
        ([(0, 0, 600, 400), (0, 0, 600, 400)], 0.5),
        ([(0, 0, 300, 800), (300, 0, 600, 800)], 1),
        ([(-100, -100, 900, 900)], 1),
        ([(700, 900, 800, 1000)], 0),
        ([(500, 300, 100, 200)], 0),
    ],
)
def test_covered(boxes: list[Rect], share: float) -> None:
    assert covered(boxes, 600, 800) == pytest.approx(share, abs=0.001)


def test_grids_are_tables() -> None:
    assert ruled_tables(grid(50, 100, 3, 4)) == 1
    assert ruled_tables([*grid(50, 100, 3, 4), *grid(50, 400, 2, 2)]) == 2


def test_frames_and_cells_are_tables_too() -> None:
    cells = [
        (50 + 40 * x, 100 + 20 * y, 90 + 40 * x, 120 + 20 * y) for x in range(3) for y in (0, 1)
    ]
    assert ruled_tables([(float(a), float(b), float(c), float(d)) for a, b, c, d in cells]) == 1


@pytest.mark.parametrize(
    "boxes",
    [
        [],
        [(50, 100, 500, 101)],
        [(50, 100, 500, 700)],
        [(50, y, 500, y + 1) for y in range(100, 700, 15)],
        [(50, 100, 500, 300), (50, 400, 500, 600)],
    ],
)
def test_rules_and_frames_alone_are_none(boxes: list[Rect]) -> None:
    assert ruled_tables(boxes) == 0
