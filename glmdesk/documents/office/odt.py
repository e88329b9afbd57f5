"""Reads OpenDocument texts, spreadsheets and presentations."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glmdesk.documents import notes, refused
from glmdesk.documents.office import blocks, grid, odf_sheets, tree, zipped
from glmdesk.documents.office.album import Album
from glmdesk.documents.office.blocks import Block
from glmdesk.documents.office.odf_story import Seen, Story
from glmdesk.documents.office.tree import Node
from glmdesk.documents.office.zipped import Archive
from glmdesk.documents.text.volume import Leaf
from glmdesk.errors import DocumentDamaged

_CHANGES = "It holds tracked changes: inserted text was read, deleted text was left out."


@contextmanager
def opened(path: Path, name: str) -> Iterator[Album]:
    """An OpenDocument file in pages. Raises DocumentDamaged, DocumentTooLarge, DocumentUnsupported."""
    with zipped.opened(path, name) as archive:
        volume = _read(archive)
    yield volume


def _read(archive: Archive) -> Album:
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise refused.locked(archive.name)
    root = tree.parse(archive.read("content.xml"), archive.name)
    body = tree.first(root, "body")
    content = next(iter(body), None) if body is not None else None
    said: list[str] = []
    read = {"text": _text, "spreadsheet": _sheets, "presentation": _slides}.get(
        "" if content is None else tree.kind(content)
    )
    leaves = read(content, archive, said) if read else ()
    if not leaves:
        raise DocumentDamaged(
            f"{archive.name} holds neither text, sheets nor slides. Nothing was attached. "
            "Open it in LibreOffice, save it again, and attach that."
        )
    return Album(name=archive.name, leaves=leaves, note=notes.joined(*said))


def _text(content: Node, archive: Archive, said: list[str]) -> tuple[Leaf, ...]:
    seen = Seen()
    found = [*_margins(archive, seen), *Story(archive, seen).blocks(content)]
    said += [_CHANGES] if seen.changes else []
    return blocks.gathered(found)


def _margins(archive: Archive, seen: Seen) -> Iterator[Block]:
    """Every header and footer once."""
    data = archive.read("styles.xml")
    said: set[str] = set()
    for margin in tree.parse(data, archive.name).iter("{*}header", "{*}footer") if data else ():
        words = Story(archive, seen).plain(margin)
        if words and words not in said:
            said.add(words)
            yield Block(text=f"[{tree.kind(margin)}: {words}]", tight=True)


def _sheets(content: Node, archive: Archive, said: list[str]) -> tuple[Leaf, ...]:
    leaves: list[Leaf] = []
    room = grid.Room()
    for table in content.iterfind("{*}table"):
        title = tree.attribute(table, "name")
        found = grid.read(odf_sheets.rows(table), room)
        if found.cut:
            said.append(
                f"Of the sheet {title} the first {found.last:,} rows were read; there are more."
            )
        pictures = [
            picture for frame in table.iter("{*}frame")
            for block in Story(archive, Seen()).blocks([frame]) for picture in block.pictures
        ]  # fmt: skip
        for place, text in enumerate(grid.pages(found, title)):
            own = () if place else tuple(pictures)
            leaves.append(Leaf(text=text, label=title, pictures=own, tables=1))
    return tuple(leaves)


def _slides(content: Node, archive: Archive, said: list[str]) -> tuple[Leaf, ...]:
    return tuple(_slide(page, archive) for page in content.iterfind("{*}page"))


def _slide(page: Node, archive: Archive) -> Leaf:
    spoken = tree.child(page, "notes")
    frames = sorted((part for part in page if part is not spoken), key=_place)
    found = [block for part in frames for block in Story(archive, Seen()).blocks([part])]
    words = "" if spoken is None else Story(archive, Seen()).plain(spoken)
    texts = [*(block.text for block in found), f"[notes]\n{words}" if words else ""]
    return Leaf(
        text="\n\n".join(text for text in texts if text.strip()),
        label=tree.attribute(page, "name"),
        pictures=tuple(picture for block in found for picture in block.pictures),
        tables=sum(block.table for block in found),
    )


def _place(part: Node) -> tuple[float, float]:
    return _length(tree.attribute(part, "y")), _length(tree.attribute(part, "x"))


def _length(written: str) -> float:
    """A length as a number; the units within one file are mostly the same."""
    digits = written.rstrip("abcdefghijklmnopqrstuvwxyz%")
    try:
        return float(digits)
    except ValueError:
        return 0.0
