"""What is wrong with one size of a model: its repository, its files' names, sizes and hashes."""

import re
from collections import Counter
from collections.abc import Iterator

from glmdesk.library.cards.card import RemoteFile, Variant

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,150}")
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows keeps for itself, with any ending."""

_Fault = tuple[str, str]


def variant_faults(variant: Variant, *, sees: bool) -> Iterator[_Fault]:
    """Each as a key and half a sentence; `sees`: it is of a model that reads pictures."""
    yield from _names(variant)
    yield from _files(variant)
    yield from _shards(variant)
    yield from _projector(variant, sees=sees)
    yield from _bytes(variant)


def _names(variant: Variant) -> Iterator[_Fault]:
    if not _ID.fullmatch(variant.id):
        yield "id", f"is {variant.id!r}"
    if not _REPOSITORY.fullmatch(variant.repository):
        yield "repository", f"must be of the form OWNER/NAME, and is {variant.repository!r}"
    if variant.modelscope and not _REPOSITORY.fullmatch(variant.modelscope):
        yield "modelscope", f"must be of the form OWNER/NAME, and is {variant.modelscope!r}"
    if not _PART.fullmatch(variant.revision):
        yield "revision", f"must be a branch or a commit, and is {variant.revision!r}"
    if bool(variant.files) == bool(variant.pattern):
        yield "files", "or pattern must be given, and not both"
    if variant.pattern and not _PART.fullmatch(variant.pattern):
        yield "pattern", f"must be part of a file name, and is {variant.pattern!r}"


def _files(variant: Variant) -> Iterator[_Fault]:
    for key, file in _all(variant):
        if not _is_safe(file.path):
            yield f"{key}.path", f"must be a plain .gguf file name, and is {file.path!r}"
        if file.size < 0:
            yield f"{key}.size", f"is {file.size}"
        if file.sha256 and not _SHA256.fullmatch(file.sha256):
            yield f"{key}.sha256", f"must be 64 hex digits in lower case, and is {file.sha256!r}"
    names = Counter(file.name.lower() for _, file in _all(variant))
    for name, times in names.items():
        if times > 1:
            yield "files", f"has {name} {times} times, and they will lie in one folder"


def _all(variant: Variant) -> list[tuple[str, RemoteFile]]:
    found = [(f"files[{at}]", file) for at, file in enumerate(variant.files, 1)]
    return [*found, ("mmproj", variant.mmproj)] if variant.mmproj else found


def _is_safe(path: str) -> bool:
    """Only what every file system keeps as it is, and nothing that leads elsewhere."""
    parts = path.split("/")
    plain = all(_PART.fullmatch(part) and not part.endswith(".") for part in parts)
    return plain and not any(map(_DEVICES.match, parts)) and path.endswith(".gguf")


def _shards(variant: Variant) -> Iterator[_Fault]:
    found = [_SHARD.fullmatch(file.path) for file in variant.files]
    if len(variant.files) < 2 and not any(found):
        return
    wanted = [(found[0] and found[0][1], at, len(found)) for at in range(1, len(found) + 1)]
    if [one and (one[1], int(one[2]), int(one[3])) for one in found] != wanted:
        yield "files", f"must be shards 1 to {len(found)} of one model, all of them and in order"


def _projector(variant: Variant, *, sees: bool) -> Iterator[_Fault]:
    named = variant.mmproj is not None
    if any("mmproj" in file.path.lower() for file in variant.files):
        yield "files", "has a projector, which belongs under mmproj"
    if variant.mmproj and "mmproj" not in variant.mmproj.name.lower():
        yield "mmproj.path", f"has no mmproj in its name: {variant.mmproj.name}"
    if sees and not named and (variant.files or not variant.mmproj_size):
        yield "mmproj", "is missing, and the model reads pictures"
    if not sees and (named or variant.mmproj_size):
        yield "mmproj", "is there, and the model does not read pictures"


def _bytes(variant: Variant) -> Iterator[_Fault]:
    sizes = [file.size for _, file in _all(variant)]
    if variant.mmproj and variant.mmproj.size not in (0, variant.mmproj_size):
        yield "mmproj_size", f"is {variant.mmproj_size}, and mmproj.size is {variant.mmproj.size}"
    if variant.mmproj_size < 0 or variant.weights_size <= 0:
        yield "size", f"must be the bytes of all files, and is {variant.size}"
    if variant.files and all(sizes) and sum(sizes) != variant.size:
        yield "size", f"is {variant.size}, and its files have {sum(sizes)} bytes"
    if variant.confirmed and not variant.files:
        yield "confirmed", "needs the names of its files"
    if variant.confirmed and variant.mmproj and not variant.mmproj.size:
        yield "confirmed", "needs the bytes of its projector"
