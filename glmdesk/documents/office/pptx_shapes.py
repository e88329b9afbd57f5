"""Walks the shapes of a slide in the order in which people look at them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from glmdesk.documents.office import charts, formulas, images, tables, tree
from glmdesk.documents.text.volume import Image

_LINE = 0.02
"""Shapes whose tops are nearer than this share of the slide's height stand in one line."""
_QUIET = frozenset(("DATE", "SLIDE_NUMBER", "FOOTER", "HEADER"))


@dataclass
class Found:
    """What a slide holds. `covered` is the area of its pictures in square EMU."""

    texts: list[str] = field(default_factory=list)
    pictures: list[Image] = field(default_factory=list)
    tables: int = 0
    covered: int = 0


def walk(shapes: Iterable[Any], height: int, found: Found) -> None:
    """Add what the shapes say; `height` is the slide's, in EMU."""
    for shape in _ordered(list(shapes), height):
        if _is_quiet(shape):
            continue
        if tree.kind(shape._element) == "grpSp":
            walk(shape.shapes, height, found)
        elif getattr(shape, "has_table", False):
            found.texts.append(_table(shape.table))
            found.tables += 1
        elif tree.kind(shape._element) == "graphicFrame":
            found.texts.append(_graphic(shape, found))
        else:
            _plain(shape, found)


def body(frame: Any, listed: bool = False) -> str:
    """The paragraphs of a text frame; `listed` ones as items, deeper ones indented."""
    lines = []
    for paragraph in frame.paragraphs:
        words = " ".join(_words(paragraph._p).split())
        if not words:
            continue
        deep = "  " * int(paragraph.level)
        lines.append(f"{deep}- {words}" if listed or deep else words)
    return "\n".join(lines)


def _plain(shape: Any, found: Found) -> None:
    """A shape with text, a picture, or both."""
    for part in shape._element.iter("{*}blip"):
        words = shape._element.xpath(".//p:cNvPr/@descr")
        mark, image = images.taken(
            _related(shape, tree.attribute(part, "embed")), "".join(words[:1])
        )
        found.texts.append(mark)
        if image:
            found.pictures.append(image)
            found.covered += (shape.width or 0) * (shape.height or 0)
    if getattr(shape, "has_text_frame", False):
        found.texts.append(body(shape.text_frame, _is_listed(shape)))


def _graphic(shape: Any, found: Found) -> str:
    """A chart's numbers, a diagram's words, or that something else stands there."""
    if shape.has_chart:
        return charts.chart(shape.chart._chartSpace)
    diagram = tree.first(shape._element, "relIds")
    if diagram is not None:
        data = _related(shape, tree.attribute(diagram, "dm"))
        return charts.diagram(tree.parse(data, "A diagram")) if data else ""
    for part in shape._element.iter("{*}blip"):
        mark, image = images.taken(_related(shape, tree.attribute(part, "embed")), shape.name)
        found.pictures += [image] if image else []
        return mark
    return f"[embedded object: {shape.name}]"


def _table(table: Any) -> str:
    rows = [
        ["" if cell.is_spanned else body(cell.text_frame) for cell in row.cells]
        for row in table.rows
    ]
    return tables.table(rows)


def _words(paragraph: Any) -> str:
    return "".join(_runs(paragraph))


def _runs(node: Any) -> Iterator[str]:
    for child in node:
        name = tree.kind(child)
        if name == "t":
            yield child.text or ""
        elif name == "br":
            yield "\n"
        elif name == "oMath":
            yield f"${formulas.line(child)}$"
        elif name == "AlternateContent":
            chosen = tree.child(child, "Choice")
            yield from () if chosen is None else _runs(chosen)
        elif name not in ("rPr", "pPr", "endParaRPr"):
            yield from _runs(child)


def _related(shape: Any, link: str) -> bytes:
    """The bytes behind a relationship of the slide, b"" when it leads out of the file."""
    found = shape.part.rels.get(link) if link else None
    return b"" if found is None or found.is_external else bytes(found.target_part.blob)


def _ordered(shapes: Sequence[Any], height: int) -> list[Any]:
    """From top to bottom, and from left to right in one line."""
    near = max(1, int(height * _LINE))
    rows: list[list[Any]] = []
    for shape in sorted(shapes, key=_top):
        if rows and _top(shape) - _top(rows[-1][0]) <= near:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=_left)]


def _top(shape: Any) -> int:
    return int(shape.top or 0)


def _left(shape: Any) -> int:
    return int(shape.left or 0)


def _is_quiet(shape: Any) -> bool:
    """Whether it says the same on every slide."""
    return bool(shape.is_placeholder) and shape.placeholder_format.type.name in _QUIET


def _is_listed(shape: Any) -> bool:
    """Whether its paragraphs are items: several in the body of a slide."""
    if not shape.is_placeholder or shape.placeholder_format.type.name not in ("BODY", "OBJECT"):
        return False
    return sum(bool(paragraph.text.strip()) for paragraph in shape.text_frame.paragraphs) > 1
