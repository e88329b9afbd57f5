"""Reads web pages as Markdown."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from glmdesk.documents.office import images
from glmdesk.documents.office.album import Album
from glmdesk.documents.office.markup import MARK, Markup
from glmdesk.documents.text import pieces, text
from glmdesk.documents.text.volume import Image, Leaf

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_MARKED = re.compile(f"{MARK}(\\d+){MARK}")
_HEAD = 4096


@contextmanager
def opened(path: Path, name: str, encoding: str = "") -> Iterator[Album]:
    """A web page in pages. Raises DocumentTooLarge."""
    data = text.read(path, name)
    decoded = text.decode(data, encoding, declared=charset(data))
    pages = leaves(decoded.text)
    yield Album(name=name, leaves=pages, note=decoded.note, encoding=decoded.encoding)


def charset(data: bytes) -> str:
    """The encoding that a page says it is in, "" when it does not."""
    found = _CHARSET.search(data[:_HEAD])
    declared = found[1].decode("ascii", "replace").lower() if found else ""
    # The web reads what is called Latin-1 as Windows-1252, and no file that holds ASCII is UTF-16.
    usual = {"iso-8859-1": "cp1252", "us-ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
    return "" if declared.startswith("utf-16") else usual.get(declared, declared)


def leaves(page: str) -> tuple[Leaf, ...]:
    """The pages of HTML that was decoded; the first is labelled with its title."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    label = " ".join(markup.title.split())
    words = markup.text
    if label and label not in words[:500]:
        words = f"# {label}\n\n{words}"
    parts = pieces.cut(words)
    return tuple(
        _leaf(part.strip("\n"), "" if place else label, markup) for place, part in enumerate(parts)
    )


def _leaf(part: str, label: str, markup: Markup) -> Leaf:
    """A page with the pictures that are marked in it."""
    found: list[Image] = []

    def named(mark: re.Match[str]) -> str:
        data, words = markup.pictures[int(mark[1])]
        shown, image = images.taken(_bytes(data), words)
        found.extend([image] if image else [])
        return shown

    text = _MARKED.sub(named, part)
    return Leaf(text=text, label=label, pictures=tuple(found), tables=text.count("\n|---|"))


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(unquote(data))
    except ValueError:
        return b""
