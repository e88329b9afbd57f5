"""The bytes of a file as an answer: ranges, and every way in which they can go wrong."""

import gzip
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.hub.content import Content, chunks
from tests.hub.faults import (
    Cut,
    Drip,
    Etag,
    Fault,
    Flip,
    Gzip,
    Length,
    Reset,
    Stall,
    Whole,
    WrongRange,
)

if TYPE_CHECKING:
    from tests.hub.handler import Handler


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The file that an answer is about."""

    path: str
    content: Content
    etag: str
    commit: str


def send(handler: "Handler", answer: Answer, fault: Fault) -> None:
    """Answer GET or HEAD, whole or the range that was asked for."""
    etag = fault.value if isinstance(fault, Etag) else answer.etag
    wanted = _range(handler, answer.content.size, etag)
    if isinstance(fault, Whole):
        wanted = None
    size = answer.content.size
    if wanted and wanted[0] >= size:
        _out_of_range(handler, size)
        return
    start, stop = wanted or (0, size)
    if wanted and isinstance(fault, WrongRange):
        start = min(max(0, start + fault.shift), size - 1)
        stop = min(max(start + 1, stop + fault.shift), size)
    length = stop - start
    body: Iterator[bytes] = chunks(answer.content, start, length)
    if isinstance(fault, Gzip):
        packed = gzip.compress(answer.content.read(start, length), 1)
        body, length = iter([packed]), len(packed)
    _head(handler, answer, etag, fault, (length, (start, stop) if wanted else None))
    if handler.command != "HEAD":
        _body(handler, answer.path, _damaged(body, length, fault), fault)


def _head(
    handler: "Handler",
    answer: Answer,
    etag: str,
    fault: Fault,
    extent: tuple[int, tuple[int, int] | None],
) -> None:
    length, part = extent
    handler.send_response(206 if part else 200)
    handler.send_header("Content-Type", "application/octet-stream")
    handler.send_header("Accept-Ranges", "bytes")
    handler.send_header("ETag", f'"{etag}"')
    if answer.commit:
        handler.send_header("X-Repo-Commit", answer.commit)
    if part:
        size = answer.content.size
        handler.send_header("Content-Range", f"bytes {part[0]}-{part[1] - 1}/{size}")
    if isinstance(fault, Gzip):
        handler.send_header("Content-Encoding", "gzip")
    by = fault.by if isinstance(fault, Length) else 0
    handler.send_header("Content-Length", str(max(0, length + by)))
    handler.end_headers()


def _out_of_range(handler: "Handler", size: int) -> None:
    handler.send_response(416)
    handler.send_header("Content-Range", f"bytes */{size}")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _range(handler: "Handler", size: int, etag: str) -> tuple[int, int] | None:
    """(start, stop) of the one range that was asked for; None for the whole file."""
    header = handler.headers.get("Range", "")
    condition = handler.headers.get("If-Range", "").strip('"')
    if not header.startswith("bytes=") or "," in header or condition not in ("", etag):
        return None
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _damaged(body: Iterator[bytes], length: int, fault: Fault) -> Iterator[bytes]:
    if not isinstance(fault, Flip):
        yield from body
        return
    place, done = fault.after % max(1, length), 0
    for piece in body:
        if done <= place < done + len(piece):
            changed = bytearray(piece)
            changed[place - done] ^= 0x40
            yield bytes(changed)
        else:
            yield piece
        done += len(piece)


def _body(handler: "Handler", path: str, body: Iterator[bytes], fault: Fault) -> None:
    """Send until the fault strikes; then the connection is of no more use."""
    strikes = isinstance(fault, Cut | Reset | Stall | Drip)
    left = fault.after if isinstance(fault, Cut | Reset | Stall | Drip) else -1
    for piece in body:
        now = piece[:left] if strikes else piece
        _write(handler, path, now)
        left -= len(now)
        if len(now) < len(piece):
            _strike(handler, path, fault, piece[len(now) :])
            if not isinstance(fault, Drip):
                return
            left = 0
    if isinstance(fault, Length):
        handler.close_connection = True


def _strike(handler: "Handler", path: str, fault: Fault, rest: bytes) -> None:
    handler.close_connection = True
    if isinstance(fault, Reset):
        _reset(handler.connection)
    elif isinstance(fault, Stall):
        _wait(handler, fault.seconds)
    elif isinstance(fault, Drip):
        for place in range(len(rest)):
            _wait(handler, 1 / fault.rate)
            _write(handler, path, rest[place : place + 1])


def _reset(connection: socket.socket) -> None:
    """Close at once with RST instead of the usual end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _wait(handler: "Handler", seconds: float) -> None:
    """Do nothing; raises ConnectionError when the client has gone or the server closes."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if handler.server.hub.closing.wait(min(0.1, left)):
            raise ConnectionAbortedError
        if isinstance(handler.connection, ssl.SSLSocket):  # cannot be looked into
            continue
        handler.connection.setblocking(False)
        try:
            if not handler.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError
        except BlockingIOError:
            continue
        finally:
            handler.connection.setblocking(True)


def _write(handler: "Handler", path: str, piece: bytes) -> None:
    if piece:
        handler.server.hub.wait_turn(len(piece))
        handler.wfile.write(piece)
        handler.server.hub.count(path, len(piece))
