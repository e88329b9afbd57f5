"""A person's choices for files on a tray: how much of a document, which pages, in which mode. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from glmdesk.documents import choosing
from glmdesk.errors import DocumentError
from glmdesk.messages import Attachment, Mode, Way
from glmdesk.ui import text
from glmdesk.ui.tray import Item, Tray
from glmdesk.ui.wishes import Wish

LONGEST = 400
"""Characters of a choice of pages."""
DETAILS: tuple[Literal["low", "normal", "high"], ...] = ("low", "normal", "high")


def choose(tray: Tray, wish: Wish, total: int) -> Tray:
    """The tray as the person wants it; a wish that makes no sense changes nothing.

    `total` is how many pages the document has, 0 while that is not known.
    """
    value = wish.word("value")
    if wish.do == "detail":
        chosen = [detail for detail in DETAILS if detail == value]
        return replace(tray, detail=chosen[0]) if chosen else tray
    item = tray.find(wish.word("key"))
    if item is None or item.attachment is None or wish.do not in _CHOICES:
        return tray
    changed = _CHOICES[wish.do](item, item.attachment, wish, total)
    items = tuple(changed if one is item else one for one in tray.items)
    return replace(tray, items=items)


def _way(item: Item, attachment: Attachment, wish: Wish, total: int) -> Item:
    value = wish.word("value")
    ways: tuple[Way, ...] = get_args(Way)
    chosen = [way for way in ways if way == value]
    if not chosen:
        return item
    pages = item.typed if value == "pages" and not item.wrong else ""
    choice = replace(attachment.choice, way=chosen[0], pages=pages)
    wrong = item.wrong if value == "pages" else ""
    return replace(item, attachment=replace(attachment, choice=choice), wrong=wrong)


def _pages(item: Item, attachment: Attachment, wish: Wish, total: int) -> Item:
    typed = wish.word("value")[:LONGEST]
    try:
        if total:
            choosing.numbers(typed, total)
    except DocumentError as error:
        return replace(item, typed=typed, wrong=error.message)
    choice = replace(attachment.choice, pages=typed)
    return replace(item, attachment=replace(attachment, choice=choice), typed=typed, wrong="")


def _mode(item: Item, attachment: Attachment, wish: Wish, total: int) -> Item:
    value, page = wish.word("value"), wish.whole("page")
    modes: tuple[Mode, ...] = get_args(Mode)
    chosen = [mode for mode in modes if mode == value]
    if not chosen or not 1 <= page <= max(total, attachment.pages):
        return item
    others = dict(attachment.choice.modes) | {page: chosen[0]}
    choice = replace(attachment.choice, modes=tuple(sorted(others.items())))
    return replace(item, attachment=replace(attachment, choice=choice))


def _encoding(item: Item, attachment: Attachment, wish: Wish, total: int) -> Item:
    value = wish.word("value")
    if value and value not in [encoding for encoding, _ in text.ENCODINGS]:
        return item
    return replace(item, attachment=replace(attachment, encoding=value), first=1)


def _see(item: Item, attachment: Attachment, wish: Wish, total: int) -> Item:
    return replace(item, first=max(1, wish.whole("page")))


_CHOICES: Mapping[str, Callable[[Item, Attachment, Wish, int], Item]] = {
    "way": _way,
    "pages": _pages,
    "mode": _mode,
    "encoding": _encoding,
    "see": _see,
}
