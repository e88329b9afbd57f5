"""Finds the pages of a PDF whose page tree lies about their number or is broken, in the open document."""

import re
from typing import Any

_LOOKED_AT = 64
"""So many branches of the root are added up; more of them are taken for pages."""
_DEEPEST = 50
_MOST = 10_000
_INHERITED = ("Resources", "MediaBox", "CropBox", "Rotate")
_KIDS = re.compile(r"(\d+) \d+ R|null")


def is_wrong(document: Any) -> bool:
    """Whether the root of the page tree promises other than what hangs on it; `document` is pymupdf's."""
    root = _root(document)
    promised = _count(document, root)
    kids = _kids(document, root)
    if promised is None or len(kids) > promised:
        return True
    if len(kids) > _LOOKED_AT:
        return False
    return sum(_count(document, kid) or 1 for kid in kids) != promised


def recount(document: Any) -> None:
    """Write what is true into the open document; the file stays as it is."""
    _counted(document, _root(document), {}, 0)


def rebuild(document: Any) -> None:
    """Hang all pages that are in the file, in the order of their numbers, on a new root."""
    pages = [xref for xref in range(1, document.xref_length()) if _is_page(document, xref)][:_MOST]
    root, catalog = document.get_new_xref(), document.get_new_xref()
    for page in pages:
        _adopt(document, page, root)
    kids = " ".join(f"{xref} 0 R" for xref in pages)
    document.update_object(root, f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>")
    document.update_object(catalog, f"<</Type/Catalog/Pages {root} 0 R>>")
    document.xref_set_key(-1, "Root", f"{catalog} 0 R")


def _adopt(document: Any, page: int, root: int) -> None:
    """Give a page its new parent, and what it had from the old ones."""
    for key in _INHERITED:
        above, steps = page, 0
        while above and _get(document, above, key)[0] == "null" and steps < _DEEPEST:
            above, steps = _reference(document, above, "Parent"), steps + 1
        if above and above != page:
            document.xref_set_key(page, key, _get(document, above, key)[1])
    document.xref_set_key(page, "Parent", f"{root} 0 R")


def _is_page(document: Any, xref: int) -> bool:
    try:
        return _get(document, xref, "Type")[1] == "/Page"
    except (RuntimeError, ValueError):
        return False


def _counted(document: Any, xref: int, known: dict[int, int], depth: int) -> int:
    if xref in known:
        return known[xref]
    if depth > _DEEPEST or _get(document, xref, "Kids")[0] != "array":
        return 1
    known[xref] = 0  # a branch that comes back to here has no pages of its own
    total = sum(_counted(document, kid, known, depth + 1) for kid in _kids(document, xref))
    known[xref] = total
    document.xref_set_key(xref, "Count", str(total))
    return total


def _root(document: Any) -> int:
    return _reference(document, document.pdf_catalog(), "Pages")


def _reference(document: Any, xref: int, key: str) -> int:
    """The number of the object that stands there; 0 when there is none."""
    found = _KIDS.match(_get(document, xref, key)[1])
    return int(found[1] or 0) if found else 0


def _kids(document: Any, xref: int) -> list[int]:
    """The numbers of a node's children, 0 for one that is missing."""
    kids = _get(document, xref, "Kids")[1]
    return [int(found[1] or 0) for found in _KIDS.finditer(kids)] if kids != "null" else []


def _count(document: Any, xref: int) -> int | None:
    kind, value = _get(document, xref, "Count")
    return int(value) if kind == "int" else None


def _get(document: Any, xref: int, key: str) -> tuple[str, str]:
    if not 0 < xref < document.xref_length():
        return "null", "null"
    kind, value = document.xref_get_key(xref, key)
    return str(kind), str(value)
