"""Turn what a person attached into parts that an engine reads, through the reader worker."""

from collections.abc import Sequence
from pathlib import Path

from glmdesk.documents.page import document_parts
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import ModelInfo
from glmdesk.errors import EngineError
from glmdesk.messages import Attachment, Message, Part, Text

UNSEEN = "[a picture that this model cannot see]"


def limits_of(info: ModelInfo) -> PictureLimits | None:
    """How large a picture this model takes; None when it sees none."""
    if not info.vision:
        return None
    return PictureLimits(min_tokens=info.image_min_tokens, max_tokens=info.image_max_tokens)


class Contents:
    """Reads attachments at the size of the model that will see them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def question(
        self, text: str, attached: Sequence[tuple[Path, Attachment]], info: ModelInfo, *, new: bool
    ) -> tuple[Message, str]:
        """The user's message with everything attached, and what should be said about it.

        Pictures and documents come first, so that a changed question keeps them in the cache. A
        `new` picture that the model cannot see is an error; an old one is only named.
        Raises DocumentError or EngineError.
        """
        parts: list[Part] = []
        notes: list[str] = []
        for path, attachment in attached:
            found, note = self._attachment(path, attachment, info, new)
            parts += found
            notes.append(note)
        if text or not parts:
            parts.append(Text(text=text))
        return Message(role="user", parts=tuple(parts)), " ".join(filter(None, notes))

    def _attachment(
        self, path: Path, attachment: Attachment, info: ModelInfo, new: bool
    ) -> tuple[Sequence[Part], str]:
        limits = limits_of(info)
        if attachment.kind == "document":
            document = self._reader.document(path, attachment.name, attachment.sha256, limits)
            return document_parts(document), document.note
        if limits:
            picture = self._reader.picture(path, attachment.sha256, limits, attachment.name)
            return [picture], ""
        if new:
            raise EngineError(
                f"{info.name} cannot see pictures, so nothing was sent to it. Choose a model with "
                "vision, or ask without the picture."
            )
        return [Text(text=UNSEEN + "\n")], ""
