"""Strips and files as the chat would give them."""

from dataclasses import replace

from glmdesk.chat.papers import PageCard, Strip
from glmdesk.messages import Attachment, Choice, Mode
from glmdesk.ui.tray import Item

SHA = "a" * 64
OTHER = "b" * 64
PDF = Attachment(
    sha256=SHA, name="report.pdf", kind="document", media_type="application/pdf", size=2_000_000
)
PICTURE = Attachment(
    sha256=OTHER, name="shot.png", kind="picture", media_type="image/png", size=30_000
)


def card(number: int, mode: Mode = "text", **values: object) -> PageCard:
    usual = PageCard(
        number=number,
        label="",
        mode=mode,
        modes=("text", "picture", "both"),
        tokens=100,
        sent=True,
    )
    return replace(usual, **values)  # type: ignore[arg-type]


def document(pages: int = 3, total: int = 0, **values: object) -> Strip:
    """`pages` of `total` are read; without a total all are."""
    known = Strip(
        attachment=PDF,
        pages=tuple(card(number) for number in range(1, pages + 1)),
        total=total or pages,
        way="whole",
        tokens=100 * pages,
        exact=True,
    )
    return replace(known, **values)  # type: ignore[arg-type]


def picture(**values: object) -> Strip:
    known = Strip(
        attachment=PICTURE,
        pages=(card(0, "picture", modes=("picture",)),),
        total=1,
        way="whole",
        tokens=1008,
        exact=True,
        sees=(1080, 1440),
    )
    return replace(known, **values)  # type: ignore[arg-type]


def chosen(attachment: Attachment, choice: Choice) -> Attachment:
    return replace(attachment, choice=choice)


def item(attachment: Attachment = PDF, key: str = "k") -> Item:
    return Item(key=key, name=attachment.name, state="here", attachment=attachment)
