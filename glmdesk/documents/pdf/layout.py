"""From lines with their boxes to blocks that can be put in order, and from blocks to a page's text. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from glmdesk.documents.pdf.lettering import tidy
from glmdesk.documents.pdf.order import Block, in_reading_order, level

_USUAL_PACE = (0.16, 1.35)
"""Width per letter over height per line, in ordinary lines; beyond, they are cells or stand upright."""
_CELL_GAP = 1.2
"""Gap between two pieces of a line, in heights, from which they are cells."""
_MARK = 4
"""A first cell of that many letters is the number or bullet of what follows."""
_COLUMN_LETTERS = 24
_CELL_LINES, _CELL_LETTERS = 4, 90
_LEADER = re.compile(r"[.\u2026·_ ]{4,}$")


class Line(NamedTuple):
    """A line of text in its box. `turn` counts quarter turns clockwise; `block` groups lines."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    turn: int = 0
    block: int = 0


def ordinary(block: Block) -> bool:
    """Whether a block's shape is that of horizontal lines under each other."""
    length = len(block.text)
    if length < 6:
        return True
    lines = block.text.count("\n") + 1
    pace = (block.x1 - block.x0) * lines * lines / (length * max(block.y1 - block.y0, 0.1))
    return _USUAL_PACE[0] < pace < _USUAL_PACE[1]


def page_text(blocks: Sequence[Block]) -> str:
    """The text of a page in reading order: an empty line between blocks, tabs between cells."""
    out: list[str] = []
    before: list[Block] = []
    for row in _rows(in_reading_order(blocks)):
        if before:
            table = _has_cells(before) and _has_cells(row) and _near(before, row)
            out.append("\n" if table else "\n\n")
        out.append(_cells([block.text for block in row]))
        before = row
    return "".join(out)


def text_tables(text: str) -> int:
    """How many runs of three lines or more have cells."""
    lines = (line for line in text.split("\n") if line)
    runs = groupby(lines, key=_is_row)
    return sum(inside and sum(1 for _ in run) >= 3 for inside, run in runs)


def _is_row(line: str) -> bool:
    return "\t" in line and not _LEADER.search(line.split("\t")[0])


def _rows(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Neighbours that stand side by side and are short enough for cells, together."""
    row: list[Block] = []
    for block in blocks:
        if row and not (level(row[-1], block) and row[-1].x1 <= block.x0 + 1 and _fits(row, block)):
            yield row
            row = []
        row.append(block)
    if row:
        yield row


def _fits(row: Sequence[Block], block: Block) -> bool:
    return all(
        one.text.count("\n") < _CELL_LINES and len(one.text) <= _CELL_LETTERS
        for one in (row[-1], block)
    )


def _has_cells(row: Sequence[Block]) -> bool:
    return len(row) > 1 or "\t" in row[0].text


def _near(above: Sequence[Block], below: Sequence[Block]) -> bool:
    gap = min(block.y0 for block in below) - max(block.y1 for block in above)
    return gap < max(block.y1 - block.y0 for block in below)


def _cells(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    cells = [text.replace("\n", " ").strip() for text in texts]
    gap = " " if len(cells) == 2 and len(cells[0]) <= _MARK and not cells[0].isalnum() else "\t"
    return gap.join(cells)


def blocks_of(lines: Sequence[Line], width: float, height: float) -> list[list[Block]]:
    """Blocks of horizontal lines, and those of each other direction as if the page were turned."""
    turns = sorted({line.turn for line in lines}, key=lambda turn: -_weight(lines, turn))
    upright = (
        [_turned(line, width, height) for line in lines if line.turn == turn] for turn in turns
    )
    return [[block for group in _groups(some) for block in _blocks(group)] for some in upright]


def _weight(lines: Sequence[Line], turn: int) -> int:
    return sum(len(line.text) for line in lines if line.turn == turn)


def _turned(line: Line, width: float, height: float) -> Line:
    """The line where it would stand if it ran from left to right."""
    x0, y0, x1, y1 = line[:4]
    match line.turn:
        case 1:
            box = (y0, width - x1, y1, width - x0)
        case 2:
            box = (width - x1, height - y1, width - x0, height - y0)
        case 3:
            box = (height - y1, x0, height - y0, x1)
        case _:
            return line
    return Line(*box, text=line.text, turn=line.turn, block=line.block)


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    return [list(group) for _, group in groupby(lines, key=lambda line: line.block)]


def upwards(lines: Sequence[Line]) -> bool:
    """Whether the lines of a block were mostly written from the last to the first."""
    steps = [other.y0 - one.y0 for one, other in zip(lines, lines[1:], strict=False)]
    return sum(step < 0 for step in steps) > sum(step > 0 for step in steps)


def any_upwards(lines: Sequence[Line]) -> bool:
    """Whether there is such a block among lines that run from left to right."""
    return any(upwards(group) for group in _groups([line for line in lines if line.turn == 0]))


def _blocks(lines: Sequence[Line]) -> Iterator[Block]:
    if upwards(lines):
        lines = sorted(lines, key=lambda line: line.y0)
    rows = list(_level_lines(lines))
    if all(len(row) == 1 for row in rows):
        yield _block(lines, "\n".join(line.text for line in lines))
    elif columns := _columns(rows):
        for column in columns:
            yield _block(column, "\n".join(line.text for line in column))
    else:
        yield _block(lines, "\n".join(_row_text(row) for row in rows))


def _level_lines(lines: Sequence[Line]) -> Iterator[list[Line]]:
    row: list[Line] = []
    for line in lines:
        if row and not level(row[-1], line):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _columns(rows: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of two columns of running text that were written row by row; [] if they are cells."""
    pairs = [sorted(row, key=lambda line: line.x0) for row in rows if len(row) == 2]
    if len(pairs) < 3 or len(pairs) * 2 < len(rows) or any(len(row) > 2 for row in rows):
        return []
    long = sum(min(len(left.text), len(right.text)) >= _COLUMN_LETTERS for left, right in pairs)
    edge = min(right.x0 for _, right in pairs)
    clear = all(left.x1 <= edge for left, _ in pairs)
    if not clear or long * 3 < len(pairs) * 2:
        return []
    lines = [line for row in rows for line in row]
    return [[line for line in lines if line.x0 < edge], [line for line in lines if line.x0 >= edge]]


def _row_text(row: Sequence[Line]) -> str:
    """Pieces of one line from the left: cells with tabs, what follows closely with a space."""
    pieces = sorted(row, key=lambda line: line.x0)
    if len(pieces) == 2:
        if pieces[1].x0 - pieces[0].x1 < _CELL_GAP * (pieces[0].y1 - pieces[0].y0):
            return f"{pieces[0].text.rstrip()} {pieces[1].text.lstrip()}"
        return _cells([piece.text for piece in pieces])
    return "\t".join(piece.text.strip() for piece in pieces)


def _block(lines: Sequence[Line], text: str) -> Block:
    return Block(
        x0=min(line.x0 for line in lines),
        y0=min(line.y0 for line in lines),
        x1=max(line.x1 for line in lines),
        y1=max(line.y1 for line in lines),
        text=tidy(text),
    )
