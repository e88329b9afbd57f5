"""Which pages of the documents of one question go to a model: chosen now, or as they went before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from glmdesk.chat import selection
from glmdesk.chat.content import Attached, Contents
from glmdesk.chat.prices import Count, Prices
from glmdesk.documents.page import Document
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, SentPage

Search = Callable[["Sought"], tuple[SentPage, ...]]
"""The pages and passages that fit a question best. Raises StorageError."""
FindFile = Callable[[str], tuple[Path, Attachment]]
"""Where the file of a sha256 lies, and what it is. Raises StorageError."""
SentPages = Mapping[str, tuple[SentPage, ...]]
"""By the document's sha256."""


AGAIN = 4
"""A document that was searched before gets this part of the room for a further question."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What is searched: `offered` are the pages that may be sent, `room` is in tokens."""

    attachment: Attachment
    document: Document
    offered: Sequence[selection.Offer]
    question: str
    room: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How one model reads the documents of one question. `room` is what they may take together."""

    model: str
    limits: PictureLimits | None
    room: int
    count: Count | None = None
    earlier: SentPages = field(default_factory=dict)
    """What earlier questions of the chat were sent of each document."""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The files of a question, and what a person should know of them."""

    attached: tuple[Attached, ...]
    sent: SentPages = field(default_factory=dict)
    note: str = ""


class Sources:
    """Turns the attachments of a question into files with their pages."""

    def __init__(self, contents: Contents, prices: Prices, search: Search) -> None:
        self._contents, self._prices, self._search = contents, prices, search

    def again(self, attachments: Sequence[Attachment], sent: SentPages, find: FindFile) -> Gathered:
        """As they went before; a file that was removed since has no path."""
        attached = tuple(
            Attached(path=_path(find, one.sha256), attachment=one, sent=sent.get(one.sha256, ()))
            for one in attachments
        )
        gone = [file.attachment.name for file in attached if file.path is None]
        note = " ".join(f"{name} was removed and is no longer sent." for name in gone)
        return Gathered(attached=attached, sent=sent, note=note)

    def gather(
        self,
        attachments: Sequence[Attachment],
        question: str,
        find: FindFile,
        reading: Reading,
    ) -> Gathered:
        """Choose the pages of every document. One that an earlier question was sent parts of is
        searched for more; when there is nothing more in it, it is left out.

        Raises DocumentError, StorageError.
        """
        attached, notes, room = [], [], reading.room
        for one in attachments:
            again = one.sha256 in reading.earlier
            path = _path(find, one.sha256) if again else find(one.sha256)[0]
            if path is None:
                continue
            pages: tuple[SentPage, ...] = ()
            if one.kind == "document":
                now = replace(reading, room=room // AGAIN if again else room)
                pages, tokens, note = self._choose(path, one, question, now)
                room = max(0, room - tokens)
                notes.append(note)
            if pages or not again:
                attached.append(Attached(path=path, attachment=one, sent=pages))
        sent = {file.attachment.sha256: file.sent for file in attached if file.sent}
        return Gathered(attached=tuple(attached), sent=sent, note=" ".join(filter(None, notes)))

    def _choose(
        self, path: Path, one: Attachment, question: str, reading: Reading
    ) -> tuple[tuple[SentPage, ...], int, str]:
        """The pages, their tokens, and a sentence about them."""
        document = self._contents.document(path, one)
        key = (f"{one.sha256} {one.encoding}", reading.model)
        texts = self._prices.texts(key, document.sheets, reading.count)
        offered = selection.offers(
            document.sheets, len(document.sheets), one.choice, reading.limits, texts
        )
        missing = selection.without(offered, reading.limits)
        earlier = reading.earlier.get(one.sha256)
        if earlier is None and selection.way(offered, one.choice, reading.room) != "search":
            note = " ".join(filter(None, (document.note, missing)))
            return selection.chosen(offered), selection.cost(offered), note
        room = reading.room if earlier is not None else selection.room_for_search(reading.room)
        pages = self._search(
            Sought(
                attachment=one,
                document=document,
                offered=offered,
                question=question,
                room=room,
            )
        )
        if earlier is not None:
            return selection.new(pages, earlier), room, ""
        note = " ".join(filter(None, (document.note, _searched(one.name, pages, len(offered)))))
        return pages, room, note


def _path(find: FindFile, sha256: str) -> Path | None:
    try:
        return find(sha256)[0]
    except StorageError:
        return None


def _searched(name: str, pages: Sequence[SentPage], total: int) -> str:
    return f"{name} is longer than what fits: {selection.told(pages, total)}"
