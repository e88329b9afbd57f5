"""Names that come from outside, made into names of files that cannot lie anywhere but in their folder.

Whatever a repository calls its files, only the last part of the path is used, and only if every part is
harmless on Windows, macOS and Linux alike. Names are refused, never mended: a mended name can meet another.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from glmdesk.errors import UnsafeName

MAX_NAME = 200
"""Bytes; endings such as .part are put behind it, and 255 is the limit of most file systems."""
_MAX_PATH = 1000
_FORBIDDEN = frozenset('\\:*?"<>|')
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
)
_ALLOWED_CATEGORIES = ("L", "M", "N", "P", "S")
"""Letters, marks, numbers, punctuation, symbols; no control, format, private or unassigned characters."""


def safe_name(path: str) -> str:
    """The name on disk of a file of a repository: the last part of its path.

    Raises UnsafeName when a part of the path could mean anything but a plain file or folder.
    """
    reason = _length_problem(path) or next(
        (problem for part in path.split("/") if (problem := _problem(part))), ""
    )
    if reason:
        raise UnsafeName(
            f"The repository has a file named “{visible(path)}”, which glmdesk does not write: {reason}. "
            "Nothing was saved. Choose another repository."
        )
    return unicodedata.normalize("NFC", path.rsplit("/", 1)[-1])


def place(folder: Path, path: str) -> Path:
    """Where in `folder` a file of a repository is written.

    Raises UnsafeName when that would be outside, also through a link that lies there.
    """
    target = folder / safe_name(path)
    inside = os.path.realpath(folder)
    if os.path.dirname(os.path.realpath(target)) != inside or target.is_symlink():  # noqa: PTH120
        raise UnsafeName(
            f"{target.name} in {folder} is a link to another place, and is not written through. "
            "Nothing was changed. Remove the link, then try again."
        )
    return target


def distinct(paths: Iterable[str]) -> tuple[str, ...]:
    """The safe names of all, in their order.

    Raises UnsafeName also when two would be one file where upper and lower case are the same.
    """
    names: dict[str, str] = {}
    for path in paths:
        name = safe_name(path)
        key = unicodedata.normalize("NFC", name.casefold())
        if key in names:
            raise UnsafeName(
                f"The repository has two files that would both be saved as “{visible(name)}”. "
                "Nothing was saved. Choose another quant or repository."
            )
        names[key] = name
    return tuple(names.values())


def folder_id(name: str) -> str:
    """A name of a folder for any text: "owner/GLM-4.6V-Flash-GGUF" gives "glm-4.6v-flash".

    Raises UnsafeName when nothing usable is left.
    """
    plain = unicodedata.normalize("NFKD", name.rsplit("/", 1)[-1]).encode("ascii", "ignore")
    slug = re.sub(r"[^a-z0-9._]+", "-", plain.decode().lower())
    slug = re.sub(r"\.{2,}", ".", slug).strip("-._")
    slug = slug.removesuffix("gguf").rstrip("-._")[:MAX_NAME].rstrip("-._") or slug
    if not slug or _problem(slug):
        raise UnsafeName(
            f"“{visible(name)}” gives no name for a folder. Nothing was saved. Choose another repository."
        )
    return slug


def is_safe_id(text: str) -> bool:
    """Whether this may be the name of a model's folder."""
    return "/" not in text and not _length_problem(text) and not _problem(text)


def _length_problem(path: str) -> str:
    if len(path) > _MAX_PATH:
        return "its path is too long"
    try:
        return "its name is too long" if len(path.rsplit("/", 1)[-1].encode()) > MAX_NAME else ""
    except UnicodeEncodeError:
        return "it holds broken characters"


def _problem(part: str) -> str:
    """Why a part of a path is refused; "" when it is harmless."""
    if not part:
        return "its path begins at the root, or has an empty part"
    if part[0] in ".~- " or part[-1] in ". ":
        return "a part begins with a dot, dash, tilde or space, or ends with a dot or space"
    if _FORBIDDEN & set(part) or _ESCAPE.search(part):
        return "it holds a character with a meaning of its own in paths"
    if any(character != " " and not _is_visible(character) for character in part):
        return "it holds invisible characters"
    folded = unicodedata.normalize("NFKC", part)
    if folded != unicodedata.normalize("NFC", part):
        return "it only looks like another name"
    if folded.casefold().split(".")[0].rstrip() in _DEVICES:
        return "Windows takes it for a device"
    return ""


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _ALLOWED_CATEGORIES


def visible(text: str, limit: int = 60) -> str:
    """What a person may be shown of a name that could hold anything."""
    shown = "".join(one if one == " " or _is_visible(one) else "?" for one in text[:limit])
    return f"{shown}…" if len(text) > limit else shown
