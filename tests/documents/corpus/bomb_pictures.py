"""Pictures that are larger than they look, or that have no end."""

import struct
import zlib
from functools import partial

from PIL import Image

from glmdesk.errors import DocumentTooLarge
from tests.documents.corpus.bomb import Bomb
from tests.documents.corpus.sheets import encoded
from tests.documents.samples import chunk, png


def bombs() -> tuple[Bomb, ...]:
    large = DocumentTooLarge
    return (
        Bomb(name="100-megapixels.jpg", make=_huge_jpeg, pages=1),
        Bomb(name="100-megapixels.png", make=partial(promised, 10_000, 10_000), refused=large),
        Bomb(name="gigapixels.png", make=partial(promised, 30_000, 40_000), refused=large),
        Bomb(name="2-to-the-31.png", make=partial(promised, 2**31 - 1, 2**31 - 1)),
        Bomb(name="strip.png", make=lambda: encoded(Image.new("L", (52800, 44))), refused=large),
        Bomb(name="long-comment.png", make=_comment),
        Bomb(name="frames.gif", make=partial(_frames, 20_000), pages=1, note="first of"),
        Bomb(name="pages.tiff", make=_circle),
        Bomb(name="wide.bmp", make=_wide_bmp),
        Bomb(name="huge.tiff", make=_huge_tiff),
    )


def _huge_jpeg() -> bytes:
    return encoded(Image.new("L", (10_000, 10_000), 200), "JPEG")


def promised(width: int, height: int) -> bytes:
    """A PNG header without the pixels."""
    return png(width, height, b"\0", color=2)


def _comment() -> bytes:
    """A text that unpacks to 40 MB beside one pixel."""
    packer = zlib.compressobj(9)
    blocks = [packer.compress(bytes(2**20)) for _ in range(40)]
    body = b"x\0\0" + b"".join(blocks) + packer.flush()
    return png(1, 1, b"\0\0\0\0", color=2, extra=chunk(b"zTXt", body))


def _frames(count: int) -> bytes:
    one = encoded(Image.new("P", (4, 4)), "GIF")
    at = one.index(b",", 13 + 3 * 2 ** ((one[10] & 7) + 1))
    return one[:at] + one[at:-1] * count + b";"


def _circle() -> bytes:
    """A directory that says that it is its own next one."""
    data = bytearray(encoded(Image.new("L", (8, 8)), "TIFF"))
    first = int.from_bytes(data[4:8], "little")
    after = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[after : after + 4] = data[4:8]
    return bytes(data)


def _wide_bmp() -> bytes:
    data = bytearray(encoded(Image.new("RGB", (8, 8)), "BMP"))
    data[18:26] = (2**31 - 1).to_bytes(4, "little") + (2**31 - 1).to_bytes(4, "little")
    return bytes(data)


def _huge_tiff() -> bytes:
    """Width and height of a small picture, made large where the directory says them."""
    data = bytearray(encoded(Image.new("1", (8, 8)), "TIFF"))
    first = int.from_bytes(data[4:8], "little")
    for entry in range(first + 2, first + 2 + 12 * data[first], 12):
        if int.from_bytes(data[entry : entry + 2], "little") in (256, 257):
            data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, 60_000)
    return bytes(data)
