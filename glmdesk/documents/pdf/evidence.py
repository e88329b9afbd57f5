"""What the boxes on a page tell of it: how much they cover, and which lines make tables. Pure."""

from collections.abc import Iterable, Sequence

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom in points."""

THIN = 3.0
"""A shape that is not thicker is a rule, not a drawing."""
_GRID = 64
_NEAR = 3.0
_MAX_RULES = 2000


def is_thin(box: Rect) -> bool:
    """Whether a shape is no more than a rule."""
    return min(box[2] - box[0], box[3] - box[1]) <= THIN


def covered(boxes: Iterable[Rect], width: float, height: float) -> float:
    """The share of a page that boxes cover together, to about a sixtieth of its sides."""
    rows = [0] * _GRID
    for x0, y0, x1, y1 in boxes:
        left, right = _cells(x0, x1, width)
        top, bottom = _cells(y0, y1, height)
        mask = (1 << right) - (1 << left)
        for row in range(top, bottom):
            rows[row] |= mask
    return sum(row.bit_count() for row in rows) / _GRID**2


def _cells(low: float, high: float, whole: float) -> tuple[int, int]:
    """Those cells along one side that are covered to the middle."""
    scale = _GRID / max(whole, 1.0)
    first, last = round(low * scale), round(high * scale)
    return min(max(first, 0), _GRID), min(max(last, first, 0), _GRID)


def ruled_tables(boxes: Sequence[Rect]) -> int:
    """How many grids rules and frames make: two rows at least, and two columns or three rows."""
    edges = [edge for box in boxes[:_MAX_RULES] for edge in _edges(box)]
    return sum(_is_table(group) for group in _touching(edges))


def _edges(box: Rect) -> list[Rect]:
    """A rule as it is; of a frame its four sides."""
    x0, y0, x1, y1 = box
    if is_thin(box):
        return [box]
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _is_table(group: Sequence[Rect]) -> bool:
    across = {round(y0 / _NEAR) for x0, y0, x1, y1 in group if x1 - x0 > y1 - y0}
    down = {round(x0 / _NEAR) for x0, y0, x1, y1 in group if y1 - y0 > x1 - x0}
    return len(across) >= 3 and len(down) >= 2 and len(across) + len(down) >= 6


def _touching(edges: Sequence[Rect]) -> list[list[Rect]]:
    """Edges in groups of which each member meets another one."""
    groups: list[tuple[Rect, list[Rect]]] = []
    for edge in sorted(edges, key=lambda edge: edge[1]):
        bounds, members = edge, [edge]
        apart = []
        for other, others in groups:
            if _meet(bounds, other):
                bounds, members = _union(bounds, other), others + members
            else:
                apart.append((other, others))
        groups = [*apart, (bounds, members)]
    return [members for _, members in groups]


def _meet(one: Rect, other: Rect) -> bool:
    return (
        one[0] <= other[2] + _NEAR
        and other[0] <= one[2] + _NEAR
        and one[1] <= other[3] + _NEAR
        and other[1] <= one[3] + _NEAR
    )


def _union(one: Rect, other: Rect) -> Rect:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
