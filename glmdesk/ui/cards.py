"""A document's pages as cards in a row: thumbnail, number, how each is sent, and its price. Pure."""

import html

from glmdesk.chat.papers import PageCard, Strip
from glmdesk.messages import Attachment, Way
from glmdesk.ui import text

WINDOW = 32
"""Cards of one document that are in the page at a time; the others are a gap of the same width."""
THUMBNAIL = 160
"""Pixels of the longer side, for a card half as large."""
LABEL = 60
"""Letters of a page's label that are shown."""


def row(known: Strip, wanted: int) -> str:
    """The cards from page `wanted` on, between gaps for those that are not in view."""
    total = max(known.total, len(known.pages))
    first = max(1, min(wanted, total - WINDOW + 1))
    last = min(total, first + WINDOW - 1)
    cards = {card.number: card for card in known.pages if first <= card.number <= last}
    shown = "".join(
        _page(known, cards[number]) if number in cards else _unread(number)
        for number in range(first, last + 1)
    )
    label = html.escape(text.PAGES_OF.format(name=known.attachment.name))
    return (
        f'<ol class="pages" data-first="{first}" data-last="{last}" data-total="{total}" tabindex="0" '
        f'aria-label="{label}">{_gap("before", first - 1)}{shown}{_gap("after", total - last)}</ol>'
    )


def _gap(where: str, pages: int) -> str:
    return f'<li class="gap" data-key="{where}" style="--pages:{pages}"></li>' if pages else ""


def _unread(number: int) -> str:
    return (
        f'<li class="page unread" data-key="p{number}"><span class="thumb"></span>'
        f'<span class="number">{number}</span></li>'
    )


def _page(known: Strip, card: PageCard) -> str:
    label = card.label[:LABEL]
    title = text.PAGE_NUMBER.format(number=card.number) + (f": {label}" if label else "")
    off = "" if card.sent or known.way == "search" else " off"
    return (
        f'<li class="page{off}" data-key="p{card.number}">'
        f"{thumbnail(known.attachment, card.number, title, drawn=card.drawn)}"
        f'<span class="number">{card.number}<i>{html.escape(label)}</i></span>'
        f"{_badge(card, known.way)}<small>{card.tokens:,}</small></li>"
    )


def thumbnail(attachment: Attachment, page: int, title: str, *, drawn: bool = True) -> str:
    """A button that opens the page, or a picture as page 0; without a picture where none is `drawn`."""
    address = f"/files/{attachment.sha256}/pages/{page}?side={THUMBNAIL}"
    picture = f'<img loading="lazy" alt="" src="{address}">' if drawn else ""
    words = html.escape(title)
    return (
        f'<button type="button" class="thumb" data-page="{page}" title="{words}" aria-label="{words}">'
        f"{picture}</button>"
    )


def _badge(card: PageCard, way: Way) -> str:
    if card.fault:
        fault = html.escape(card.fault)
        return f'<span class="badge fault" tabindex="0" title="{fault}">{text.FAULT}</span>'
    if not card.sent:
        words = text.IF_IT_SUITS if way == "search" else text.NOT_SENT
        return f'<span class="badge unsent">{words}</span>'
    words = text.MODES[card.mode]
    if len(card.modes) < 2:
        return f'<span class="badge {card.mode}">{words}</span>'
    following = card.modes[(card.modes.index(card.mode) + 1) % len(card.modes)]
    title = text.SWITCH.format(page=card.number, now=words, next=text.MODES[following])
    return (
        f'<button type="button" class="badge {card.mode}" data-do="mode" data-page="{card.number}" '
        f'data-value="{following}" title="{title}" aria-label="{title}">{words}</button>'
    )
