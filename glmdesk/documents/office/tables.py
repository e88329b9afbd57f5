"""Writes Markdown: tables from rows of words, headings, lists. Knows no format."""

from collections.abc import Iterator, Sequence

Row = Sequence[str]


def table(rows: Sequence[Row], header: Row | None = None) -> str:
    """A Markdown table; the first row is the header unless one is given. "" when nothing is in it."""
    cells = [[cell(words) for words in row] for row in rows]
    if header is not None:
        cells.insert(0, [cell(words) for words in header])
    width = max((len(row) for row in cells), default=0)
    if not any(any(row) for row in cells):
        return ""
    lines = [_line(row, width) for row in cells]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def cell(words: str) -> str:
    """Words that cannot end their cell or their line."""
    return "<br>".join(part.strip() for part in words.strip().split("\n")).replace("|", "\\|")


def split(markdown: str, size: int) -> Iterator[str]:
    """A table in parts of about `size` characters, each under the header."""
    lines = markdown.split("\n")
    head, rows = lines[:2], lines[2:]
    base = sum(len(line) + 1 for line in head)
    part: list[str] = []
    length = base
    for row in rows:
        if part and length + len(row) + 1 > size:
            yield "\n".join([*head, *part])
            part, length = [], base
        part.append(row)
        length += len(row) + 1
    yield "\n".join([*head, *part])


def heading(words: str, level: int) -> str:
    return f"{'#' * min(max(level, 1), 6)} {' '.join(words.split())}"


def _line(row: Row, width: int) -> str:
    return "| " + " | ".join([*row, *[""] * (width - len(row))]) + " |"
