"""Searches a document for what a question asks: its passages are indexed once, the best are chosen."""

from collections.abc import Callable, Iterator, Mapping

from glmdesk.chat.prices import estimate
from glmdesk.chat.selection import LABEL_TOKENS, Offer
from glmdesk.chat.sources import Sought
from glmdesk.documents import passages, search
from glmdesk.documents.page import Document
from glmdesk.messages import SentPage
from glmdesk.store.index import Extract, Index

CANDIDATES = 60
"""Passages that are looked at for one question."""


class Finder:
    """Finds passages; what it indexes stays until it is forgotten."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __call__(self, sought: Sought) -> tuple[SentPage, ...]:
        """Pages and passages within `sought.room`, in page order. Raises StorageError."""
        key = _key(sought.attachment.sha256, sought.attachment.encoding)
        if not self._index.has(key):
            self._index.put(key, _extracts(sought.document))
        offered = {offer.sheet.number: offer for offer in sought.offered if offer.wanted}
        return search.choose(
            self._index.search([key], sought.question, _candidates(sought)),
            sought.document,
            {number: offer.mode for number, offer in offered.items()},
            sought.room,
            _price(offered),
        )

    def forget(self, sha256: str) -> None:
        """Drop what was indexed of a file, in whatever encoding it was read."""
        self._index.forget(sha256)


def _candidates(sought: Sought) -> int:
    """More where pages were chosen: passages of others count too."""
    return CANDIDATES if all(offer.wanted for offer in sought.offered) else 20 * CANDIDATES


def _key(sha256: str, encoding: str) -> str:
    """What a file is indexed under; `Index.forget` knows that all of these begin with the sha256."""
    return f"{sha256}:{encoding}" if encoding else sha256


def _extracts(document: Document) -> Iterator[Extract]:
    sheets = {sheet.number: sheet for sheet in document.sheets}
    for one in passages.split(document):
        text = passages.searched(sheets[one.page], one)
        yield Extract(page=one.page, start=one.start, end=one.end, text=text)


def _price(offered: Mapping[int, Offer]) -> Callable[[SentPage], int]:
    """What a passage costs: its part of what its page costs by the model's own count."""

    def price(page: SentPage) -> int:
        offer = offered[page.number]
        if page.mode == "picture":
            return offer.pictures + LABEL_TOKENS
        text = offer.text
        if page.end:
            words = offer.sheet.text
            share = estimate(words[page.start : page.end]) / max(1, estimate(words))
            text = LABEL_TOKENS + round(share * text)
        return text + (offer.pictures if page.mode == "both" else 0)

    return price
