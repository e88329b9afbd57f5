"""What openpyxl does not tell when it only reads: merged cells, formulas without results, comments, pictures."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from glmdesk.documents.office import images, tree
from glmdesk.documents.office.repair import target
from glmdesk.documents.office.zipped import Archive
from glmdesk.documents.text.volume import Image

MAX_MERGED = 50
"""Merged ranges that are named."""
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=\"([A-Z]+\d+:[A-Z]+\d+)\"")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s[^<>]*?\br=\"([A-Z]+\d+)\"[^<>]*>\s*<(?:\w+:)?f[^<>/]*>([^<]+)</(?:\w+:)?f>\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Of one sheet. Cells are named as people do: "B7"."""

    merged: tuple[str, ...] = ()
    formulas: dict[str, str]
    comments: tuple[str, ...] = ()
    pictures: tuple[Image, ...] = ()
    marks: tuple[str, ...] = ()
    """What stands in the text for each picture."""


def parts(archive: Archive, member: str) -> Parts:
    """What belongs to the sheet in `member`. Raises DocumentDamaged, DocumentTooLarge."""
    markup = archive.read(member, most=2**30)
    merged = tuple(found.decode() for found in _MERGED.findall(markup)[:MAX_MERGED])
    formulas = {
        cell.decode(): "=" + _plain(words.decode("utf-8", "replace"))
        for cell, words in _FORMULA.findall(markup)
    }
    links = _links(archive, member)
    drawn = [
        found for kind, other in links if kind == "drawing" for found in _drawn(archive, other)
    ]
    return Parts(
        merged=merged,
        formulas=formulas,
        comments=tuple(
            words
            for kind, other in links
            if kind == "comments"
            for words in _comments(archive, other)
        ),
        pictures=tuple(image for _, image in drawn if image),
        marks=tuple(mark for mark, _ in drawn),
    )


def _links(archive: Archive, member: str) -> list[tuple[str, str]]:
    """The kind of each relationship of a part, and the member it leads to."""
    return [(kind, other) for _, kind, other in _named_links(archive, member)]


def _named_links(archive: Archive, member: str) -> Iterator[tuple[str, str, str]]:
    folder, file = posixpath.split(member)
    data = archive.read(f"{folder}/_rels/{file}.rels")
    for link in tree.parse(data, archive.name) if data else ():
        if isinstance(link.tag, str) and link.get("TargetMode") != "External":
            kind = link.get("Type", "").rpartition("/")[2]
            yield link.get("Id", ""), kind, target(folder, link.get("Target", ""))


def _drawn(archive: Archive, member: str) -> Iterator[tuple[str, Image | None]]:
    data = archive.read(member)
    members = {link: other for link, _, other in _named_links(archive, member)}
    for picture in tree.parse(data, archive.name).iter("{*}pic") if data else ():
        named = tree.first(picture, "cNvPr")
        words = "" if named is None else named.get("descr", "")
        blip = tree.first(picture, "blip")
        link = "" if blip is None else tree.attribute(blip, "embed")
        yield images.taken(archive.read(members.get(link, "")), words)


def _comments(archive: Archive, member: str) -> Iterator[str]:
    data = archive.read(member)
    for comment in tree.parse(data, archive.name).iter("{*}comment") if data else ():
        words = " ".join("".join(part.text or "" for part in comment.iter("{*}t")).split())
        yield f"{comment.get('ref', '')}: {words}"


def _plain(words: str) -> str:
    for entity, letter in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ):
        words = words.replace(entity, letter)
    return words
