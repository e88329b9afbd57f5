"""Wrong zip files: members cut, renamed and gone, sizes that lie, XML that is not what it seems."""

import re
import struct
from collections.abc import Callable
from random import Random

from tests.documents.corpus.packed import packed, unpacked

_ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
    + b"&a;" * 50
    + b'"><!ENTITY c "'
    + b"&b;" * 50
    + b'">]>'
)
_NAMES = (
    "../../outside",
    "/etc/outside",
    "C:\\outside",
    "word/",
    "a" * 3000,
    "\u202eno",
    "word/document.xml",
)
_NUMBERS = (
    b"0",
    b"-1",
    b"1048577",
    b"2147483648",
    b"99999999999999999999",
    b"NaN",
    b"",
    b"A1:XFD1048576",
)
_SIZES = (0, 1, 100, 2**20, 2**31 - 1, 2**32 - 1)
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
Members = dict[str, bytes]


def mutate(rng: Random, data: bytes) -> bytes:
    """Change members, then pack them rightly; or pack them wrongly."""
    if rng.random() < 0.35:
        return rng.choice(_WRAPPINGS)(rng, data)
    members = unpacked(data)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(list(members))
        rng.choice(_CHANGES)(rng, members, name)
        if not members:
            return packed({"empty": b""})
    return packed(members)


def _cut(rng: Random, members: Members, name: str) -> None:
    members[name] = members[name][: rng.randrange(len(members[name]) + 1)]


def _drop(rng: Random, members: Members, name: str) -> None:
    del members[name]


def _rename(rng: Random, members: Members, name: str) -> None:
    members[rng.choice(_NAMES)] = members.pop(name)


def _swap(rng: Random, members: Members, name: str) -> None:
    other = rng.choice(list(members))
    members[name], members[other] = members[other], members[name]


def _entities(rng: Random, members: Members, name: str) -> None:
    body = re.sub(rb"<\?xml[^>]*\?>", b"", members[name])
    words = list(re.finditer(rb">([^<>&]+)<", body))
    if words:
        found = rng.choice(words)
        body = body[: found.start(1)] + b"&c;" + body[found.end(1) :]
    members[name] = _ENTITIES + body


def _nest(rng: Random, members: Members, name: str) -> None:
    tags = re.findall(rb"<([\w:]+)[ >]", members[name])
    tag = rng.choice(tags) if tags else b"a"
    depth = rng.choice((50, 3000, 100_000))
    at = members[name].find(b"<" + tag)
    members[name] = (
        members[name][: max(at, 0)] + b"<%s>" % tag * depth + members[name][max(at, 0) :]
    )


def _attribute(rng: Random, members: Members, name: str) -> None:
    places = list(re.finditer(rb'="([^"]*)"', members[name]))
    if places:
        found = rng.choice(places)
        value = rng.choice((*_NUMBERS, rng.choice(places)[1]))
        members[name] = members[name][: found.start(1)] + value + members[name][found.end(1) :]


def _tag(rng: Random, members: Members, name: str) -> None:
    places = list(re.finditer(rb"</?[\w:]+[^>]*>", members[name]))
    if places:
        found = rng.choice(places)
        other = rng.choice((b"", found[0] * 2, rng.choice(places)[0]))
        members[name] = members[name][: found.start()] + other + members[name][found.end() :]


def _repeat(rng: Random, members: Members, name: str) -> None:
    places = list(re.finditer(rb"<([\w:]+)[ >].*?</\1>", members[name], re.DOTALL))
    if places:
        found = rng.choice(places)
        again = found[0][:400] if len(found[0]) > 400 else found[0]
        members[name] = members[name][: found.end()] + again * 800 + members[name][found.end() :]


def _bytes(rng: Random, members: Members, name: str) -> None:
    body = bytearray(members[name] or b"\0")
    for _ in range(rng.randint(1, 20)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    members[name] = bytes(body)


_CHANGES: tuple[Callable[[Random, Members, str], None], ...] = (
    _cut, _drop, _rename, _swap, _entities, _nest, _attribute, _attribute, _tag, _tag, _repeat, _bytes,
)  # fmt: skip


def _field(rng: Random, data: bytes) -> bytes:
    """A field of a header in the middle or at the end: version, flags, method, checksum, sizes."""
    mark, fields = rng.choice(
        (
            (
                _CENTRAL,
                ((8, "<H"), (10, "<H"), (16, "<I"), (20, "<I"), (24, "<I"), (28, "<H"), (42, "<I")),
            ),
            (_LOCAL, ((6, "<H"), (8, "<H"), (14, "<I"), (18, "<I"), (22, "<I"), (26, "<H"))),
        )
    )
    places = [found.start() for found in re.finditer(re.escape(mark), data)]
    out = bytearray(data)
    for place in rng.sample(places, min(len(places), rng.choice((1, 99)))):
        offset, form = rng.choice(fields)
        limit = 2**16 - 1 if form == "<H" else 2**32 - 1
        struct.pack_into(form, out, place + offset, min(rng.choice(_SIZES), limit))
    return bytes(out)


def _end(rng: Random, data: bytes) -> bytes:
    at = data.rfind(b"PK\x05\x06")
    out = bytearray(data)
    offset = rng.choice((8, 10, 12, 16, 20))
    struct.pack_into("<H", out, at + offset, rng.choice((0, 1, 65535)))
    return bytes(out)


def _short(rng: Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _in_front(rng: Random, data: bytes) -> bytes:
    return b"PK\x03\x04" + bytes(rng.randrange(200)) + data


_WRAPPINGS: tuple[Callable[[Random, bytes], bytes], ...] = (_field, _field, _end, _short, _in_front)
