"""One page made into text in reading order, and into the evidence whether that text is enough."""

from collections.abc import Iterator, Sequence

from glmdesk.documents.page import Looks
from glmdesk.documents.pdf import evidence, layout, lettering
from glmdesk.documents.pdf.evidence import Rect
from glmdesk.documents.pdf.mupdf import BROKEN, PICTURE, SHAPE, TEXT, Leaf, Piece, Shape, shape_of
from glmdesk.documents.pdf.order import Block

_SCAN = 0.5
"""From this share of the page on, a picture may be a scan with its text hidden under it."""
_UNLIKELY = 0.75
"""`lettering.likeness` under which letters are checked for a font that made them up."""
_BACKGROUND = 0.6
_LITTLE = 0.1
_EDGE, _BANNER = 0.14, 4
"""How far from the top or the bottom a banner reaches, and how many times wider than high it is."""
_FRAMED = 60
"""Characters of one block of text that make what is around them a frame."""
_FEW_BARS = 3
_MANY_SHAPES = 3000
_GLIMPSE = 200
"""Pixels along the longer side of a page that is only looked at for anything at all."""


def read(leaf: Leaf, *, by_lines: bool = False) -> tuple[str, Looks]:
    """The text of a page, fields and notes included, and what it looks like. Raises mupdf.BROKEN.

    `by_lines`: the lines of a block may be in disorder, so each is put in its place.
    """
    pieces = leaf.pieces()
    blocks = [
        Block(x0, y0, x1, y1, lettering.tidy(text))
        for x0, y0, x1, y1, text, _, kind in pieces
        if kind == TEXT and not text.isspace()
    ]
    raw = "".join(piece[4] for piece in pieces if piece[6] == TEXT)
    text = _text(leaf, blocks, by_lines)
    looks = _looks(leaf, pieces, raw, text)
    if not looks.letters:
        text = ""  # only signs of letters that are lost
    return "\n\n".join(filter(None, (text, _remarks(leaf, text)))), looks


def _text(leaf: Leaf, blocks: Sequence[Block], by_lines: bool) -> str:
    """Blocks as they are where all have the shape of lines under each other, else line by line."""
    if not by_lines and all(map(layout.ordinary, blocks)):
        sides = [list(blocks)]
    else:
        sides = layout.blocks_of(leaf.lines(), leaf.width, leaf.height)
    whole = (layout.page_text([block for block in side if block.text]) for side in sides)
    return lettering.unbroken("\n\n".join(filter(None, whole)))


def _looks(leaf: Leaf, pieces: Sequence[Piece], raw: str, text: str) -> Looks:
    letters = lettering.letters(text)
    images = _images(leaf, pieces)
    hidden = _hidden(leaf, pieces, letters) if letters and images >= _SCAN else 0.0
    rules, drawn = _shapes(leaf, pieces)
    return Looks(
        letters=letters,
        garbled=_garbled(leaf, raw, text),
        images=images,
        drawings=len(drawn),
        drawn=evidence.covered(drawn, leaf.width, leaf.height),
        tables=max(evidence.ruled_tables(rules), layout.text_tables(text)),
        hidden=hidden,
        ink=hidden < 1 and letters > 0 or _has_ink(leaf),
    )


def _images(leaf: Leaf, pieces: Sequence[Piece]) -> float:
    """The share of the page under pictures; a banner along its edge is none where it is the only one."""
    pictures = [piece[:4] for piece in pieces if piece[6] == PICTURE]
    inner = [box for box in pictures if not _is_banner(box, leaf)]
    share = evidence.covered(inner, leaf.width, leaf.height)
    if len(inner) == len(pictures) or share < _LITTLE:
        return share
    return evidence.covered(pictures, leaf.width, leaf.height)


def _is_banner(box: Rect, leaf: Leaf) -> bool:
    x0, y0, x1, y1 = box
    at_edge = y1 < _EDGE * leaf.height or y0 > (1 - _EDGE) * leaf.height
    return at_edge and x1 - x0 > _BANNER * (y1 - y0)


def _garbled(leaf: Leaf, raw: str, text: str) -> float:
    if lettering.likeness(text) < _UNLIKELY and leaf.has_made_up_fonts():
        return 1.0
    return lettering.lost(raw)


def _hidden(leaf: Leaf, pieces: Sequence[Piece], letters: int) -> float:
    """The share of letters that are not painted, or that a large picture was painted over."""
    under = ""
    for at, piece in enumerate(pieces):
        if piece[6] == PICTURE and _share(piece[:4], leaf) >= _SCAN:
            under = "".join(
                other[4] for other in pieces[:at] if other[6] == TEXT and _inside(other, piece[:4])
            )
    return min(1.0, max(lettering.letters(under), leaf.unpainted()) / letters)


def _shapes(leaf: Leaf, pieces: Sequence[Piece]) -> tuple[list[Rect], list[Rect]]:
    """Rules and frames, and the shapes that are more than that."""
    found = [shape_of(piece) for piece in pieces if piece[6] == SHAPE]
    rules = [shape.box for shape in found if evidence.is_thin(shape.box)]
    if len(rules) == len(found):
        return rules, []
    shapes = [shape for shape in found if not shape.white or shape.stroked]
    if len(found) > _MANY_SHAPES:
        return rules, [shape.box for shape in shapes]
    texts = [piece for piece in pieces if piece[6] == TEXT]
    bars = [shape.box for shape in shapes if _is_bar(shape, leaf, texts)]
    frames = [shape.box for shape in shapes if shape.rectangle and shape.stroked]
    drawn = [shape.box for shape in shapes if not shape.rectangle and not _is_frame(shape, texts)]
    return rules + frames, drawn + (bars if len(bars) >= _FEW_BARS else [])


def _is_frame(shape: Shape, texts: Sequence[Piece]) -> bool:
    """Rounded, as a box with text in it may be."""
    return any(len(text[4]) >= _FRAMED and _inside(text, shape.box) for text in texts)


def _is_bar(shape: Shape, leaf: Leaf, texts: Sequence[Piece]) -> bool:
    """A filled rectangle that is neither a rule, nor a background, nor behind words."""
    if not shape.rectangle or shape.stroked or evidence.is_thin(shape.box):
        return False
    if _share(shape.box, leaf) > _BACKGROUND:
        return False
    return not any(_inside(text, shape.box) for text in texts)


def _has_ink(leaf: Leaf) -> bool:
    return not leaf.is_plain(_GLIMPSE / max(leaf.width, leaf.height))


def _remarks(leaf: Leaf, text: str) -> str:
    """Form fields and annotations, each a marked line; what is wrong with them harms nothing else."""
    try:
        return "\n".join(_marked(leaf, text)) if leaf.has_remarks() else ""
    except BROKEN:
        return ""


def _marked(leaf: Leaf, text: str) -> Iterator[str]:
    for field in leaf.fields():
        yield f"[form field] {_line(field.name)}: {_line(field.value)}"
    for note in leaf.notes():
        said = _line(note)
        if said and said not in " ".join(text.split()):
            yield f"[note] {said}"


def _line(text: str) -> str:
    return " ".join(lettering.tidy(text).split())


def _share(box: Sequence[float], leaf: Leaf) -> float:
    return (box[2] - box[0]) * (box[3] - box[1]) / (leaf.width * leaf.height)


def _inside(piece: Piece, box: Sequence[float]) -> bool:
    """Whether the middle of a piece lies in the box."""
    x, y = (piece[0] + piece[2]) / 2, (piece[1] + piece[3]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])
