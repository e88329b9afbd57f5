"""Which pages of a document go with a question, each in which mode, and what that costs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glmdesk.chat.prices import pictures_cost
from glmdesk.documents import choosing, routing
from glmdesk.documents.page import Sheet, drawable
from glmdesk.documents.sizes import PictureLimits
from glmdesk.messages import Choice, Mode, SentPage, Way

LABEL_TOKENS = 6
"""Of "[page 12]" and its line's end."""
SPARE_TOKENS = 256
"""Kept free for the question and the template's own words."""

SEARCHED = 0.6
"""Share of the room that a search fills, so that further questions find passages too."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A page as it would be sent to this model."""

    sheet: Sheet
    mode: Mode
    modes: tuple[Mode, ...]
    text: int
    """Tokens of its text under its label."""
    pictures: int
    """Tokens of what can be drawn of it."""
    wanted: bool
    """Whether it is among the chosen pages."""

    @property
    def tokens(self) -> int:
        """What it costs in its mode."""
        match self.mode:
            case "text":
                return self.text
            case "picture":
                return self.pictures + LABEL_TOKENS
            case "both":
                return self.pictures + self.text

    @property
    def empty(self) -> bool:
        """Whether nothing of it would arrive."""
        return self.mode == "text" and not self.sheet.text.strip()


def offers(
    sheets: Sequence[Sheet],
    total: int,
    choice: Choice,
    limits: PictureLimits | None,
    texts: Mapping[int, int],
) -> list[Offer]:
    """Every page that was read, of a document of `total` pages.

    `limits` are None for a model that sees nothing; `texts` are tokens by page.
    Raises DocumentError when the chosen pages make no sense.
    """
    chosen = set(choosing.numbers(choice.pages, total)) if choice.pages.strip() else None
    by_hand = dict(choice.modes)
    found = []
    for sheet in sheets:
        modes = possible(sheet, limits)
        mode = by_hand.get(sheet.number, "")
        if mode not in modes:
            usual = routing.route(sheet)
            mode = usual if usual in modes else modes[0]
        found.append(
            Offer(
                sheet=sheet,
                mode=mode,
                modes=modes,
                text=texts.get(sheet.number, 0),
                pictures=_pictures(sheet, limits),
                wanted=chosen is None or sheet.number in chosen,
            )
        )
    return found


def possible(sheet: Sheet, limits: PictureLimits | None) -> tuple[Mode, ...]:
    """The modes that make sense for a page with this model."""
    if limits is None or not drawable(sheet):
        return ("text",)
    if not sheet.text.strip():
        return ("picture",)
    return ("text", "picture", "both") if sheet.whole else ("text", "both")


def _pictures(sheet: Sheet, limits: PictureLimits | None) -> int:
    if limits is None:
        return 0
    return pictures_cost([sheet.pictures[index] for index in drawable(sheet)], limits)


def way(offered: Sequence[Offer], choice: Choice, room: int) -> Way:
    """What is done with the document: what was chosen, and "auto" by whether it fits."""
    if choice.way != "auto":
        return choice.way
    if choice.pages.strip():
        return "pages"
    return "whole" if cost(offered) <= room else "search"


def cost(offered: Sequence[Offer]) -> int:
    """Tokens of the chosen pages."""
    return sum(offer.tokens for offer in offered if offer.wanted)


def chosen(offered: Sequence[Offer]) -> tuple[SentPage, ...]:
    """The chosen pages, whole."""
    return tuple(
        SentPage(number=offer.sheet.number, mode=offer.mode) for offer in offered if offer.wanted
    )


def room_for_documents(n_ctx: int, answer: int, used: int) -> int:
    """Tokens that documents may take beside a chat of `used`; at least half: older turns give way."""
    usable = n_ctx - answer - SPARE_TOKENS
    return max(usable - used, usable // 2)


def room_for_search(room: int) -> int:
    return round(room * SEARCHED)


def without(offered: Sequence[Offer], limits: PictureLimits | None) -> str:
    """A sentence about chosen pages of which nothing arrives; "" when there are none."""
    faulty = [offer.sheet.number for offer in offered if offer.wanted and offer.sheet.fault]
    empty = [
        offer.sheet
        for offer in offered
        if offer.wanted and offer.empty and not offer.sheet.fault and drawable(offer.sheet)
    ]
    said = []
    if faulty:
        said.append(f"{_pages(faulty)} could not be read.")
    if empty and limits is None:
        numbers = [sheet.number for sheet in empty]
        said.append(f"{_pages(numbers)} {_have(numbers)} no text, and this model sees no pictures.")
    return " ".join(said)


def new(pages: Sequence[SentPage], earlier: Sequence[SentPage]) -> tuple[SentPage, ...]:
    """Those of `pages` of which something was not sent before."""
    return tuple(page for page in pages if not any(_covers(one, page) for one in earlier))


def _covers(one: SentPage, other: SentPage) -> bool:
    if one.number != other.number or (one.mode != other.mode and one.mode != "both"):
        return False
    if not one.end:
        return True
    return bool(other.end) and one.start <= other.start and other.end <= one.end


def told(pages: Sequence[SentPage], total: int) -> str:
    """Which pages of a document that was searched were sent, as a sentence."""
    numbers = tuple(sorted({page.number for page in pages}))
    spelled = choosing.spelled(numbers)
    what = f"page {spelled}" if len(numbers) == 1 else f"pages {spelled}"
    return f"what suits the question best was sent, from {what} of {total}."


def _pages(numbers: Sequence[int]) -> str:
    spelled = choosing.spelled(tuple(numbers))
    return f"Page {spelled}" if len(numbers) == 1 else f"Pages {spelled}"


def _have(numbers: Sequence[int]) -> str:
    return "has" if len(numbers) == 1 else "have"
