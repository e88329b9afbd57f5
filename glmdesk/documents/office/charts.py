"""Reads the numbers behind a chart of DrawingML as a table, and the words of a diagram."""

from glmdesk.documents.office import tables, tree
from glmdesk.documents.office.tree import Node

MAX_POINTS = 500
"""Points of a series that are read."""


def chart(root: Node) -> str:
    """Its title over a table of categories and series; "" when it holds no numbers."""
    series = list(root.iter("{*}ser"))
    names = [
        _words(tree.child(one, "tx")) or f"Series {place}" for place, one in enumerate(series, 1)
    ]
    values = [_points(one, "val", "yVal") for one in series]
    labels: dict[int, str] = {}
    for one in series:
        labels |= _points(one, "cat", "xVal")
    places = sorted({place for points in (labels, *values) for place in points})[:MAX_POINTS]
    rows = [
        [labels.get(place, ""), *(points.get(place, "") for points in values)] for place in places
    ]
    title = _words(tree.first(root, "title"))
    head = f"[chart: {title}]" if title else "[chart]"
    return f"{head}\n{tables.table(rows, ['', *names])}" if rows else head


def diagram(root: Node) -> str:
    """The words of a SmartArt, one item a line."""
    items = (_words(point) for point in root.iter("{*}pt"))
    return "\n".join(f"- {words}" for words in items if words)


def _points(series: Node, *names: str) -> dict[int, str]:
    """The values under the first of these names that the series has, by their places."""
    holders = (tree.child(series, name) for name in names)
    holder = next((one for one in holders if one is not None), None)
    points: dict[int, str] = {}
    for point in () if holder is None else holder.iter("{*}pt"):
        value = tree.child(point, "v")
        index = point.get("idx", "")
        if value is not None and index.isdigit():
            points[int(index)] = _rounded(value.text or "")
    return points


def _rounded(value: str) -> str:
    """A number without the last digits that only binary fractions have."""
    try:
        return f"{float(value):.12g}"
    except ValueError:
        return value


def _words(node: Node | None) -> str:
    if node is None:
        return ""
    parts = [part.text or "" for part in node.iter("{*}t", "{*}v")]
    return " ".join("".join(parts).split())
