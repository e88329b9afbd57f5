"""Cuts the cells of a spreadsheet into pages, each under the letters of its columns and its first row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from glmdesk.documents.office import cells, tables

MAX_ROWS = 200
"""Rows on one page."""
PAGE = 6_000
"""Characters on one page."""
MAX_CELLS = 500_000
"""Cells of one file that are read, empty ones among others included."""
MAX_LETTERS = 32_000_000
"""Characters in all of them: many cells can share one long text."""
MAX_NUMBER = 1_048_576
"""Of a row: no program writes more."""
_LONGEST_CELL = 32_768

Row = tuple[int, Sequence[str]]
"""A row's number and its cells, beginning with column A."""


@dataclass
class Room:
    """How much of a file may still be read."""

    cells: int = MAX_CELLS
    letters: int = MAX_LETTERS


@dataclass
class Grid:
    """The rows of one sheet that say something, as they are read."""

    rows: list[Row] = field(default_factory=list)
    first: int = 0
    width: int = 0
    cut: bool = False
    """Whether there was more than can be read."""

    @property
    def last(self) -> int:
        """The number of its last row, 0 when there is none."""
        return self.rows[-1][0] if self.rows else 0


def read(rows: Iterable[Row], room: Room) -> Grid:
    """Take rows while there is room for their cells."""
    grid = Grid()
    for number, row in rows:
        room.cells -= len(row)
        room.letters -= sum(len(words) for words in row)
        if room.cells < 0 or room.letters < 0 or number > MAX_NUMBER:
            grid.cut = True
            break
        if any(row):
            grid.rows.append((number, [words[:_LONGEST_CELL] for words in row]))
    filled = [place for _, row in grid.rows for place, words in enumerate(row) if words]
    grid.first = min(filled, default=0)
    grid.width = max(filled, default=-1) + 1 - grid.first
    return grid


def pages(grid: Grid, title: str, extra: Sequence[str] = ()) -> Iterator[str]:
    """The text of each page; `extra` lines stand on the first one. At least one page."""
    parts = list(_parts(grid)) or [[]]
    for place, part in enumerate(parts):
        lines = [_titled(title, part, len(parts))]
        if part:
            lines.append(_table(grid, part, header=place > 0))
        elif not extra:
            lines.append("(empty)")
        yield "\n\n".join([*lines, *(extra if not place else ())])


def _titled(title: str, part: Sequence[Row], count: int) -> str:
    return f"# {title}" + (f" (rows {part[0][0]}-{part[-1][0]})" if count > 1 else "")


def _parts(grid: Grid) -> Iterator[list[Row]]:
    part: list[Row] = []
    length = 0
    for row in grid.rows:
        long = sum(len(words) + 3 for words in row[1]) + 8
        if part and (length + long > PAGE or len(part) >= MAX_ROWS):
            yield part
            part, length = [], 0
        part.append(row)
        length += long
    if part:
        yield part


def _table(grid: Grid, part: Sequence[Row], header: bool) -> str:
    """The first row of the sheet is said again on later pages: it mostly names the columns."""
    names = ["", *(cells.letters(grid.first + place + 1) for place in range(grid.width))]
    rows = [grid.rows[0], *part] if header else part
    return tables.table([_line(grid, row) for row in rows], names)


def _line(grid: Grid, row: Row) -> list[str]:
    number, words = row
    return [str(number), *words[grid.first : grid.first + grid.width]]
