"""Whether a page is put before a model that sees as text, as a picture or as both. Pure."""

from glmdesk.documents import wording
from glmdesk.documents.page import Looks, Sheet, drawable
from glmdesk.messages import Mode

MOST_GARBLED = 0.3
"""From this share of lost characters on, the rest is of no use."""
SOME_GARBLED = 0.05
FEW_LETTERS = 40
"""Fewer beside something to see are no text of the page: a number, some names on a map."""
HIDDEN = 0.5
PICTURES = 0.035
"""Share of the page; logos and seals at its edge take less."""
DRAWN = 0.012
MANY_SHAPES = 12
"""So many small ones are letters or handwriting, if they are more than the lines they could mark."""


def route(sheet: Sheet) -> Mode:
    """A page with nothing to draw is "text", also when it is empty."""
    if not drawable(sheet):
        return "text"
    if not sheet.whole:
        return "both"
    if not _is_readable(sheet):
        return "picture"
    return "both" if _is_worth_seeing(sheet) else "text"


def _is_readable(sheet: Sheet) -> bool:
    looks = sheet.looks
    if looks.garbled >= MOST_GARBLED or wording.is_made_up(sheet.text):
        return False
    if not sheet.text.strip() or not looks.letters:
        return not looks.ink
    if looks.letters < FEW_LETTERS and _shows(sheet):
        return False
    return looks.hidden < HIDDEN or wording.is_language(sheet.text)


def _is_worth_seeing(sheet: Sheet) -> bool:
    return (
        _shows(sheet)
        or sheet.looks.garbled >= SOME_GARBLED
        or wording.has_formulas(sheet.text)
        or wording.has_hard_table(sheet.text)
    )


def _shows(sheet: Sheet) -> bool:
    """Whether there are pictures or drawings that are more than decoration."""
    looks = sheet.looks
    return looks.images >= PICTURES or _is_drawn(looks, sheet.text.count("\n"))


def _is_drawn(looks: Looks, lines: int) -> bool:
    return looks.drawn >= DRAWN or looks.drawings >= max(MANY_SHAPES, lines + 1)
