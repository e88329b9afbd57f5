"""Turn what a person attached into parts that an engine reads, through the reader worker."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from glmdesk.documents.page import document_parts
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, limits_at
from glmdesk.engines.base import ModelInfo
from glmdesk.errors import EngineError
from glmdesk.messages import Attachment, Detail, Message, Part, Text

UNSEEN = "[a picture that this model cannot see]"

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


class Contents:
    """Reads attachments at the size of the model that will see them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def question(
        self,
        text: str,
        attached: Sequence[tuple[Path, Attachment]],
        info: ModelInfo,
        *,
        new: bool,
        limits: PictureLimits | None = None,
    ) -> tuple[Message, str]:
        """The user's message with everything attached, and what should be said about it.

        Pictures and documents come first, so that a changed question keeps them in the cache. A
        `new` picture that the model cannot see is an error; an old one is only named. `limits` are
        those of `limits_of`; without them the detail is normal.
        Raises DocumentError or EngineError.
        """
        limits = limits or limits_of(info)
        parts: list[Part] = []
        notes: list[str] = []
        for path, attachment in attached:
            if attachment.kind == "picture" and limits is None and new:
                raise _blind(info)
            found, note = self._attachment(path, attachment, limits)
            parts += found
            notes.append(note)
        if text or not parts:
            parts.append(Text(text=text))
        return Message(role="user", parts=tuple(parts)), " ".join(filter(None, notes))

    def _attachment(
        self, path: Path, attachment: Attachment, limits: PictureLimits | None
    ) -> tuple[Sequence[Part], str]:
        if attachment.kind == "document":
            document = self._reader.document(path, attachment.name, attachment.sha256, limits)
            return document_parts(document), document.note
        if limits is None:
            return [Text(text=UNSEEN + "\n")], ""
        return [self._reader.picture(path, attachment.sha256, limits, attachment.name)], ""


def _blind(info: ModelInfo) -> EngineError:
    return EngineError(
        f"{info.name} cannot see pictures, so nothing was sent to it. Choose a model with "
        "vision, or ask without the picture."
    )
