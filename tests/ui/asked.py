"""Questions with files, as they are stored."""

from typing import Any

from glmdesk.messages import Attachment, Mode, SentPage, Timings, Usage
from glmdesk.store.conversations import Entry

REPORT, OTHER, PHOTO, PLAN = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


def entry(role: str = "user", words: str = "", **values: Any) -> Entry:
    given: dict[str, Any] = {
        "id": 1, "conversation": "c", "seq": 1, "attachments": (), "thinking": "", "think": "auto",
        "model": "m", "usage": Usage(), "timings": Timings(), "tokens": (), "error": "", "note": "",
        "created": 0.0, "role": role, "text": words, "state": "done",
    }  # fmt: skip
    return Entry(**(given | values))


def document(sha256: str, name: str) -> Attachment:
    return Attachment(
        sha256=sha256, name=name, kind="document", media_type="application/pdf", size=1
    )


def picture(sha256: str, name: str) -> Attachment:
    return Attachment(sha256=sha256, name=name, kind="picture", media_type="image/png", size=1)


def asked(files: dict[Attachment, tuple[int, ...]], mode: Mode = "text") -> Entry:
    """A question with these files, of which these pages were sent."""
    sent = {
        one.sha256: tuple(SentPage(number=number, mode=mode) for number in numbers)
        for one, numbers in files.items()
        if one.kind == "document"
    }
    return entry(attachments=tuple(files), sent=sent)
