"""What kind of model a GGUF file is, from its first bytes: enough to list it, in microseconds.

The whole header (`header.read`) has the vocabulary in it and takes a second; it is read before a file is
used, not before it is named.
"""

import struct
from pathlib import Path

_HEAD = 64 * 1024
"""Bytes. Converters write the architecture first; Ollama sorts the keys, and lists come later."""
_MAX_KEYS = 64
_STRING, _ARRAY = 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def architecture(path: Path) -> str | None:
    """`general.architecture`; "" when the first bytes do not tell, None when it is no GGUF file."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if len(head) < 24 or head[:4] != b"GGUF" or head[4:8] not in (b"\2\0\0\0", b"\3\0\0\0"):
        return None
    try:
        return _search(head)
    except (struct.error, KeyError, OverflowError):
        return ""


def _search(head: bytes) -> str:
    at = 24
    for _ in range(_MAX_KEYS):
        key, at = _text(head, at)
        (kind,) = struct.unpack_from("<I", head, at)
        if key == b"general.architecture" and kind == _STRING:
            return _text(head, at + 4)[0].decode("utf-8", errors="replace")
        at = _behind(head, at + 4, kind)
    return ""


def _text(head: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<Q", head, at)
    start, end = at + 8, at + 8 + int(length)
    if end > len(head):
        raise struct.error("behind the first bytes")
    return head[start:end], end


def _behind(head: bytes, at: int, kind: int) -> int:
    """Where the value that begins at `at` ends."""
    if kind == _STRING:
        return _text(head, at)[1]
    if kind != _ARRAY:
        return at + _SIZES[kind]
    inner, length = struct.unpack_from("<IQ", head, at)
    at += 12
    if inner != _STRING:
        return at + int(length) * _SIZES[inner]
    for _ in range(length):
        at = _text(head, at)[1]
    return at
