"""Walks the text of a Word document: paragraphs, lists, tables, boxes, pictures, notes, changes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from glmdesk.documents.office import charts, formulas, images, tables, tree
from glmdesk.documents.office.blocks import BREAK, Block, Token, torn
from glmdesk.documents.office.docx_styles import Styles, is_on
from glmdesk.documents.office.tree import Node
from glmdesk.documents.text.volume import Image

_SKIPPED = frozenset((
    "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "tblGrid", "sdtPr", "sdtEndPr", "rubyPr", "rt",
    "instrText", "delText", "delInstrText", "fldChar", "Fallback", "annotationRef", "footnoteRef",
    "endnoteRef", "separator", "continuationSeparator", "posOffset", "align", "pctWidth", "pctHeight",
))  # fmt: skip
_WORDS = {"tab": "\t", "cr": "\n", "noBreakHyphen": "-", "lastRenderedPageBreak": BREAK}
_MANY_SPANS = 200


@dataclass
class Seen:
    """What was met on the way and belongs into the note."""

    inserted: int = 0
    deleted: int = 0
    hidden: int = 0
    said: set[tuple[str, str]] = field(default_factory=set)
    """Notes and comments: each is said once, however often it is referred to."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a story refers to. `part` gives the bytes behind a relationship, b"" when there are none."""

    styles: Styles
    part: Callable[[str], bytes]
    link: Callable[[str], str]
    """The address behind a relationship."""
    name: str
    comments: dict[str, str] = field(default_factory=dict)
    notes: dict[tuple[str, str], Node] = field(default_factory=dict)
    """Footnotes and endnotes, by the kind of their reference and their number."""


class Story:
    """The body of a document, a header, a note: anything that holds paragraphs."""

    def __init__(self, sources: Sources, seen: Seen) -> None:
        self._from = sources
        self._seen = seen
        self._boxes: list[Block] = []
        self._notes: list[tuple[str, Node]] = []

    def blocks(self, node: Node, nested: bool = False) -> Iterator[Block]:
        """Paragraphs and tables below a node, in order."""
        for child in node:
            name = tree.kind(child)
            if name == "p":
                yield from self._paragraph(child)
            elif name == "tbl":
                yield from self._table(child, nested)
            elif name in ("del", "moveFrom"):
                self._seen.deleted += 1
            elif name not in _SKIPPED:
                yield from self.blocks(child, nested)

    def plain(self, node: Node) -> str:
        """All words below a node, in one line."""
        return " ".join(" ".join(block.text for block in self.blocks(node)).split())

    def _paragraph(self, node: Node) -> Iterator[Block]:
        tokens = list(self._inline(node))
        begins = self._from.styles.breaks(node)
        level = self._from.styles.heading(node)
        item = self._from.styles.item(node)
        for place, (text, pictures) in enumerate(torn(tokens)):
            if not text.strip() and not pictures:
                begins = begins or place > 0
                continue
            tight, head = item is not None and not level, level > 0
            if item is not None:
                mark = self._from.styles.mark(item)
                text = f"{mark} {text}" if not head or mark != "-" else text
                text, item = ("  " * item.level if tight else "") + text, None
            if head:
                text, level = tables.heading(text, level), 0
            yield Block(
                text=text, pictures=pictures, tight=tight, head=head, begins=begins or place > 0
            )
            begins = False
        if begins:
            yield Block(text="", begins=True)
        yield from self._after()

    def _after(self) -> Iterator[Block]:
        """The boxes that are anchored in a paragraph, and the notes to it."""
        boxes, self._boxes = self._boxes, []
        yield from boxes
        notes, self._notes = self._notes, []
        for mark, note in notes:
            yield Block(text=f"[^{mark}]: {self.plain(note)}", tight=True)

    def _inline(self, node: Node) -> Iterator[Token]:
        for child in node:
            name = tree.kind(child)
            if name in _SKIPPED:
                continue
            if name == "t":
                yield (child.text or "").replace(BREAK, " ")
            elif name in _WORDS:
                yield _WORDS[name]
            elif take := _INLINE.get(name):
                yield from take(self, child)
            else:
                yield from self._inline(child)

    def _run(self, node: Node) -> Iterator[Token]:
        properties = tree.child(node, "rPr")
        if properties is not None and is_on(tree.child(properties, "vanish")):
            self._seen.hidden += 1
            return
        yield from self._inline(node)

    def _inserted(self, node: Node) -> Iterator[Token]:
        self._seen.inserted += 1
        yield from self._inline(node)

    def _deleted(self, node: Node) -> Iterator[Token]:
        self._seen.deleted += 1
        return iter(())

    def _break(self, node: Node) -> Iterator[Token]:
        yield BREAK if tree.attribute(node, "type") == "page" else "\n"

    def _link(self, node: Node) -> Iterator[Token]:
        tokens = list(self._inline(node))
        words = "".join(token for token in tokens if isinstance(token, str)).strip()
        address = self._from.link(tree.attribute(node, "id"))
        if not words or not address.startswith(("http:", "https:", "mailto:")) or address == words:
            yield from tokens
            return
        yield from (token for token in tokens if isinstance(token, Image))
        yield f"[{words}]({address})"

    def _note(self, node: Node) -> Iterator[Token]:
        number = tree.attribute(node, "id")
        found = self._from.notes.get((tree.kind(node), number))
        if found is not None and self._is_new(node):
            mark = number if tree.kind(node) == "footnoteReference" else f"e{number}"
            self._notes.append((mark, found))
            yield f"[^{mark}]"

    def _comment(self, node: Node) -> Iterator[Token]:
        words = self._from.comments.get(tree.attribute(node, "id"))
        if words and self._is_new(node):
            yield f" [comment {words}]"

    def _is_new(self, reference: Node) -> bool:
        key = tree.kind(reference), tree.attribute(reference, "id")
        if key in self._seen.said:
            return False
        self._seen.said.add(key)
        return True

    def _choice(self, node: Node) -> Iterator[Token]:
        """One of several ways to say the same: the first, which is the newest."""
        chosen = tree.child(node, "Choice")
        chosen = tree.child(node, "Fallback") if chosen is None else chosen
        return iter(()) if chosen is None else self._inline(chosen)

    def _drawing(self, node: Node) -> Iterator[Token]:
        described = tree.first(node, "docPr")
        words = "" if described is None else described.get("descr") or described.get("title") or ""
        for part in node.iter("{*}blip", "{*}imagedata"):
            link = tree.attribute(part, "embed") or tree.attribute(part, "id")
            marked, image = images.taken(self._from.part(link), words)
            if image:
                yield image
            yield marked
        yield from self._inline(node)

    def _box(self, node: Node) -> Iterator[Token]:
        inner = Story(self._from, self._seen)
        self._boxes.extend(inner.blocks(node))
        return iter(())

    def _chart(self, node: Node) -> Iterator[Token]:
        if data := self._from.part(tree.attribute(node, "id")):
            self._boxes.append(Block(text=charts.chart(tree.parse(data, self._from.name))))
        return iter(())

    def _diagram(self, node: Node) -> Iterator[Token]:
        if data := self._from.part(tree.attribute(node, "dm")):
            self._boxes.append(Block(text=charts.diagram(tree.parse(data, self._from.name))))
        return iter(())

    def _formula(self, node: Node) -> Iterator[Token]:
        yield f"${formulas.line(node)}$"

    def _table(self, node: Node, nested: bool) -> Iterator[Block]:
        rows = [row for child in _rows(node) if (row := self._row(child)) is not None]
        pictures = tuple(picture for row in rows for picture in row.pictures)
        if nested or max((len(row.cells) for row in rows), default=0) == 1:
            text = "\n".join(", ".join(cell for cell in row.cells if cell) for row in rows)
            yield Block(text=text, pictures=pictures, begins=any(row.begins for row in rows[:1]))
            return
        yield from _cut_at_breaks(rows)

    def _row(self, node: Node) -> "_Row | None":
        """None when a tracked change deleted it."""
        properties = tree.child(node, "trPr")
        if properties is not None:
            if tree.child(properties, "del") is not None:
                self._seen.deleted += 1
                return None
            self._seen.inserted += tree.child(properties, "ins") is not None
        cells: list[str] = []
        pictures: list[Image] = []
        begins = False
        for one in _flat(node, "tc"):
            found = list(self.blocks(one, nested=True))
            pictures += (picture for block in found for picture in block.pictures)
            begins = begins or any(block.begins for block in found)
            text = "\n".join(block.text for block in found if block.text)
            cells += ["" if _continues(one) else text, *[""] * (_span(one) - 1)]
        return _Row(tuple(cells), tuple(pictures), begins)


