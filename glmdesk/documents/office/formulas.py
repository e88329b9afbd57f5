"""Writes a formula of Office Math in one line, near to LaTeX."""

from collections.abc import Callable

from glmdesk.documents.office import tree
from glmdesk.documents.office.tree import Node

_QUIET = frozenset(("rPr", "ctrlPr", "fPr", "radPr", "sSupPr", "sSubPr", "sSubSupPr", "naryPr", "dPr",
                    "mPr", "funcPr", "accPr", "limLowPr", "limUppPr", "eqArrPr", "groupChrPr"))  # fmt: skip


def line(node: Node) -> str:
    """The formula below a node."""
    name = tree.kind(node)
    if name == "t":
        return node.text or ""
    if name in _QUIET:
        return ""
    write = _FORMS.get(name)
    return write(node) if write else "".join(line(child) for child in node)


def _part(node: Node, name: str) -> str:
    found = tree.child(node, name)
    return "" if found is None else line(found)


def _braced(words: str) -> str:
    return words if len(words) == 1 else f"{{{words}}}"


def _fraction(node: Node) -> str:
    return f"\\frac{{{_part(node, 'num')}}}{{{_part(node, 'den')}}}"


def _root(node: Node) -> str:
    degree = _part(node, "deg")
    return f"\\sqrt{f'[{degree}]' if degree else ''}{{{_part(node, 'e')}}}"


def _scripts(node: Node) -> str:
    low, high = _part(node, "sub"), _part(node, "sup")
    below = f"_{_braced(low)}" if low else ""
    above = f"^{_braced(high)}" if high else ""
    return f"{_part(node, 'e')}{below}{above}"


def _nary(node: Node) -> str:
    sign = tree.first(node, "chr")
    low, high = _part(node, "sub"), _part(node, "sup")
    below = f"_{_braced(low)}" if low else ""
    above = f"^{_braced(high)}" if high else ""
    return (
        f"{'∫' if sign is None else tree.attribute(sign, 'val')}{below}{above} {_part(node, 'e')}"
    )


def _brackets(node: Node) -> str:
    begin, end = tree.first(node, "begChr"), tree.first(node, "endChr")
    left = "(" if begin is None else tree.attribute(begin, "val")
    right = ")" if end is None else tree.attribute(end, "val")
    return left + ", ".join(line(part) for part in node.iterfind("{*}e")) + right


def _matrix(node: Node) -> str:
    rows = (" & ".join(line(part) for part in row) for row in node.iterfind("{*}mr"))
    return "[" + "; ".join(rows) + "]"


_FORMS: dict[str, Callable[[Node], str]] = {
    "f": _fraction, "rad": _root, "sSup": _scripts, "sSub": _scripts, "sSubSup": _scripts,
    "nary": _nary, "d": _brackets, "m": _matrix,
}  # fmt: skip
