"""Names the kinds of files that cannot be read, and says what to do about each. Reads no file."""

from collections.abc import Sequence

from glmdesk.errors import DocumentUnsupported

READABLE = (
    "glmdesk reads PDF, Word, Excel, PowerPoint, OpenDocument and EPUB files, web pages, mail, text of "
    "any kind, and pictures (PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC, AVIF)"
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF = b"{\\rtf"
_PDF_ADVICE = "Open it in the program it comes from, save it as PDF, and attach that"
_UNPACK = "Take the files out of the archive and attach those"
_PNG_ADVICE = "Save it as JPEG or PNG and attach that"

_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (_RTF, "a rich text document (RTF)", "Open it in Word or LibreOffice, save it as DOCX or PDF, "
     "and attach that"),
    (b"%!PS", "a PostScript file", "Save it as PDF and attach that"),
    (b"8BPS", "a Photoshop picture", _PNG_ADVICE),
    (b"\x00\x00\x01\x00", "an icon", _PNG_ADVICE),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture", _PNG_ADVICE),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", _PNG_ADVICE),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"(\xb5/\xfd", "a Zstandard archive", _UNPACK),
    (b"MZ", "a Windows program", ""),
    (b"\x7fELF", "a Linux program", ""),
    (b"\xcf\xfa\xed\xfe", "a macOS program", ""),
    (b"\xca\xfe\xba\xbe", "a compiled program", ""),
    (b"OggS", "a sound file", ""),
    (b"fLaC", "a sound file", ""),
    (b"ID3", "a sound file", ""),
    (b"\x1aE\xdf\xa3", "a video", ""),
    (b"SQLite format 3\x00", "a database", ""),
    (b"GGUF", "a model; add it under Models instead", ""),
)  # fmt: skip

STREAMS: dict[str, tuple[str, str]] = {
    "WordDocument": (
        "an old Word document (.doc)",
        "Open it in Word or LibreOffice, save it as DOCX",
    ),
    "Workbook": (
        "an old Excel workbook (.xls)",
        "Open it in Excel or LibreOffice, save it as XLSX",
    ),
    "PowerPoint Document": (
        "an old PowerPoint presentation (.ppt)",
        "Open it in PowerPoint or LibreOffice, save it as PPTX",
    ),
    "__properties_version1.0": ("an Outlook message (.msg)", "Open it in Outlook, save it as EML"),
}
"""What names inside an old Office file say of it, and how to save it."""
ENCRYPTED = "EncryptedPackage"
"""The name inside such a file that a newer one with a password has."""
_UNKNOWN_OLE = (
    "an old Office document (doc, xls or ppt)",
    _PDF_ADVICE.removesuffix(", and attach that"),
)


def refusal(
    head: bytes, name: str, members: Sequence[str] = (), streams: Sequence[str] = ()
) -> DocumentUnsupported:
    """The error for a file that nothing here reads."""
    if ENCRYPTED in streams:
        return locked(name)
    what, advice = _guess(head, members, streams)
    advice = advice or f"{READABLE}: save it as one of these and attach that"
    return DocumentUnsupported(
        f"{name} seems to be {what}, which glmdesk cannot read. Nothing was attached. {advice}."
    )


def locked(name: str) -> DocumentUnsupported:
    """Not DocumentLocked: only a PDF can be unlocked here."""
    return DocumentUnsupported(
        f"{name} is protected with a password, and only PDF files can be unlocked here. Nothing was "
        "attached. Open it in the program it comes from, save a copy without a password, and attach that."
    )


def is_no_text(head: bytes) -> bool:
    """Whether it begins as no text does, or as a text does that is not meant to be read as one."""
    if head.startswith((_RTF, b"%!PS", b"PK\x03\x04", _OLE)):
        return True
    return any(head.startswith(magic) for magic, _, _ in _OTHERS if not _is_word(magic))


def _is_word(magic: bytes) -> bool:
    """Whether a text could begin so: "MZ", "ID3", "BZh" are letters like any other."""
    return magic.isascii() and all(byte >= 32 for byte in magic)


def _guess(head: bytes, members: Sequence[str], streams: Sequence[str]) -> tuple[str, str]:
    if head.startswith(_OLE):
        what, advice = next((STREAMS[name] for name in streams if name in STREAMS), _UNKNOWN_OLE)
        return what, f"{advice}, and attach that"
    if head[:2] == b"PK":
        return _archive(head, members)
    if head[4:8] == b"ftyp":
        return "a video", ""
    if head[:4] == b"RIFF":
        return ("a sound file" if head[8:12] == b"WAVE" else "a video"), ""
    found = next(
        ((what, advice) for magic, what, advice in _OTHERS if head.startswith(magic)), None
    )
    return found or ("a binary file of an unknown kind", "")


def _archive(head: bytes, members: Sequence[str]) -> tuple[str, str]:
    if any(name.endswith(".iwa") or name == "index.apxl" for name in members):
        return "a Pages, Numbers or Keynote document", _PDF_ADVICE
    if any(name.endswith("FixedDocSeq.fdseq") for name in members):
        return "an XPS document", _PDF_ADVICE
    if b"application/vnd.oasis" in head[:128]:
        return "an OpenDocument drawing or chart", _PDF_ADVICE
    if "xl/workbook.bin" in members:
        return (
            "a binary Excel workbook (.xlsb)",
            "Open it in Excel, save it as XLSX, and attach that",
        )
    return "a ZIP archive", _UNPACK
