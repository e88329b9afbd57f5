"""Reads tables of separated values as they are, in pages of whole rows under the first one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glmdesk.documents import notes
from glmdesk.documents.text import text
from glmdesk.documents.text.volume import Leaf, Volume

MAX_ROWS = 200
PAGE = 6_000
"""Rows and characters of one page."""
_SEPARATORS = {",": "", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE = 50
_LONGEST = 20_000
"""Characters from which on a quote is a stray one, and a row ends with its line."""


@contextmanager
def opened(path: Path, name: str, encoding: str = "") -> Iterator[Volume]:
    """A table in pages. Raises DocumentTooLarge."""
    decoded = text.decode(text.read(path, name), encoding)
    rows = list(records(decoded.text.rstrip("\n")))
    between = _SEPARATORS[separator(rows)]
    said = f"Its columns are separated by {between}." if between else ""
    leaves = tuple(_leaves(rows)) or (Leaf(text=""),)
    note = notes.joined(decoded.note, said)
    yield Volume(name=name, leaves=leaves, note=note, encoding=decoded.encoding)


def records(words: str) -> Iterator[str]:
    """Rows, of which one may go over several lines inside quotes."""
    row: list[str] = []
    length = quotes = 0
    for line in words.split("\n"):
        row.append(line)
        length += len(line)
        quotes += line.count('"')
        if quotes % 2 and length <= _LONGEST:
            continue
        yield from ["\n".join(row)] if quotes % 2 == 0 else row
        row, length, quotes = [], 0, 0
    yield from row


def separator(rows: list[str]) -> str:
    """What stands between the columns: what is found equally often in most of the first rows."""
    sample = [_bare(row) for row in rows[:_SAMPLE] if row.strip()]

    def steadiness(mark: str) -> tuple[int, int]:
        counts = [row.count(mark) for row in sample]
        usual = max(set(counts), key=counts.count, default=0)
        return (counts.count(usual), usual) if usual else (0, 0)

    return max(_SEPARATORS, key=steadiness)


def _bare(row: str) -> str:
    """A row without what is quoted in it."""
    return "".join(row.split('"')[::2])


def _leaves(rows: list[str]) -> Iterator[Leaf]:
    part: list[str] = []
    first, length = 1, 0
    for number, row in enumerate(rows, 1):
        if part and (length + len(row) > PAGE or len(part) >= MAX_ROWS):
            yield _leaf(rows[0], part, first)
            part, first, length = [], number, 0
        part.append(row)
        length += len(row) + 1
    if part:
        yield _leaf(rows[0], part, first, whole=first == 1)


def _leaf(header: str, part: list[str], first: int, whole: bool = False) -> Leaf:
    label = "" if whole else f"rows {first}-{first + len(part) - 1}"
    lines = part if first == 1 else [header, *part]
    return Leaf(text="\n".join(lines), label=label, tables=1)
