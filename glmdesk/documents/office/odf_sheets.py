"""Reads the cells of an OpenDocument spreadsheet."""

from collections.abc import Iterator

from glmdesk.documents.office import grid, odf_story, tree
from glmdesk.documents.office.tree import Node

_WIDEST = 1_024
"""Columns that an empty cell may be repeated over; programs fill the rest of a row with one."""
_MOST = 10_000
"""Times that a row which says something is repeated."""


def rows(table: Node) -> Iterator[grid.Row]:
    """Numbered rows with the values as they are shown."""
    number = 0
    for row in odf_story.rows(table):
        words = list(_cells(row))
        while words and not words[-1]:
            words.pop()
        times = _times(row, "number-rows-repeated")
        for place in range(min(times, _MOST) if words else 0):
            yield number + place + 1, words
        number += times


def _cells(row: Node) -> Iterator[str]:
    for cell in row:
        if tree.kind(cell) not in ("table-cell", "covered-table-cell"):
            continue
        words = _shown(cell)
        for _ in range(min(_times(cell, "number-columns-repeated"), _WIDEST)):
            yield words


def _shown(cell: Node) -> str:
    """What stands in a cell, or its value where a program left the words out."""
    lines = ["".join(part.itertext()) for part in cell.iterfind("{*}p")]
    comment = cell.find("{*}annotation")
    noted = "" if comment is None else " ".join("".join(comment.itertext()).split())
    words = "\n".join(lines) or tree.attribute(cell, "date-value") or tree.attribute(cell, "value")
    return f"{words} [comment: {noted}]" if noted else words


def _times(node: Node, name: str) -> int:
    value = tree.attribute(node, name)
    return max(1, int(value)) if value.isdigit() and len(value) < 9 else 1
