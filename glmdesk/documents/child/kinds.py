"""What a file is, told by its bytes; its name only decides between kinds of text. Reads no file."""

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

from glmdesk.documents import refused
from glmdesk.documents.text import encodings
from glmdesk.errors import DocumentDamaged

HEAD = 4096
"""Bytes of the beginning that `sniff` wants to see."""

READABLE = refused.READABLE

Format = Literal[
    "png", "jpeg", "webp", "gif", "bmp", "tiff", "heic", "avif", "pdf", "epub", "docx", "pptx", "xlsx",
    "odt", "html", "mail", "csv", "json", "xml", "markdown", "text",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Which reader takes a file. `note` is a sentence when its name says something else."""

    kind: Literal["picture", "document"]
    format: Format
    media_type: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What stands deeper in a file than its first bytes."""

    members: tuple[str, ...] = ()
    """Names in a ZIP archive."""
    mimetype: str = ""
    """What such an archive says it is."""
    streams: tuple[str, ...] = ()
    """Names in an old Office file, of those that tell what it is."""
    pages: int = 1
    """Of a TIFF."""


_OPENXML = "application/vnd.openxmlformats-officedocument."
_MEDIA: dict[Format, str] = {
    "pdf": "application/pdf", "epub": "application/epub+zip",
    "docx": _OPENXML + "wordprocessingml.document",
    "pptx": _OPENXML + "presentationml.presentation", "xlsx": _OPENXML + "spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text", "html": "text/html",
    "mail": "message/rfc822", "csv": "text/csv", "json": "application/json",
    "xml": "application/xml", "markdown": "text/markdown", "text": "text/plain",
}  # fmt: skip
_CALLED: dict[Format, str] = {
    "pdf": "PDF", "epub": "EPUB book", "docx": "Word document", "pptx": "presentation",
    "xlsx": "workbook", "odt": "OpenDocument file", "html": "web page", "mail": "mail",
}  # fmt: skip
"""Of documents; the other formats are all text, or pictures called by their format."""
_ENDINGS: dict[str, str] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"), "picture"),
    **dict.fromkeys((".heic", ".heif", ".avif"), "picture"),
    **dict.fromkeys((".docx", ".docm", ".dotx"), "Word document"),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx"), "presentation"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), "workbook"),
    **dict.fromkeys((".odt", ".ods", ".odp"), "OpenDocument file"),
    **dict.fromkeys((".txt", ".md"), "text file"),
    ".pdf": "PDF", ".epub": "EPUB book",
}  # fmt: skip
"""What a name promises."""

_PICTURES: dict[Format, tuple[bytes, ...]] = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF8",),
    "tiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
}
_BRANDS: dict[bytes, Format] = {
    **dict.fromkeys((b"avif", b"avis"), "avif"),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis"), "heic"),
}  # fmt: skip
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_ZIPPED: tuple[tuple[str, Format], ...] = (
    ("word/document", "docx"),
    ("ppt/presentation", "pptx"),
    ("xl/workbook", "xlsx"),
    ("META-INF/container.xml", "epub"),
    ("META-INF/manifest.xml", "odt"),
)
_TEXT_ENDINGS: dict[str, Format] = {
    ".md": "markdown", ".markdown": "markdown", ".csv": "csv", ".tsv": "csv", ".json": "json",
    ".jsonl": "json", ".geojson": "json", ".ipynb": "json", ".xml": "xml", ".svg": "xml",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".eml": "mail",
}  # fmt: skip
_SOURCES = frozenset((
    ".txt", ".log", ".php", ".vue", ".svelte", ".j2", ".jinja", ".jinja2", ".tmpl", ".erb", ".ejs",
    ".hbs", ".twig", ".asp", ".aspx", ".jsp", ".js", ".ts", ".jsx", ".tsx", ".css", ".py", ".rb", ".pl",
    ".sh", ".c", ".cc", ".cpp", ".h", ".hpp", ".java", ".go", ".rs", ".kt", ".swift", ".cs", ".tex",
    ".rst", ".adoc", ".sql", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".diff", ".patch",
))  # fmt: skip
"""Endings of texts to be read as they are, even where a web page or a mail begins in them."""
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x08\x1b")
_BOM = b"\xef\xbb\xbf"
_WEB_PAGE = re.compile(
    r"\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
)
_HEADER = re.compile(r"^(From|To|Date|Subject|Received|Message-ID|MIME-Version|Return-Path"
                     r"|Delivered-To|Content-Type): ?\S", re.I | re.M)  # fmt: skip
