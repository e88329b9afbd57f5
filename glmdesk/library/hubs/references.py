"""How a person names a model of a hub: hf:OWNER/REPO[:QUANT or FILE], ms:..., or the address of its page."""

import re
import urllib.parse
from dataclasses import dataclass
from typing import Literal

from glmdesk.errors import UsageError

Source = Literal["hf", "ms"]
"""Hugging Face (or a mirror of it), ModelScope."""

_PREFIX = re.compile(
    r"(?P<source>hf|ms|huggingface|modelscope):(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_HOSTS: dict[str, Source] = {
    "huggingface.co": "hf", "hf.co": "hf", "hf-mirror.com": "hf", "modelscope.cn": "ms",
    "modelscope.ai": "ms",
}  # fmt: skip
_MAX_SELECT = 400
_FORMS = "Write hf:OWNER/REPO, or with a quant or file hf:OWNER/REPO:Q4_K_M; ms: is ModelScope."


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A repository of a hub, and what is wanted of it."""

    source: Source
    repository: str
    """ "owner/name" """
    revision: str = "main"
    select: str = ""
    """A quant ("Q4_K_M"), a file, or "" for the usual choice."""

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision != "main" else ""
        select = f":{self.select}" if self.select else ""
        return f"{self.source}:{self.repository}{revision}{select}"


def parse_reference(text: str) -> Reference | None:
    """None when the text is something else: a model's id, or a file on this disk.

    Raises UsageError when it begins as a reference and is not one.
    """
    text = text.strip()
    if text.lower().startswith(("https://", "http://")):
        return _from_address(text)
    if prefix := _PREFIX.fullmatch(text):
        source: Source = "hf" if prefix["source"][0] in "hH" else "ms"
        return _from_short(source, prefix["rest"].strip(), text)
    bare = text.partition(":")[0].partition("@")[0]
    if bare.count("/") != 1 or bare.lower().endswith(".gguf") or not _is_repository(bare):
        return None
    return _from_short("hf", text, text)


def _from_short(source: Source, rest: str, text: str) -> Reference:
    place, _, select = rest.partition(":")
    repository, at, revision = place.partition("@")
    if not _is_repository(repository):
        raise UsageError(f"{_shown(text)} does not name a repository. {_FORMS}")
    if at and not _is_revision(revision):
        raise UsageError(f"{_shown(text)} has no usable revision after its @. {_FORMS}")
    if len(select) > _MAX_SELECT or not select.isprintable():
        raise UsageError(f"{_shown(text)} has no usable quant or file after its colon. {_FORMS}")
    return Reference(
        source=source, repository=repository, revision=revision or "main", select=select.strip()
    )


def _from_address(text: str) -> Reference:
    """A page as it is in a browser: the repository's, a folder's or a file's."""
    try:
        address = urllib.parse.urlsplit(text)
        host = (address.hostname or "").removeprefix("www.")
    except ValueError as error:
        raise UsageError(f"{_shown(text)} is not a web address. {_FORMS}") from error
    if host not in _HOSTS:
        raise UsageError(
            f"{_shown(text)} is not an address on huggingface.co or modelscope.cn. {_FORMS}"
        )
    parts = [urllib.parse.unquote(part) for part in address.path.split("/") if part]
    if _HOSTS[host] == "ms" and parts[:1] == ["models"]:
        parts = parts[1:]
    repository, kind, revision, *path = _split(parts)
    if not _is_repository(repository) or (revision and not _is_revision(revision)):
        raise UsageError(f"{_shown(text)} does not name a repository. {_FORMS}")
    select = "/".join(path) if kind in ("blob", "resolve") else ""
    if not select.isprintable() or len(select) > _MAX_SELECT:
        raise UsageError(f"{_shown(text)} does not name a file. {_FORMS}")
    return Reference(
        source=_HOSTS[host], repository=repository, revision=revision or "main", select=select
    )


def _split(parts: list[str]) -> list[str]:
    """[repository, kind of page, revision, the rest ...]"""
    repository, rest = "/".join(parts[:2]), parts[2:]
    if rest[:1] not in (["blob"], ["resolve"], ["tree"]):
        return [repository, "", ""]
    return [repository, *rest[:2], *([""] if len(rest) < 2 else []), *rest[2:]]


def _is_repository(text: str) -> bool:
    parts = text.split("/")
    if len(parts) != 2 or not all(_PART.fullmatch(part) for part in parts):
        return False
    return not any(".." in part or "--" in part or part.endswith((".", "-")) for part in parts)


def _is_revision(text: str) -> bool:
    return bool(_REVISION.fullmatch(text)) and ".." not in text and "//" not in text


def _shown(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return f"“{printable[:80]}{'…' if len(printable) > 80 else ''}”"
