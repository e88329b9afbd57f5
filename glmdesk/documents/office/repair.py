"""Puts right what Office libraries stumble over: templates, macros, slide shows, and links to nowhere."""

import io
import posixpath
import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote

from glmdesk.documents import notes
from glmdesk.documents.office import tree, zipped
from glmdesk.documents.office.zipped import Archive
from glmdesk.errors import DocumentDamaged

T = TypeVar("T")
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACE = re.compile(re.escape(_STRICT) + rb"(\w+)/")
"""The strict form of the standard says the same in other namespaces, which no library knows."""
_NO_LINKS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
_BROKEN: tuple[type[Exception], ...] = (LookupError, AttributeError, ValueError, TypeError, OSError)
"""What libraries raise on parts that are well-formed and make no sense."""
_OPENXML = b"application/vnd.openxmlformats-officedocument."
_MAIN = {
    b"application/vnd.ms-word.document.macroEnabled.main+xml": b"wordprocessingml.document.main+xml",
    b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml": b"wordprocessingml.document.main+xml",
    _OPENXML + b"wordprocessingml.template.main+xml": b"wordprocessingml.document.main+xml",
    b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml": b"presentationml.presentation.main+xml",
    b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml": b"presentationml.presentation.main+xml",
    b"application/vnd.ms-powerpoint.template.macroEnabled.main+xml": b"presentationml.presentation.main+xml",
    _OPENXML + b"presentationml.slideshow.main+xml": b"presentationml.presentation.main+xml",
    _OPENXML + b"presentationml.template.main+xml": b"presentationml.presentation.main+xml",
}


def opened(
    archive: Archive,
    load: Callable[[io.BytesIO], T],
    malformed: tuple[type[Exception], ...] = (tree.Malformed,),
) -> tuple[T, str]:
    """What a library makes of a copy in memory, and a sentence if it had to be mended first.

    `malformed` is what it raises when XML is not well-formed. Raises DocumentDamaged.
    """
    broken: tuple[type[Exception], ...] = malformed + _BROKEN
    try:
        return load(_copy(archive, mend=False)), ""
    except malformed:
        pass
    except _BROKEN as error:
        raise tree.damaged(archive.name) from error
    try:
        return load(_copy(archive, mend=True)), notes.REPAIRED
    except broken as error:
        raise tree.damaged(archive.name) from error


def _copy(archive: Archive, mend: bool) -> io.BytesIO:
    names = frozenset(name.lower() for name in archive.members)

    def change(member: str, data: bytes) -> bytes:
        # The sheets of a workbook are read piece by piece; everything else becomes a tree.
        if not member.startswith("xl/") and member.endswith(".xml"):
            zipped.fits(archive.name, len(data))
        if mend and member.lower().endswith((".xml", ".rels")):
            data = tree.mended(data)
        if _STRICT in data:
            data = _NAMESPACE.sub(rb"http://schemas.openxmlformats.org/\1/2006/", data)
        if member == "[Content_Types].xml":
            return _usual(data)
        return _linked(names, member, data) if member.endswith(".rels") else data

    return archive.copy(change)


def _usual(types: bytes) -> bytes:
    for other, usual in _MAIN.items():
        types = types.replace(other, _OPENXML + usual)
    return types


def _linked(names: frozenset[str], member: str, data: bytes) -> bytes:
    """Without the relationships that lead to members that are not there."""
    try:
        root = tree.parse(tree.mended(data), member)
    except DocumentDamaged:
        return _NO_LINKS
    base = posixpath.dirname(posixpath.dirname(member))
    for link in list(root):
        if not isinstance(link.tag, str) or link.get("TargetMode") == "External":
            continue
        if target(base, link.get("Target", "")).lower() not in names:
            root.remove(link)
    return tree.written(root)


def target(base: str, link: str) -> str:
    """The member that a relationship of a part in folder `base` leads to."""
    path = link.lstrip("/") if link.startswith("/") else posixpath.join(base, link)
    return posixpath.normpath(unquote(path))