_PLAIN = re.compile(r"^[!-9;-~]+:[ \t]")


def sniff(head: bytes, name: str, inside: Inside | None = None) -> Kind:
    """Tell what a file is from its first HEAD bytes, and from what is `inside` where that is known.

    Raises DocumentDamaged when it is empty, DocumentUnsupported when nothing here reads it.
    """
    if not head:
        raise DocumentDamaged(
            f"{name} is empty (0 bytes). Nothing was attached. "
            "If it should hold something, copy or save it again."
        )
    inside = inside or Inside()
    found = _picture(head) or _zipped(head, inside) or _pdf(head, name) or _text(head, name)
    if not found:
        raise refused.refusal(head, name, inside.members, inside.streams)
    several = found == "tiff" and inside.pages > 1
    document = several or found not in (*_PICTURES, "webp", "bmp", "heic", "avif")
    media_type = _media(found, inside)
    kind = Kind(kind="document" if document else "picture", format=found, media_type=media_type)
    return _noted(kind, name)


def _media(found: Format, inside: Inside) -> str:
    if found == "odt" and inside.mimetype:
        return inside.mimetype
    return _MEDIA.get(found, f"image/{found}")


def _picture(head: bytes) -> Format | None:
    for format_, magics in _PICTURES.items():
        if head.startswith(magics):
            return format_
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _boxed(head)
    # Two letters are too little to tell it from a text that begins with "BM".
    bitmap = head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return "bmp" if bitmap else None


def _boxed(head: bytes) -> Format | None:
    """By its main brand, or else by those it says it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _zipped(head: bytes, inside: Inside) -> Format | None:
    """By its members, whatever its name says."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    stated = inside.mimetype or head[30:100].decode("latin_1").removeprefix("mimetype")
    if stated.startswith("application/epub"):
        return "epub"
    if stated.startswith("application/vnd.oasis.opendocument."):
        readable = stated.split(".")[3].startswith(("text", "spreadsheet", "presentation"))
        return "odt" if readable else None
    names = [name for name in inside.members or (head.decode("latin_1"),) if name[-4:] != ".bin"]
    found = next((one for mark, one in _ZIPPED if any(mark in name for name in names)), None)
    # Every Java archive has a manifest too, but another one.
    return None if found == "odt" and "content.xml" not in inside.members else found


def _pdf(head: bytes, name: str) -> Format | None:
    """Rubbish before the header is allowed, a text that speaks of PDF is not one."""
    begins = head.removeprefix(_BOM).lstrip().startswith(b"%PDF-")
    buried = b"%PDF-" in head[:1024] and (ending(name) == ".pdf" or not _looks_like_text(head))
    return "pdf" if begins or buried else None


def _text(head: bytes, name: str) -> Format | None:
    if refused.is_no_text(head) or not _looks_like_text(head):
        return None
    words = _words(head)
    named = _TEXT_ENDINGS.get(ending(name))
    if named is None and ending(name) not in _SOURCES and _WEB_PAGE.match(words):
        return "html"
    if named not in (None, "mail"):
        return named
    if ending(name) in _SOURCES:
        return "text"
    if _is_mail(words):
        return "mail"
    return "xml" if words.lstrip().startswith("<?xml") else "text"


def _is_mail(words: str) -> bool:
    """Three known headers, with nothing but headers above the last of them."""
    top = words.removeprefix("\ufeff").replace("\r", "").split("\n\n")[0]
    return bool(_PLAIN.match(top)) and len(_HEADER.findall(top)) >= 3


def _words(head: bytes) -> str:
    encoding = next((name for mark, name in encodings.MARKS if head.startswith(mark)), "")
    return head.decode(encoding or encodings.wide(head) or "latin_1", "replace")


def _looks_like_text(head: bytes) -> bool:
    if any(head.startswith(mark) for mark, _ in encodings.MARKS):
        return True
    if 0 in head:
        return bool(encodings.wide(head))
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    return controls * 100 <= len(head)


def _noted(kind: Kind, name: str) -> Kind:
    promised = _ENDINGS.get(ending(name))
    called = (
        "picture" if kind.media_type.startswith("image/") else _CALLED.get(kind.format, "text file")
    )
    if promised is None or promised == called:
        return kind
    spoken = kind.format.upper() if called == "picture" else called
    article = "an" if spoken[0] in "AEO" else "a"
    short = {"text file": "text"}.get(spoken, spoken)
    return replace(kind, note=f"This is {article} {spoken}; opened as {short}.")


def ending(name: str) -> str:
    return PurePath(name).suffix.lower()
