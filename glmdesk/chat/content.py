"""Turn what a person attached into parts that an engine reads, through the reader worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glmdesk.documents.page import (
    Document,
    Place,
    Sheet,
    Size,
    attribute,
    document_parts,
    drawable,
)
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, limits_at, model_size
from glmdesk.engines.base import ModelInfo
from glmdesk.errors import EngineError
from glmdesk.messages import Attachment, Detail, Message, Part, SentPage, Text

UNSEEN = "[a picture that this model cannot see]"
CITE = "Say which page each statement comes from, like this: [p. 7].\n\n"
"""Told to models that were not trained to do so by themselves."""

Sent = Mapping[str, tuple[int, int]]
"""For each model that was sent the pictures of a message: the fewest and the most tokens of one."""


def limits_of(
    info: ModelInfo, detail: Detail = "normal", sent: Sent | None = None
) -> PictureLimits | None:
    """How large this model sees a message's pictures; None when it sees none.

    What was `sent` to it before keeps its size, so that the cache still holds it; only a lower
    ceiling makes it smaller.
    """
    if not info.vision:
        return None
    normal = PictureLimits(min_tokens=info.image_min_tokens, max_tokens=info.image_max_tokens)
    ceiling = info.image_ceiling_tokens or normal.max_tokens
    if sent and info.id in sent:
        least, most = sent[info.id]
        return PictureLimits(min_tokens=least, max_tokens=max(least, min(most, ceiling)))
    return limits_at(detail, normal, ceiling)


def with_sent(sent: Sent, info: ModelInfo, limits: PictureLimits) -> Sent:
    """`sent` with what this model is sent now; what it was sent first stays."""
    return {info.id: (limits.min_tokens, limits.max_tokens), **sent}


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A file of a question; `path` is None when it was removed since."""

    path: Path | None
    attachment: Attachment
    sent: tuple[SentPage, ...] = ()
    """Of a document: the pages that go with the question."""


class Contents:
    """Reads attachments at the size of the model that will see them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def document(self, path: Path, attachment: Attachment) -> Document:
        """All pages of a document, as they were found. Raises DocumentError."""
        name, sha256 = attachment.name, attachment.sha256
        return self._reader.document(path, name, sha256, attachment.encoding)

    def question(
        self,
        text: str,
        attached: Sequence[Attached],
        info: ModelInfo,
        limits: PictureLimits | None = None,
        *,
        cite: bool = False,
    ) -> Message:
        """The user's message with everything attached.

        Pictures and documents come first, so that a changed question keeps them in the cache.
        `limits` are those of `limits_of`; without them the detail is normal, and a picture that the
        model cannot see is only named. `cite`: ask for the pages behind each statement.
        Raises DocumentError.
        """
        limits = limits or limits_of(info)
        parts: list[Part] = []
        for file in attached:
            parts += self._parts(file, limits)
        if cite and any(file.attachment.kind == "document" and file.sent for file in attached):
            parts.append(Text(text=CITE))
        if text or not parts:
            parts.append(Text(text=text))
        return Message(role="user", parts=tuple(parts))

    def _parts(self, file: Attached, limits: PictureLimits | None) -> Sequence[Part]:
        if file.path is None:
            return [Text(text=f"[{attribute(file.attachment.name)} was removed]\n")]
        if file.attachment.kind == "document":
            return self._pages(file.path, file, limits)
        if limits is None:
            return [Text(text=UNSEEN + "\n")]
        name, sha256 = file.attachment.name, file.attachment.sha256
        return [self._reader.picture(file.path, sha256, limits, name)]

    def _pages(self, path: Path, file: Attached, limits: PictureLimits | None) -> Sequence[Part]:
        document = self.document(path, file.attachment)
        known = {sheet.number for sheet in document.sheets}
        sent = [page for page in file.sent if page.number in known]
        if limits is None:
            blind = [replace(page, mode="text") for page in sent]
            return document_parts(document, blind, {})
        wanted = wanted_pictures(document.sheets, sent, limits)
        name, sha256 = file.attachment.name, file.attachment.sha256
        pictures = self._reader.draw(path, name, sha256, wanted) if wanted else {}
        return document_parts(document, sent, pictures)


def wanted_pictures(
    sheets: Sequence[Sheet], sent: Sequence[SentPage], limits: PictureLimits
) -> dict[Place, Size]:
    """What must be drawn for the pages that are sent, and how large."""
    by_number = {sheet.number: sheet for sheet in sheets}
    return {
        (page.number, index): model_size(*by_number[page.number].pictures[index], limits)
        for page in sent
        if page.mode != "text"
        for index in drawable(by_number[page.number])
    }


def check_eyes(attachments: Sequence[Attachment], info: ModelInfo) -> None:
    """Raises EngineError for a picture that would not be seen."""
    if info.vision or all(one.kind != "picture" for one in attachments):
        return
    raise EngineError(
        f"{info.name} cannot see pictures, so nothing was sent to it. Choose a model with "
        "vision, or ask without the picture."
    )
