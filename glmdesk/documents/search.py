"""From the passages that fit a question to the pages that are sent with it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from glmdesk.documents.page import Document, Sheet
from glmdesk.messages import Mode, SentPage

Price = Callable[[SentPage], int]
"""What a page costs, in tokens, its label included."""
Picks = Mapping[int, SentPage]

_TEXTS = 0.6
"""Share of the room for texts while pictures of the best pages wait for the rest."""
_LEAST_TEXTS = 0.25
"""As little is left for texts where one picture takes more than the rest."""
_BEST = 3
"""So many passages may bring pictures with them, and the rest of their page."""
_FEW_TEXTS = 0.5
"""Where no more of the pages have text, those without are looked at even far from any passage."""
_DAMPING = 60
"""By how much first places are made less of when two rankings are joined."""
_LEAST = 200
"""Letters of a page that are sent even if they cost too much."""


class Found(Protocol):
    """A passage that fits: the characters from `start` to `end` of a page's text."""

    @property
    def sha256(self) -> str: ...
    @property
    def page(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


Hit = TypeVar("Hit", bound=Found)


def fused(rankings: Iterable[Sequence[Hit]]) -> list[Hit]:
    """One ranking from several, each best first, by the places alone (reciprocal rank fusion)."""
    scores: dict[tuple[str, int, int, int], float] = {}
    found: dict[tuple[str, int, int, int], Hit] = {}
    for ranking in rankings:
        for place, hit in enumerate(ranking, start=1):
            key = (hit.sha256, hit.page, hit.start, hit.end)
            found.setdefault(key, hit)
            scores[key] = scores.get(key, 0.0) + 1 / (_DAMPING + place)
    return [found[key] for key in sorted(scores, key=lambda key: -scores[key])]


def choose(
    hits: Sequence[Found], document: Document, modes: Mapping[int, Mode], room: int, price: Price
) -> tuple[SentPage, ...]:
    """What is sent of the document for at most `room` tokens, in page order; always something.

    `hits` are passages of this document, best first. `modes` says of every page that may be sent how:
    of "text" and "both" only the passages are sent, of the best ones of "both" the picture too; pages
    that are only a "picture" come when they stand beside the best passages, or when the document has
    few texts. Where nothing fits the question it is the beginning.
    """
    sheets = {sheet.number: sheet for sheet in document.sheets if sheet.number in modes}
    fit = [hit for hit in hits if hit.page in sheets]
    texts = [_passage(hit, "text") for hit in fit if modes[hit.page] != "picture"]
    pictures = list(_pictures(fit, modes))
    picks = _filled({}, texts, _room_for_texts(pictures, room, price), price)
    picks = _filled(picks, pictures, room, price)
    around = [SentPage(number=page.number, mode="text") for page in texts[:_BEST]]
    picks = _filled(picks, [*texts, *around], room, price)
    picks = picks or _beginning(list(sheets.values()), modes, room, price)
    return tuple(_tidied(picks[number], sheets[number]) for number in sorted(picks))


def _room_for_texts(pictures: Sequence[SentPage], room: int, price: Price) -> int:
    if not pictures:
        return room
    beside = room - price(pictures[0])
    least, usual = round(room * _LEAST_TEXTS), round(room * _TEXTS)
    return min(beside, usual) if beside >= least else usual


def _passage(hit: Found, mode: Mode) -> SentPage:
    return SentPage(number=hit.page, mode=mode, start=hit.start, end=hit.end)


def _pictures(hits: Sequence[Found], modes: Mapping[int, Mode]) -> Iterator[SentPage]:
    """Pages that should be seen, the most wanted first."""
    best = hits[:_BEST]
    for hit in best:
        if modes[hit.page] == "both":
            yield _passage(hit, "both")
        for number in (hit.page, hit.page + 1, hit.page - 1):
            if modes.get(number) == "picture":
                yield SentPage(number=number, mode="picture")
    unread = [number for number in sorted(modes) if modes[number] == "picture"]
    if len(unread) >= len(modes) * (1 - _FEW_TEXTS):
        near = [hit.page for hit in best] or [0]
        for number in sorted(unread, key=lambda number: min(abs(number - page) for page in near)):
            yield SentPage(number=number, mode="picture")


def _filled(picks: Picks, wanted: Iterable[SentPage], room: int, price: Price) -> Picks:
    """`picks` and as much of what is wanted as there is room for, the first things first."""
    filled = dict(picks)
    spent = sum(map(price, filled.values()))
    for page in wanted:
        old = filled.get(page.number)
        new = _joined(old, page) if old else page
        if new == old:
            continue
        cost = spent + price(new) - (price(old) if old else 0)
        if cost <= room:
            filled[page.number] = new
            spent = cost
    return filled


def _joined(one: SentPage, other: SentPage) -> SentPage:
    """Both, with what stands between them: an end of 0 is the end of the page."""
    if not (one.end and other.end):
        start = end = 0
    else:
        start, end = min(one.start, other.start), max(one.end, other.end)
    mode = one.mode if one.mode == other.mode else "both"
    return SentPage(number=one.number, mode=mode, start=start, end=end)


def _beginning(
    sheets: Sequence[Sheet], modes: Mapping[int, Mode], room: int, price: Price
) -> Picks:
    said = [sheet for sheet in sheets if sheet.text.strip() or modes[sheet.number] != "text"]
    picks = _filled(
        {}, (SentPage(number=s.number, mode=modes[s.number]) for s in said), room, price
    )
    if picks or not sheets:
        return picks
    first = next((sheet for sheet in said if sheet.text.strip()), (*said, *sheets)[0])
    return {first.number: _cut(first, room, price)}


def _cut(sheet: Sheet, room: int, price: Price) -> SentPage:
    """As much of the text as there is room for; a page without one all the same."""
    end = len(sheet.text)
    if not sheet.text.strip():
        return SentPage(number=sheet.number, mode="picture" if sheet.pictures else "text")
    while end > _LEAST and price(SentPage(number=sheet.number, mode="text", end=end)) > room:
        end = max(_LEAST, end // 2)
    return SentPage(number=sheet.number, mode="text", end=end)


def _tidied(page: SentPage, sheet: Sheet) -> SentPage:
    """A page of which everything is sent names no characters."""
    missing = sheet.text[: page.start] + sheet.text[page.end :] if page.end else ""
    if page.mode != "picture" and missing.strip():
        return page
    return SentPage(number=page.number, mode=page.mode)
