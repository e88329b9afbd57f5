"""Reads Word documents. The only file that knows python-docx."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docx.package import Package

from glmdesk.documents import notes
from glmdesk.documents.office import blocks, repair, tree, zipped
from glmdesk.documents.office.album import Album
from glmdesk.documents.office.blocks import Block
from glmdesk.documents.office.docx_story import Seen, Sources, Story
from glmdesk.documents.office.docx_styles import Styles
from glmdesk.documents.office.tree import Node
from glmdesk.errors import DocumentDamaged


@contextmanager
def opened(path: Path, name: str) -> Iterator[Album]:
    """A Word document in pages. Raises DocumentDamaged, DocumentTooLarge."""
    with zipped.opened(path, name) as archive:
        package, repaired = repair.opened(archive, Package.open)
    yield _read(package, name, repaired)


def _read(package: Any, name: str, repaired: str) -> Album:
    part = package.main_document_part
    root = getattr(part, "element", None)
    if root is None:
        raise DocumentDamaged(
            f"{name} is damaged: it holds no text of a Word document. Nothing was attached. "
            "Open it in Word or LibreOffice, save it again, and attach that."
        )
    seen = Seen()
    sources = _sources(part, name, seen)
    body = list(Story(sources, seen).blocks(root))
    margins = _margins(part, root, sources, seen)
    return Album(
        name=name,
        leaves=blocks.gathered([*margins, *body]),
        note=notes.joined(repaired, _note(seen)),
    )


def _sources(part: Any, name: str, seen: Seen) -> Sources:
    related = {
        (link.reltype or "").rpartition("/")[2]: link
        for link in part.rels.values()
        if not link.is_external
    }
    roots = {kind: _root(related[kind].target_part, name) for kind in _NAMED if kind in related}
    styles = Styles(roots.get("styles"), roots.get("numbering"))
    plain = _of_part(part, styles, name)
    return Sources(
        styles=styles,
        part=plain.part,
        link=plain.link,
        name=name,
        comments=_comments(roots.get("comments"), plain),
        notes=_notes(roots),
    )


_NAMED = ("styles", "numbering", "comments", "footnotes", "endnotes")


def _root(part: Any, name: str) -> Node:
    element = getattr(part, "element", None)
    return tree.parse(part.blob, name) if element is None else element


def _of_part(part: Any, styles: Styles, name: str) -> Sources:
    """Where the relationships of one part lead."""

    def data(link: str) -> bytes:
        found = part.rels.get(link)
        return b"" if found is None or found.is_external else bytes(found.target_part.blob)

    def address(link: str) -> str:
        found = part.rels.get(link)
        return str(found.target_ref) if found is not None and found.is_external else ""

    return Sources(styles=styles, part=data, link=address, name=name)


def _comments(root: Node | None, sources: Sources) -> dict[str, str]:
    """What each comment says, and who wrote it."""
    found: dict[str, str] = {}
    for comment in () if root is None else root.iterfind("{*}comment"):
        author = tree.attribute(comment, "author")
        words = Story(sources, Seen()).plain(comment)
        found[tree.attribute(comment, "id")] = f"by {author}: {words}" if author else f": {words}"
    return found


def _notes(roots: dict[str, Node]) -> dict[tuple[str, str], Node]:
    kinds = (("footnotes", "footnoteReference"), ("endnotes", "endnoteReference"))
    return {
        (reference, tree.attribute(note, "id")): note
        for kind, reference in kinds
        for note in roots.get(kind, ())
        if isinstance(note.tag, str)
    }


def _margins(part: Any, root: Node, sources: Sources, seen: Seen) -> Iterator[Block]:
    """Every header and footer once, at the beginning."""
    said: set[str] = set()
    for reference in root.iter("{*}headerReference", "{*}footerReference"):
        link = part.rels.get(tree.attribute(reference, "id"))
        if link is None or link.is_external:
            continue
        kind = tree.kind(reference).removesuffix("Reference")
        story = Story(_of_part(link.target_part, sources.styles, sources.name), seen)
        found = list(story.blocks(_root(link.target_part, sources.name)))
        words = " ".join(" ".join(block.text for block in found).split())
        pictures = tuple(picture for block in found for picture in block.pictures)
        if words and words not in said:
            said.add(words)
            yield Block(text=f"[{kind}: {words}]", pictures=pictures, tight=True)


def _note(seen: Seen) -> str:
    changes = hidden = ""
    if seen.inserted or seen.deleted:
        changes = "It holds tracked changes: inserted text was read, deleted text was left out."
    if seen.hidden:
        hidden = "Hidden text was left out."
    return notes.joined(changes, hidden)
