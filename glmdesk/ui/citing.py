"""Turn the citations of an answer into links to the pages that were really sent. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

from glmdesk.messages import Mode
from glmdesk.parsing import citations
from glmdesk.parsing.citations import Citation, Pages
from glmdesk.store.conversations import Entry

Edit = tuple[int, int, str]
"""Replace from here to there by this; nothing is replaced where both are the same."""
TITLE = "{name}, page {page}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A document as it went with one question."""

    sha256: str
    name: str
    modes: Mapping[int, Mode]
    """How each page was put before the model."""


def sources(entries: Sequence[Entry]) -> list[Source]:
    """What was sent with these questions, that of the latest first."""
    return [
        Source(
            sha256=attachment.sha256,
            name=attachment.name,
            modes={page.number: page.mode for page in entry.sent[attachment.sha256]},
        )
        for entry in reversed(entries)
        for attachment in entry.attachments
        if attachment.sha256 in entry.sent
    ]


def edits(words: str, known: Sequence[Source], *, growing: bool = False) -> list[Edit]:
    """What makes links of the citations in `words`; those of pages that were not sent stay words."""
    return [
        edit
        for citation in citations.find(words, growing=growing)
        for edit in _edits(words, citation, known)
    ]


def _edits(words: str, citation: Citation, known: Sequence[Source]) -> Iterator[Edit]:
    start, end = citation.start, citation.end
    if start and words[start - 1] == "!":
        yield start - 1, start, "&#33;"  # or Markdown would make a picture of it
    found = [(pages, _address(pages, citation, known)) for pages in citation.pages]
    if len(found) == 1 and found[0][1]:
        yield start, start, "["
        yield end, end, f"]({found[0][1]})"
        return
    yield start, start + 1, "&#91;"
    for pages, address in found:
        if address:
            yield pages.start, pages.start, "["
            yield pages.end, pages.end, f"]({address})"
    yield end - 1, end, "&#93;"


def _address(pages: Pages, citation: Citation, known: Sequence[Source]) -> str:
    """Where the first of the pages that was sent is shown, with its title; "" if none was."""
    for source in known:
        if citation.name and not _is_called(source.name, citation.name):
            continue
        if page := _first_sent(pages, source):
            return _link(source, page, citation.words)
    return ""


def _first_sent(pages: Pages, source: Source) -> int:
    """0 when none was."""
    if pages.first in source.modes or pages.first == pages.last:
        return pages.first if pages.first in source.modes else 0
    return min((page for page in source.modes if pages.first <= page <= pages.last), default=0)


def _link(source: Source, page: int, words: str) -> str:
    title = "".join(
        sign if sign.isalnum() or sign in " ,-" else f"&#{ord(sign)};"
        for sign in TITLE.format(name=source.name, page=page)
        if sign.isprintable()
    )
    more = f"words={quote(words, safe='')}&as={source.modes[page]}"
    return f'/files/{source.sha256}/pages/{page}#{more} "{title}"'


def _is_called(name: str, said: str) -> bool:
    return _letters(said) in (_letters(name), _letters(PurePath(name).stem)) and bool(
        _letters(said)
    )


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
