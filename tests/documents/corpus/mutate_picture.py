"""Wrong picture files: sizes, chunk lengths, orientations, tables and directories that lie."""

import re
import struct
import zlib
from random import Random

_EXTREMES = (0, 1, 2, 255, 256, 32767, 65535, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def mutate(rng: Random, data: bytes) -> bytes:
    """By what the first bytes say it is."""
    if data.startswith(b"\x89PNG"):
        return _png(rng, data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg(rng, data)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(rng, data)
    if data[:4] == b"RIFF":
        return _chunks(rng, data)
    if data[4:8] == b"ftyp":
        return _boxes(rng, data)
    return _header(rng, data)


def _put(rng: Random, data: bytes, at: int, width: int, order: str = "<") -> bytes:
    """An extreme number of `width` bytes."""
    value = rng.choice(_EXTREMES) % 2 ** (8 * width)
    packed = struct.pack(order + {1: "B", 2: "H", 4: "I"}[width], value)
    return data[:at] + packed + data[at + width :]


def _header(rng: Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        width = rng.choice((1, 2, 4))
        data = _put(rng, data, rng.randrange(4, min(120, len(data) - 4)), width)
    return data


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at + 8 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def _png(rng: Random, data: bytes) -> bytes:
    chunks = _png_chunks(data)
    at = rng.randrange(len(chunks))
    kind, body = chunks[at]
    change = rng.randrange(6)
    if change == 0:
        head = bytearray(chunks[0][1])
        offset, form = rng.choice(((0, ">I"), (4, ">I"), (8, "B"), (9, "B"), (10, "B"), (12, "B")))
        value = rng.choice(_EXTREMES)
        struct.pack_into(form, head, offset, value if form == ">I" else value % 256)
        chunks[0] = (b"IHDR", bytes(head))
    elif change == 1:
        chunks[at] = (kind, body[: rng.randrange(len(body) + 1)])
    elif change == 2:
        chunks.insert(rng.randrange(len(chunks)), chunks[at])
    elif change == 3:
        del chunks[at]
    elif change == 4:
        rng.shuffle(chunks)
    else:
        chunks.insert(1, rng.choice(_strange(rng)))
    return _png_written(rng, chunks)


def _strange(rng: Random) -> tuple[tuple[bytes, bytes], ...]:
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(
        ">H", rng.choice((0, 9, 65535))
    )
    return (
        (b"acTL", struct.pack(">II", 2**31 - 1, 0)),
        (b"fcTL", struct.pack(">IIIIIHHBB", 0, 2**31 - 1, 9, 9, 9, 1, 0, 0, 0)),
        (b"eXIf", exif + bytes(6)),
        (b"iCCP", b"x\0\0" + zlib.compress(bytes(200_000))),
        (b"zTXt", b"x\0\0" + zlib.compress(bytes(30_000_000))),
        (b"tRNS", bytes(300)),
        (b"PLTE", bytes(7)),
        (b"gAMA", bytes(4)),
    )


def _png_written(rng: Random, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """The checksums are right, so that what lies is read; now and then a length lies as well."""
    out = bytearray(b"\x89PNG\r\n\x1a\n")
    for kind, body in chunks:
        length = rng.choice(_EXTREMES) if rng.random() < 0.05 else len(body)
        out += struct.pack(">I", length) + kind + body
        out += struct.pack(">I", zlib.crc32(kind + body))
    return bytes(out)


def _segments(data: bytes) -> list[int]:
    """Where the markers of a JPEG file stand, up to its scan."""
    places, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        places.append(at)
        if data[at + 1] == 0xDA:
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return places


def _jpeg(rng: Random, data: bytes) -> bytes:
    at = rng.choice(_segments(data))
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    match rng.randrange(5):
        case 0:
            return _put(rng, data, at + 2, 2, ">")
        case 1:
            return _put(
                rng, data, at + 4 + rng.randrange(max(1, length - 4)), rng.choice((1, 2)), ">"
            )
        case 2:
            return (
                data[:at]
                + data[at : at + 2 + length] * rng.choice((2, 500))
                + data[at + 2 + length :]
            )
        case 3:
            return data[:at] + data[at + 2 + length :]
        case _:
            return _frame(rng, data)


def _frame(rng: Random, data: bytes) -> bytes:
    """Height, width, components or sampling."""
    found = re.search(rb"\xff[\xc0-\xc2]\0.", data, re.DOTALL)
    if not found:
        return data[: len(data) // 2]
    offset, width = rng.choice(((5, 2), (7, 2), (9, 1), (11, 1), (4, 1)))
    return _put(rng, data, found.start() + offset, width, ">")


def _tiff(rng: Random, data: bytes) -> bytes:
    """Entries of a directory, the way to the next one, or a circle of directories."""
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack(order + "I", data[4:8])
    (count,) = struct.unpack(order + "H", data[first : first + 2])
    entry = first + 2 + 12 * rng.randrange(count)
    match rng.randrange(5):
        case 0:
            return _put(rng, data, entry + rng.choice((0, 2)), 2, order)
        case 1:
            return _put(rng, data, entry + rng.choice((4, 8)), 4, order)
        case 2:
            after = first + 2 + 12 * count
            return data[:after] + struct.pack(order + "I", first) + data[after + 4 :]
        case 3:
            return _put(rng, data, 4, 4, order)
        case _:
            return _put(rng, data, first, 2, order)


def _chunks(rng: Random, data: bytes) -> bytes:
    """WebP: the length of a chunk, or the size in its header."""
    marks = [found.start() for found in re.finditer(rb"VP8[ LX]|ANIM|ANMF|EXIF|ALPH", data)]
    at = rng.choice(marks)
    return _put(rng, data, at + rng.choice((4, 8, 12, 14, 17)), rng.choice((1, 2, 4)))


def _boxes(rng: Random, data: bytes) -> bytes:
    """HEIC and AVIF: sizes of boxes, and numbers in them."""
    marks = re.finditer(rb"meta|iinf|iloc|iprp|ipco|ispe|hvcC|av1C|ipma|pitm|mdat|irot|iref", data)
    at = rng.choice([found.start() for found in marks])
    offset = rng.choice((-4, -4, 4, 8, 12))
    return _put(rng, data, at + offset, rng.choice((1, 2, 4)), ">")
