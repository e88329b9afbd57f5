"""Reads e-mail: who wrote what to whom, the words, and the names of what was attached."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import cast

from glmdesk.documents.office import html, images
from glmdesk.documents.office.album import Album
from glmdesk.documents.text import pieces, text
from glmdesk.documents.text.volume import Image, Leaf

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST = 5
"""Mails inside mails."""


@dataclass
class _Found:
    texts: list[str] = field(default_factory=list)
    pictures: list[Image] = field(default_factory=list)
    encoding: str = ""


@contextmanager
def opened(path: Path, name: str, encoding: str = "") -> Iterator[Album]:
    """A mail in pages. Raises DocumentTooLarge."""
    message = _parsed(text.read(path, name))
    found = _Found()
    _message(message, encoding, found, 0)
    parts = pieces.cut("\n\n".join(words for words in found.texts if words.strip()))
    label = " ".join(_header(message, "Subject").split())
    leaves = [Leaf(text=part.strip("\n"), label=label) for part in parts]
    leaves[0] = Leaf(text=leaves[0].text, label=label, pictures=tuple(found.pictures))
    yield Album(name=name, leaves=tuple(leaves), encoding=found.encoding)


def _parsed(data: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(data)


def _message(message: EmailMessage, encoding: str, found: _Found, depth: int) -> None:
    lines = (f"{name}: {words}" for name in _HEADERS if (words := _header(message, name)))
    found.texts.append("\n".join(lines))
    body = _body(message)
    if body is not None:
        found.texts.append(_words(body, encoding, found))
    for part in _leaves(message):
        if part is not body and part.get_content_type() not in ("text/plain", "text/html"):
            found.texts.append(_attached(part, encoding, found, depth))
        elif part is not body and (part.is_attachment() or part.get_filename()):
            found.texts.append(_named(part))


def _header(message: EmailMessage, name: str) -> str:
    """A header in words, whatever is wrong with it."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, TypeError, AttributeError, IndexError, LookupError):
        return ""


def _body(message: EmailMessage) -> EmailMessage | None:
    """The plain words where there are some, else the page."""
    texts = [part for part in _leaves(message) if part.get_content_maintype() == "text"
             and not part.is_attachment()]  # fmt: skip
    plain = [
        part for part in texts if part.get_content_type() == "text/plain" and _bytes(part).strip()
    ]
    return next(iter(plain), next(iter(texts), None))


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    """Parts that hold something, without those of mails inside it."""
    if message.get_content_type() == "message/rfc822":
        return [message]
    if not message.is_multipart():
        return [message]
    parts = cast(list[EmailMessage], message.get_payload())
    return [leaf for part in parts for leaf in _leaves(part)]


def _words(part: EmailMessage, encoding: str, found: _Found) -> str:
    data = _bytes(part)
    is_html = part.get_content_type() == "text/html"
    charset = part.get_content_charset("") or (html.charset(data) if is_html else "")
    declared = {"us-ascii": "", "gb2312": "gb18030", "iso-8859-1": "cp1252"}.get(charset, charset)
    decoded = text.decode(data, encoding, declared=declared)
    found.encoding = decoded.encoding
    if not is_html:
        return decoded.text.strip()
    pages = html.leaves(decoded.text)
    found.pictures += (picture for leaf in pages for picture in leaf.pictures)
    return "\n\n".join(leaf.text for leaf in pages)


def _attached(part: EmailMessage, encoding: str, found: _Found, depth: int) -> str:
    if part.get_content_type() == "message/rfc822" and depth < _DEEPEST:
        inner = cast(list[EmailMessage], part.get_payload())
        found.texts.append("[attached mail]")
        for message in inner[:1]:
            _message(message, encoding, found, depth + 1)
        return ""
    if part.get_content_maintype() == "image":
        mark, image = images.taken(_bytes(part), part.get_filename() or "")
        found.pictures += [image] if image else []
        return mark
    return _named(part)


def _named(part: EmailMessage) -> str:
    name = part.get_filename() or part.get_content_type()
    size = len(_bytes(part))
    spoken = f"{size / 1024:,.0f} KB" if size >= 1024 else f"{size} bytes"
    return f"[attachment: {name}, {spoken}]"


def _bytes(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
