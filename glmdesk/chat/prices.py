"""What the pages of documents cost in tokens of a model: counted once, estimated while none is loaded."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from glmdesk.documents.page import CLOSING, Sheet, Size, opening, page_text
from glmdesk.documents.sizes import PictureLimits, picture_tokens

Count = Callable[[Sequence[str]], Sequence[int]]
"""Tokens of each text, by the model itself."""

REMEMBERED = 32
"""Documents and models whose counts are kept."""
AROUND_PICTURE = 3
"""Tokens that open and close a picture, and end its line."""
_BATCH = 64
_WIDE = 0x2E80


class Prices:
    """Methods may be called from any thread."""

    def __init__(self) -> None:
        self._counted: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def texts(
        self, key: tuple[str, str], sheets: Sequence[Sheet], count: Count | None
    ) -> dict[int, int]:
        """Tokens of each page's text with its label, by number; `key` names the text and the model.

        Without `count` those not counted before are estimated.
        """
        known = self._of(key)
        missing = [sheet for sheet in sheets if sheet.number not in known]
        if count is None:
            return {**{sheet.number: estimate(page_text(sheet)) for sheet in missing}, **known}
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            tokens = count([page_text(sheet) for sheet in batch])
            known.update(zip((sheet.number for sheet in batch), tokens, strict=True))
        return dict(known)

    def around(self, key: tuple[str, str], name: str, pages: int, count: Count | None) -> int:
        """Tokens of what stands around a document's pages."""
        words = opening(name, pages) + CLOSING
        known = self._of((f"{name} {pages}", key[1]))
        if 0 not in known and count is None:
            return estimate(words)
        if 0 not in known and count is not None:
            known[0] = count([words])[0]
        return known[0]

    def _of(self, key: tuple[str, str]) -> dict[int, int]:
        with self._lock:
            found = self._counted.setdefault(key, {})
            self._counted.move_to_end(key)
            while len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)
            return found


def estimate(text: str) -> int:
    """About how many tokens a text is, whatever the model."""
    wide = sum(ord(letter) >= _WIDE for letter in text)
    return math.ceil((len(text) - wide) / 3.5 + wide * 0.75)


def pictures_cost(sizes: Sequence[Size], limits: PictureLimits) -> int:
    return sum(picture_tokens(*size, limits) + AROUND_PICTURE for size in sizes)
