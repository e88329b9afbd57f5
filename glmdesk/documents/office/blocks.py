"""Gathers the paragraphs, tables and pictures of a flowing document into pages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from glmdesk.documents.office import tables
from glmdesk.documents.text import pieces
from glmdesk.documents.text.volume import Image, Leaf

_LONGEST = 2 * pieces.PAGE
"""Characters from which on a page between two breaks is cut all the same."""

BREAK = "\f"
"""Where a new page begins inside a paragraph."""
Token = str | Image
"""Words, a break, or a picture."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph or a table as Markdown, and the pictures in it."""

    text: str
    pictures: tuple[Image, ...] = ()
    table: bool = False
    tight: bool = False
    """Whether it stands close to its neighbour if that is tight too, as items of a list do."""
    head: bool = False
    """Whether it is a heading, which belongs to what follows."""
    begins: bool = False
    """Whether a page begins with it."""


def gathered(blocks: Iterable[Block]) -> tuple[Leaf, ...]:
    """Pages at the breaks the document has, or else of about one size; at least one."""
    whole = [part for block in blocks for part in _parts(block)]
    broken = any(block.begins for block in whole[1:])
    pages = _pages(whole, _LONGEST) if broken else _pages(whole, pieces.PAGE, at_heads=True)
    return tuple(_leaf(page) for page in pages) or (Leaf(text=""),)


def _parts(block: Block) -> Iterator[Block]:
    """A block that is longer than a page in parts."""
    if len(block.text) <= pieces.PAGE + pieces.PAGE // 4:
        yield block
        return
    cut = tables.split if block.table else pieces.cut
    for place, text in enumerate(cut(block.text, pieces.PAGE)):
        pictures = () if place else block.pictures
        yield replace(block, text=text, pictures=pictures, begins=block.begins and not place)


def _pages(blocks: Sequence[Block], size: int, at_heads: bool = False) -> Iterator[list[Block]]:
    page: list[Block] = []
    length = 0
    for block in blocks:
        full = length + len(block.text) > size + size // 4
        section = at_heads and block.head and length > size * 2 // 3
        if (block.begins or full or section) and any(one.text or one.pictures for one in page):
            kept = [] if block.begins else _heads(page)
            yield page
            page, length = kept, sum(len(head.text) for head in kept)
        page.append(block)
        length += len(block.text) + 2
    if any(one.text or one.pictures for one in page):
        yield page


def _heads(page: list[Block]) -> list[Block]:
    """Take the headings off the end of a page, unless it is nothing else."""
    heads: list[Block] = []
    while len(page) > 1 and page[-1].head:
        heads.insert(0, page.pop())
    return heads


def _leaf(page: Sequence[Block]) -> Leaf:
    text = ""
    for before, block in zip((None, *page), page, strict=False):
        close = before is not None and before.tight and block.tight
        text += ("\n" if close else "\n\n") * bool(text and block.text) + block.text.rstrip()
    return Leaf(
        text=text.strip("\n"),
        pictures=tuple(picture for block in page for picture in block.pictures),
        tables=sum(block.table for block in page),
    )


def torn(tokens: Sequence[Token]) -> Iterator[tuple[str, tuple[Image, ...]]]:
    """The words and pictures of a paragraph between its page breaks."""
    words: list[str] = []
    pictures: list[Image] = []
    for token in tokens:
        if isinstance(token, Image):
            pictures.append(token)
        elif token == BREAK:
            yield "".join(words).strip(), tuple(pictures)
            words, pictures = [], []
        else:
            words.append(token)
    yield "".join(words).strip(), tuple(pictures)
