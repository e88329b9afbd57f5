"""What a server's answer to "give me these bytes" is worth: good bytes, a setback, or the end. Values only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from glmdesk.errors import DownloadDamaged, DownloadError
from glmdesk.library.hubs import network
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.hubs.network import Place

Kind = Literal["line", "busy", "link", "etag", "whole", "odd"]
"""Why to try again: the connection, a server that asks to wait, a link that expired, another version of
the file, the whole file instead of a part, an answer that contradicts what is known."""

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)$")
_MOST_WAIT_S = 3600.0


class Setback(Exception):
    """Worth another try. `wait`: seconds that the server asked for."""

    def __init__(
        self, reason: str, kind: Kind = "odd", *, wait: float = 0.0, etag: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.wait = wait
        self.etag = etag


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The bytes from `start` to before `stop` of a file; size 0 and etag "" are not known yet."""

    place: Place
    start: int
    stop: int
    size: int = 0
    etag: str = ""

    def headers(self) -> dict[str, str]:
        """Unpacked, and only if the file is still the same one."""
        headers = {
            "Accept-Encoding": "identity",
            "Range": f"bytes={self.start}-{self.stop - 1}",
        }
        if self.etag and not self.etag.startswith("W/"):
            headers["If-Range"] = self.etag
        return headers


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the body of a good answer holds: from `start` to before `stop` of `size` (0: not told)."""

    start: int
    stop: int
    size: int
    etag: str
    whole: bool


def read_offer(
    status: int, headers: Mapping[str, str], wanted: Wanted, *, redirected: bool
) -> Offer:
    """`redirected`: it comes from where the hub pointed to. Raises Setback or DownloadError."""
    if status not in (200, 206):
        raise _refusal(status, headers, wanted, redirected)
    if headers.get("content-type", "").lower().startswith("text/html"):
        raise network.portal(network.host_of(wanted.place.page))
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise Setback("the server sent packed bytes, though nobody asked for that")
    etag = headers.get("etag", "")
    if etag and wanted.etag and plain_etag(etag) != plain_etag(wanted.etag):
        raise Setback("the server names another version of the file", "etag", etag=etag)
    offer = _part(headers, wanted) if status == 206 else _whole(headers, wanted)
    if wanted.size and offer.size and offer.size != wanted.size:
        raise Setback(f"the server has {offer.size:,} bytes where {wanted.size:,} were announced")
    return offer


def _part(headers: Mapping[str, str], wanted: Wanted) -> Offer:
    found = _RANGE.match(headers.get("content-range", ""))
    if not found:
        raise Setback("the server does not say which part of the file it sends")
    start, stop = int(found[1]), int(found[2]) + 1
    if start != wanted.start or not start < stop <= wanted.stop:
        raise Setback("the server sent another part of the file than was asked for")
    if _length(headers) not in (None, stop - start):
        raise Setback("the server contradicts itself about how many bytes it sends")
    size = 0 if found[3] == "*" else int(found[3])
    return Offer(start=start, stop=stop, size=size, etag=headers.get("etag", ""), whole=False)


def _whole(headers: Mapping[str, str], wanted: Wanted) -> Offer:
    size = _length(headers)
    if size == 0:
        raise empty(wanted.place.file)
    size = size or 0
    return Offer(start=0, stop=size, size=size, etag=headers.get("etag", ""), whole=True)


def _length(headers: Mapping[str, str]) -> int | None:
    value = headers.get("content-length", "")
    return int(value) if value.isdecimal() else None


def plain_etag(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _refusal(
    status: int, headers: Mapping[str, str], wanted: Wanted, redirected: bool
) -> Exception:
    if status in (401, 403, 404, 410):
        if redirected:
            return Setback("the link to the file has expired", "link")
        return network.refusal(status, headers, wanted.place)
    if status == 416 and headers.get("content-range", "") == "bytes */0":
        return empty(wanted.place.file)
    if status == 416:
        return Setback("the server's file is shorter than was announced")
    wait = min(network.retry_after(headers), _MOST_WAIT_S)
    if status == 429:
        asked = f" to wait {wait:.0f} s" if wait else " for fewer requests"
        return Setback(f"the server asks{asked}", "busy", wait=wait)
    if status in (408, 425) or status >= 500:
        return Setback(f"the server is in trouble (status {status})", "busy", wait=wait)
    return DownloadError(
        f"The server refused {wanted.place.file} with status {status}. {NOTHING} Try again "
        "later, or take another source."
    )


def empty(name: str) -> DownloadDamaged:
    return DownloadDamaged(
        f"{name} on the hub is empty (0 bytes). Nothing was kept of it. Choose another variant or source."
    )
