"""In which order a person reads the blocks of a page: columns one after the other, rows from the top."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MAX_BLOCKS = 150
"""A page of more blocks keeps the order it was written in."""


class Block(NamedTuple):
    """Text in a box; x grows to the right and y downwards."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str

    @property
    def area(self) -> float:
        return max(0.0, self.x1 - self.x0) * max(0.0, self.y1 - self.y0)


class Boxed(Protocol):
    """What stands between two heights of a page."""

    @property
    def y0(self) -> float: ...
    @property
    def y1(self) -> float: ...


def in_reading_order(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks; those that span two columns divide what is above from what is below."""
    if not 1 < len(blocks) <= MAX_BLOCKS:
        return list(blocks)
    gutter = _gutter(blocks) if _may_have_columns(blocks) else None
    if gutter is None:
        return _rows(blocks)
    ordered: list[Block] = []
    rest = [block for block in blocks if not _spans(block, gutter)]
    for divider in sorted(_spanning(blocks, gutter), key=lambda block: block.y0):
        above = [block for block in rest if block.y0 < divider.y0]
        rest = [block for block in rest if block.y0 >= divider.y0]
        ordered += [*_halves(above, gutter), divider]
    return [*ordered, *_halves(rest, gutter)]


def level(one: Boxed, other: Boxed) -> bool:
    """Whether two boxes stand side by side in one row."""
    return (other.y0 + other.y1) / 2 < one.y1 and other.y1 > one.y0


def _may_have_columns(blocks: Sequence[Block]) -> bool:
    """Whether two paragraphs stand beside each other, without which there is no gutter."""
    width = max(block.x1 for block in blocks) - min(block.x0 for block in blocks)
    wide = [block for block in blocks if _is_paragraph(block, width)]
    return len(wide) > 1 and min(block.x1 for block in wide) <= max(block.x0 for block in wide)


def _halves(blocks: Sequence[Block], gutter: float) -> list[Block]:
    left = [block for block in blocks if block.x1 <= gutter]
    right = [block for block in blocks if block.x0 >= gutter and block.x1 > gutter]
    return [*in_reading_order(left), *in_reading_order(right)]


def _spans(block: Block, x: float) -> bool:
    return block.x0 < x < block.x1


def _spanning(blocks: Sequence[Block], x: float) -> list[Block]:
    return [block for block in blocks if _spans(block, x)]


def _gutter(blocks: Sequence[Block]) -> float | None:
    """The x between two columns of running text, which a table or a form does not have."""
    edges = {block.x0 for block in blocks}
    found = [(score, x) for x in edges if (score := _score(blocks, x)) > 0]
    return max(found)[1] if found else None


def _score(blocks: Sequence[Block], x: float) -> float:
    """Area beside the gutter less area across it; 0 when either side is not a column."""
    left = [block for block in blocks if block.x1 <= x]
    right = [block for block in blocks if block.x0 >= x]
    width = max(block.x1 for block in blocks) - min(block.x0 for block in blocks)
    if not (_is_column(left, width) and _is_column(right, width)):
        return 0.0
    return _area(left) + _area(right) - _area(_spanning(blocks, x))


def _is_column(blocks: Sequence[Block], width: float) -> bool:
    """Whether half of the text there stands in paragraphs, not in cells."""
    wide = [block for block in blocks if _is_paragraph(block, width)]
    return bool(wide) and _area(wide) * 2 > _area(blocks)


def _is_paragraph(block: Block, width: float) -> bool:
    """Three lines or more, of a fifth of the width."""
    return block.x1 - block.x0 > width * 0.2 and block.text.count("\n") >= 2


def _area(blocks: Sequence[Block]) -> float:
    return sum(block.area for block in blocks)


def _rows(blocks: Sequence[Block]) -> list[Block]:
    """From the top; blocks whose middles are level with each other from the left."""
    rows: list[list[Block]] = []
    for block in sorted(blocks, key=lambda block: block.y0):
        if rows and level(rows[-1][0], block):
            rows[-1].append(block)
        else:
            rows.append([block])
    return [block for row in rows for block in sorted(row, key=lambda block: block.x0)]