@dataclass(frozen=True)
class _Row:
    cells: tuple[str, ...]
    pictures: tuple[Image, ...]
    begins: bool


def _cut_at_breaks(rows: Sequence[_Row]) -> Iterator[Block]:
    """A table in one block, or in one for each page it stands on, each under the header."""
    part: list[_Row] = []
    first = True
    for row in (*rows, None):
        if part and (row is None or (row.begins and len(part) > (0 if first else 1))):
            text = tables.table([one.cells for one in part])
            pictures = tuple(
                picture for one in part if first or one is not part[0] for picture in one.pictures
            )
            yield Block(
                text=text, pictures=pictures, table=True, begins=part[0].begins if first else True
            )
            part, first = [rows[0]], False
        if row is not None:
            part.append(row)


def _rows(table: Node) -> Iterator[Node]:
    return _flat(table, "tr")


def _flat(node: Node, wanted: str) -> Iterator[Node]:
    """Children called so, also inside content controls and the like."""
    for child in node:
        name = tree.kind(child)
        if name == wanted:
            yield child
        elif name in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _flat(child, wanted)


def _span(cell: Node) -> int:
    properties = tree.child(cell, "tcPr")
    found = None if properties is None else tree.child(properties, "gridSpan")
    value = "" if found is None else tree.attribute(found, "val")
    return min(int(value), _MANY_SPANS) if value.isdigit() and int(value) else 1


def _continues(cell: Node) -> bool:
    """Whether it is the lower part of a cell that spans several rows."""
    properties = tree.child(cell, "tcPr")
    found = None if properties is None else tree.child(properties, "vMerge")
    return found is not None and tree.attribute(found, "val") != "restart"


_INLINE: dict[str, Callable[[Story, Node], Iterator[Token]]] = {
    "r": Story._run, "ins": Story._inserted, "moveTo": Story._inserted, "del": Story._deleted,
    "moveFrom": Story._deleted, "br": Story._break, "hyperlink": Story._link,
    "footnoteReference": Story._note, "endnoteReference": Story._note,
    "commentReference": Story._comment, "AlternateContent": Story._choice,
    "drawing": Story._drawing, "pict": Story._drawing, "object": Story._drawing,
    "txbxContent": Story._box, "chart": Story._chart, "relIds": Story._diagram,
    "oMath": Story._formula,
}  # fmt: skip
