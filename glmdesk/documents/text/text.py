"""Turns the bytes of a text file into words and pages, whatever encoding they are in; drops no byte."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glmdesk.documents.text import encodings, pieces
from glmdesk.documents.text.volume import Leaf, Volume
from glmdesk.errors import DocumentTooLarge

MAX_TEXT = 32 * 2**20
"""Bytes of a text file."""

ENCODINGS: dict[str, str] = {
    "utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)", "utf-32": "UTF-32",
    "utf-32-le": "UTF-32 (little endian)", "utf-32-be": "UTF-32 (big endian)",
    "gb18030": "GB18030", "big5": "Big5", "cp932": "Shift JIS", "euc_jp": "EUC-JP",
    "iso2022_jp": "ISO-2022-JP", "cp949": "EUC-KR", "koi8_r": "KOI8-R",
    "cp1252": "Windows-1252", "cp1250": "Windows-1250", "cp1251": "Windows-1251",
    "cp1253": "Windows-1253", "cp1254": "Windows-1254", "cp1255": "Windows-1255",
    "cp1256": "Windows-1256", "cp1257": "Windows-1257", "cp1258": "Windows-1258",
    "cp874": "Windows-874", "latin_1": "Latin-1",
}  # fmt: skip
"""What a person can choose: the name of a codec, and what it is called."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The words, the codec they were read with, and a sentence when a person should know of it."""

    text: str
    encoding: str
    note: str = ""


def decode(data: bytes, encoding: str = "", declared: str = "") -> Decoded:
    """Decode a whole text file; line ends become "\\n".

    `encoding` is what a person chose and wins over everything; bytes that do not fit it are shown
    as \\xNN. `declared` is what the file says of itself, believed as far as its bytes fit.
    """
    if _known(encoding):
        return _chosen(data, encoding)
    says = (declared,) if _known(declared) else ()
    for guess in (*says, *encodings.candidates(data)):
        try:
            text = data.decode(guess)
        except (UnicodeDecodeError, LookupError):
            continue
        return Decoded(text=_plain_lines(text), encoding=_menu(guess), note=_note(guess))
    return _mixed(data)


def read(path: Path, name: str) -> bytes:
    """The bytes of a text file. Raises DocumentTooLarge."""
    size = path.stat().st_size
    if size > MAX_TEXT:
        raise DocumentTooLarge(
            f"{name} is {size / 2**20:,.0f} MB of text; up to {MAX_TEXT // 2**20} MB can be read, "
            "and a model reads far less at once. Nothing was attached. Attach the part that matters."
        )
    return path.read_bytes()


@contextmanager
def opened(path: Path, name: str, encoding: str = "") -> Iterator[Volume]:
    """A text as it is, in pages of its own making. Raises DocumentTooLarge."""
    decoded = decode(read(path, name), encoding)
    pages = pieces.cut(decoded.text)
    yield Volume(
        name=name,
        leaves=tuple(Leaf(text=page.rstrip("\n")) for page in pages),
        note=decoded.note,
        encoding=decoded.encoding,
    )


def _known(encoding: str) -> bool:
    """Whether it is an encoding of words at all: Python has codecs that unpack archives too."""
    try:
        return bool(encoding) and isinstance(b"a".decode(encoding), str)
    except UnicodeDecodeError:
        return True
    except (LookupError, ValueError):
        return False


def _chosen(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(text=_plain_lines(data.decode(encoding)), encoding=_menu(encoding))
    except UnicodeDecodeError:
        text = data.decode(encoding, "backslashreplace")
    note = f"Some bytes are not {_spoken(encoding)}; they are shown as \\xNN."
    return Decoded(text=_plain_lines(text), encoding=_menu(encoding), note=note)


def _mixed(data: bytes) -> Decoded:
    """UTF-8 with bytes of another encoding in it, or bytes that are no text at all."""
    strays = encodings.strays(data)
    if not strays:
        # Every byte is a character here, so the worst that happens is a wrong letter.
        text = _plain_lines(data.decode("latin_1"))
        note = "Read as Latin-1; some letters may be wrong."
        return Decoded(text=text, encoding="latin_1", note=note)
    # The surrogates stand for single bytes, and no others can come out of valid UTF-8.
    whole = data.decode("utf-8", "surrogateescape")
    text = "".join(
        _western(letter) if "\udc80" <= letter <= "\udcff" else letter for letter in whole
    )
    count = "one byte that does" if strays == 1 else f"{strays:,} bytes that do"
    note = f"Read as UTF-8; {count} not fit was read as Windows-1252."
    note = note if strays == 1 else note.replace(" was read", " were read")
    return Decoded(text=_plain_lines(text), encoding="utf-8", note=note)


def _western(letter: str) -> str:
    return bytes([ord(letter) - 0xDC00]).decode("cp1252", "backslashreplace")


def _plain_lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _menu(encoding: str) -> str:
    """The name under which it stands in ENCODINGS, where it does."""
    plain = codecs.lookup(encoding).name
    plain = {"utf-8-sig": "utf-8", "ascii": "utf-8"}.get(plain, plain)
    return next((name for name in ENCODINGS if codecs.lookup(name).name == plain), plain)


def _spoken(encoding: str) -> str:
    name = _menu(encoding)
    return ENCODINGS.get(name, name).split(" (")[0]


def _note(encoding: str) -> str:
    spoken = _spoken(encoding)
    return "" if spoken == "UTF-8" else f"Read as {spoken}."
