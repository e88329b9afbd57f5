"""What of each document the earlier questions of a chat were sent with. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from glmdesk.messages import Attachment, SentPage


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Documents by sha256, and the pages of them that the model has in front of it."""

    documents: Mapping[str, Attachment] = field(default_factory=dict)
    sent: Mapping[str, tuple[SentPage, ...]] = field(default_factory=dict)

    def after(
        self, attachments: Sequence[Attachment], sent: Mapping[str, tuple[SentPage, ...]]
    ) -> "Earlier":
        """With one more question."""
        new = {one.sha256: one for one in attachments if one.kind == "document"}
        pages = {
            sha256: (*self.sent.get(sha256, ()), *sent.get(sha256, ()))
            for sha256 in {**self.sent, **sent}
        }
        return Earlier(documents={**self.documents, **new}, sent=pages)

    def searched(self, attached: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Documents that were searched, of which another question may need other passages; those
        that are `attached` to it anyway are left out."""
        own = {one.sha256 for one in attached}
        return tuple(
            document
            for sha256, document in self.documents.items()
            if sha256 not in own and _was_searched(document, self.sent.get(sha256, ()))
        )

    def named(
        self, attachments: Sequence[Attachment], sent: Mapping[str, tuple[SentPage, ...]]
    ) -> tuple[Attachment, ...]:
        """The files of a question, those included that it was sent passages of without attaching them."""
        own = {one.sha256 for one in attachments}
        others = [sha256 for sha256 in sent if sha256 not in own and sha256 in self.documents]
        return (*attachments, *(self.documents[sha256] for sha256 in others))


def _was_searched(document: Attachment, sent: Sequence[SentPage]) -> bool:
    choice = document.choice
    if not sent or choice.way not in ("auto", "search") or choice.pages.strip():
        return False
    return any(page.end for page in sent) or len({page.number for page in sent}) < document.pages
