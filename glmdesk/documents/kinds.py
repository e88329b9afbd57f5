"""What a file is, told by its first bytes; its name is only used to speak of it. Reads no file."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from glmdesk.errors import DocumentDamaged, DocumentUnsupported

HEAD = 4096
"""Bytes of the beginning that `sniff` wants to see."""

READABLE = "glmdesk reads PNG, JPEG, WebP, GIF and BMP pictures, PDF, and text of any kind"

Format = Literal["png", "jpeg", "webp", "gif", "bmp", "pdf", "text"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Which reader takes a file. `note` is a sentence when its name says something else."""

    kind: Literal["picture", "document"]
    format: Format
    media_type: str
    note: str = ""


_PICTURES: dict[Format, bytes] = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff",
    "gif": b"GIF8",
}

_EXTENSIONS = {
    ".png": "picture", ".jpg": "picture", ".jpeg": "picture", ".webp": "picture",
    ".gif": "picture", ".bmp": "picture", ".pdf": "PDF", ".txt": "text file", ".md": "text file",
}  # fmt: skip

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls or ppt)"),
    (b"{\\rtf", "a rich text document"),
    (b"%!PS", "a PostScript file"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a compiled program"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"8BPS", "a Photoshop picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"ID3", "a sound file"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "a database"),
    (b"GGUF", "a model; add it under Models instead"),
)

_ZIPPED: tuple[tuple[bytes, str], ...] = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel workbook"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"mimetypeapplication/vnd.oasis", "an OpenDocument file"),
    (b"mimetypeapplication/epub", "an EPUB book"),
)

_ZIPPED_NAMES = {
    ".docx": "a Word document", ".xlsx": "an Excel workbook",
    ".pptx": "a PowerPoint presentation", ".epub": "an EPUB book",
}  # fmt: skip

_TEXT_TYPES = {".md": "text/markdown", ".csv": "text/csv"}

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x08\x1b")
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


def sniff(head: bytes, name: str) -> Kind:
    """Tell what a file is from its first HEAD bytes.

    Raises DocumentDamaged when it is empty, DocumentUnsupported when nothing here reads it.
    """
    if not head:
        raise DocumentDamaged(
            f"{name} is empty (0 bytes). Nothing was attached. "
            "If it should hold something, copy or save it again."
        )
    found = _picture(head) or _pdf(head, name) or _text(head, name)
    if not found:
        raise DocumentUnsupported(
            f"{name} seems to be {_guess(head, name)}, which glmdesk cannot read. Nothing was "
            f"attached. {READABLE}: {_advice(head)}."
        )
    return _noted(found, name)


def _picture(head: bytes) -> Kind | None:
    for format_, magic in _PICTURES.items():
        if head.startswith(magic):
            return Kind(kind="picture", format=format_, media_type=f"image/{format_}")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind(kind="picture", format="webp", media_type="image/webp")
    if _is_bmp(head):
        return Kind(kind="picture", format="bmp", media_type="image/bmp")
    return None


def _is_bmp(head: bytes) -> bool:
    """Two letters are too little to tell it from a text that begins with "BM"."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


def _pdf(head: bytes, name: str) -> Kind | None:
    """Rubbish before the header is allowed, a text that speaks of PDF is not one."""
    begins = head.removeprefix(_BOMS[0]).lstrip().startswith(b"%PDF-")
    buried = b"%PDF-" in head[:1024] and (_ending(name) == ".pdf" or not _looks_like_text(head))
    if begins or buried:
        return Kind(kind="document", format="pdf", media_type="application/pdf")
    return None


def _text(head: bytes, name: str) -> Kind | None:
    other = any(head.startswith(magic) for magic, _ in _OTHERS if not _is_word(magic))
    marked = head.startswith((b"{\\rtf", b"%!PS"))
    if marked or other or not _looks_like_text(head):
        return None
    media_type = _TEXT_TYPES.get(_ending(name), "text/plain")
    return Kind(kind="document", format="text", media_type=media_type)


def _is_word(magic: bytes) -> bool:
    """Whether a text could begin so: "MZ", "ID3", "Rar!" are letters like any other."""
    return magic.isascii() and all(byte >= 32 for byte in magic)


def _looks_like_text(head: bytes) -> bool:
    if head.startswith(_BOMS):
        return True
    if 0 in head:
        return _is_wide(head)
    controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
    return controls * 100 <= len(head)


def _is_wide(head: bytes) -> bool:
    """UTF-16 without a mark: every second byte is zero, on one side only."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) * 0.2 and min(even, odd) == 0


def _guess(head: bytes, name: str) -> str:
    if head[:2] == b"PK":
        inside = next((what for mark, what in _ZIPPED if mark in head), None)
        return inside or _ZIPPED_NAMES.get(_ending(name), "a ZIP archive")
    if head[4:8] == b"ftyp":
        return _boxed(head[8:12])
    if head[:4] == b"RIFF":
        return "a sound file" if head[8:12] == b"WAVE" else "a video"
    found = next((what for magic, what in _OTHERS if head.startswith(magic)), None)
    return found or "a binary file of an unknown kind"


def _boxed(brand: bytes) -> str:
    if brand in (b"avif", b"avis"):
        return "an AVIF picture"
    if brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
        return "a HEIC picture, as iPhones take them"
    return "a video"


def _advice(head: bytes) -> str:
    if head[:2] == b"PK" or head.startswith(_OTHERS[0][0]):
        return "save it as PDF, or take the files out of the archive, and attach that"
    if head[4:8] == b"ftyp" or head.startswith((b"II*\x00", b"MM\x00*")):
        return "save it as JPEG or PNG and attach that"
    return "save it as one of these and attach that"


def _noted(kind: Kind, name: str) -> Kind:
    promised = _EXTENSIONS.get(_ending(name))
    called = {"pdf": "PDF", "text": "text file"}.get(kind.format, "picture")
    if promised is None or promised == called:
        return kind
    spoken = kind.format.upper() if called == "picture" else called
    note = f"This is a {spoken}; opened as {'text' if called == 'text file' else spoken}."
    return Kind(kind=kind.kind, format=kind.format, media_type=kind.media_type, note=note)


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()
