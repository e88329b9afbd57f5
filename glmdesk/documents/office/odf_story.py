"""Walks the text of an OpenDocument file: paragraphs, lists, tables, boxes, pictures, notes, changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from glmdesk.documents.office import images, tables, tree
from glmdesk.documents.office.blocks import BREAK, Block, Token, torn
from glmdesk.documents.office.tree import Node
from glmdesk.documents.office.zipped import Archive
from glmdesk.documents.text.volume import Image

_SKIPPED = frozenset(
    ("tracked-changes", "forms", "sequence-decls", "variable-decls", "note-citation")
)
_MOST = 1_000
"""Times that a repeated cell, row or space is written."""


@dataclass
class Seen:
    """What was met on the way and belongs into the note."""

    changes: bool = False


class Story:
    """The body of a text, a slide, a note."""

    def __init__(self, archive: Archive, seen: Seen) -> None:
        self._archive = archive
        self._seen = seen
        self._after: list[Block] = []

    def blocks(self, node: Node, depth: int = -1, nested: bool = False) -> Iterator[Block]:
        """Paragraphs and tables below a node, in order; `depth` counts the lists around them."""
        begins = False
        for child in node:
            name = tree.kind(child)
            if name == "soft-page-break":
                begins = True
                continue
            for block in self._block(child, name, depth, nested):
                yield replace(block, begins=block.begins or begins)
                begins = False

    def plain(self, node: Node) -> str:
        """All words below a node, in one line."""
        return " ".join(" ".join(block.text for block in self.blocks(node)).split())

    def _block(self, node: Node, name: str, depth: int, nested: bool) -> Iterator[Block]:
        if name == "tracked-changes":
            self._seen.changes = True
        elif name in ("p", "h"):
            yield from self._paragraph(node, depth)
        elif name == "list":
            yield from self.blocks(node, depth + 1, nested)
        elif name == "table":
            yield from self._table(node, nested)
        elif name == "frame":
            yield from self._paragraph(node, depth, alone=True)
        elif name and name not in _SKIPPED:
            yield from self.blocks(node, depth, nested)

    def _paragraph(self, node: Node, depth: int, alone: bool = False) -> Iterator[Block]:
        tokens = list(self._frame(node) if alone else self._inline(node))
        level = tree.attribute(node, "outline-level")
        head = tree.kind(node) == "h"
        for place, (text, pictures) in enumerate(torn(tokens)):
            if not text and not pictures:
                continue
            if head:
                text = tables.heading(text, int(level) if level.isdigit() else 1)
            elif depth >= 0:
                text = f"{'  ' * depth}- {text}"
            yield Block(
                text=text,
                pictures=pictures,
                head=head,
                tight=depth >= 0 and not head,
                begins=place > 0,
            )
        after, self._after = self._after, []
        yield from after

    def _inline(self, node: Node) -> Iterator[Token]:
        yield " ".join((node.text or "").split("\n"))
        for child in node:
            name = tree.kind(child)
            if take := _INLINE.get(name):
                yield from take(self, child)
            elif name and name not in _SKIPPED:
                yield from self._inline(child)
            yield " ".join((child.tail or "").split("\n"))

    def _spaces(self, node: Node) -> Iterator[Token]:
        yield " " * _repeated(node, "c")

    def _link(self, node: Node) -> Iterator[Token]:
        tokens = list(self._inline(node))
        words = "".join(token for token in tokens if isinstance(token, str)).strip()
        address = tree.attribute(node, "href")
        if words and words != address and address.startswith(("http:", "https:", "mailto:")):
            yield from (token for token in tokens if isinstance(token, Image))
            yield f"[{words}]({address})"
        else:
            yield from tokens

    def _note(self, node: Node) -> Iterator[Token]:
        cited, body = tree.child(node, "note-citation"), tree.child(node, "note-body")
        mark = "".join(cited.itertext()).strip() if cited is not None else ""
        if body is not None:
            self._after.append(Block(text=f"[^{mark}]: {self._inner().plain(body)}", tight=True))
        yield f"[^{mark}]"

    def _comment(self, node: Node) -> Iterator[Token]:
        creator = tree.child(node, "creator")
        author = "" if creator is None else (creator.text or "").strip()
        words = " ".join(
            self._inner().plain(part) or "".join(part.itertext()).strip()
            for part in node
            if tree.kind(part) in ("p", "list")
        )
        yield f" [comment by {author}: {words}]" if author else f" [comment: {words}]"

    def _frame(self, node: Node) -> Iterator[Token]:
        """The first thing in a frame that can be shown: the others stand for it elsewhere."""
        described = tree.child(node, "desc")
        words = "" if described is None else described.text or ""
        for child in node:
            name = tree.kind(child)
            if name == "image":
                marked, image = images.taken(self._data(child), words)
                if image:
                    yield image
                yield marked
                return
            if name == "text-box":
                self._after.extend(self._inner().blocks(child))
                return
            if name == "table":
                self._after.extend(self._inner().blocks(node))
                return

    def _inner(self) -> "Story":
        return Story(self._archive, self._seen)

    def _data(self, node: Node) -> bytes:
        link = tree.attribute(node, "href").removeprefix("./")
        return self._archive.read(link)

    def _table(self, node: Node, nested: bool) -> Iterator[Block]:
        pictures: list[Image] = []
        found = [self._row(row, pictures) for row in rows(node)]
        if nested or max((len(row) for row in found), default=0) == 1:
            text = "\n".join(", ".join(words for words in row if words) for row in found)
            yield Block(text=text, pictures=tuple(pictures))
        else:
            yield Block(text=tables.table(found), pictures=tuple(pictures), table=True)

    def _row(self, node: Node, pictures: list[Image]) -> list[str]:
        cells: list[str] = []
        for cell in node.iterfind("{*}table-cell"):
            found = list(self.blocks(cell, nested=True))
            pictures += (picture for block in found for picture in block.pictures)
            cells.append("\n".join(block.text for block in found if block.text))
            cells += [""] * (_repeated(cell, "number-columns-spanned") - 1)
        return cells


def rows(table: Node) -> Iterator[Node]:
    """The rows of a table, also those in groups and headers."""
    for child in table:
        name = tree.kind(child)
        if name == "table-row":
            yield child
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from rows(child)


def _repeated(node: Node, name: str) -> int:
    value = tree.attribute(node, name)
    return min(int(value), _MOST) if value.isdigit() and int(value) else 1


_INLINE: dict[str, Callable[[Story, Node], Iterator[Token]]] = {
    "s": Story._spaces, "a": Story._link, "note": Story._note, "annotation": Story._comment,
    "frame": Story._frame, "tab": lambda story, node: iter("\t"),
    "line-break": lambda story, node: iter("\n"),
    "soft-page-break": lambda story, node: iter(BREAK),
}  # fmt: skip
