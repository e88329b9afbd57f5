"""One document that is being read: which pages are still to do, which came, and how it ended."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from glmdesk.documents import notes
from glmdesk.documents.page import Document, Sheet
from glmdesk.errors import DocumentDamaged, DocumentError, GlmdeskError

FIRST_PAGES = 4
"""Pages of the first range, before anything is known of the speed."""
MOST_PAGES = 64
RANGE_S = 0.1
"""Seconds that a range should take, so that nobody waits long for a reader."""
MOST_LETTERS = 40_000_000
"""Characters of a whole document; no model reads a hundredth of that, and this process keeps them."""
DEATHS = 3
"""After so many readers were lost to one document, the rest of it is not tried."""

Range = tuple[int, int]
"""First and last page."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds per page, and for opening the file."""

    page_s: float = RANGE_S / FIRST_PAGES
    open_s: float = 0.0


class Progress:
    """Every method may be called from any thread; several may read ranges of one document."""

    def __init__(self, name: str, end: float) -> None:
        """`end`: when, by the monotonic clock, whatever is left is given up."""
        self.name = name
        self._end = end
        self._changed = threading.Condition()
        self._sheets: dict[int, Sheet] = {}
        self._total = 0
        self._letters = 0
        self._left: deque[Range] = deque([(1, FIRST_PAGES)])
        self._readers = 0
        self._deaths = 0
        self._why = ""
        self._notes: dict[int, str] = {}
        self._encoding = ""
        self._pace = Pace()
        self._document: Document | None = None
        self._error: GlmdeskError | None = None

    @property
    def over(self) -> bool:
        return self._document is not None or self._error is not None

    @property
    def counted(self) -> bool:
        """Whether it is known how many pages there are."""
        return bool(self._total)

    @property
    def more(self) -> bool:
        """Whether pages are left that nobody reads yet."""
        return bool(self._left) and not self.over

    @property
    def readers(self) -> int:
        return self._readers

    @property
    def letters(self) -> int:
        """Characters that are kept."""
        return self._letters

    @property
    def deaths(self) -> int:
        return self._deaths

    @property
    def failed(self) -> bool:
        return self._error is not None

    @property
    def outcome(self) -> Document | GlmdeskError | None:
        """What came of it; None while it is read."""
        return self._document or self._error

    @property
    def flawless(self) -> bool:
        """Whether a later reading would find nothing more."""
        return self._document is not None and not self._deaths and not self._why

    def so_far(self) -> tuple[tuple[Sheet, ...], int] | None:
        """The pages from the first one on without a gap, and how many there will be."""
        with self._changed:
            if self._document:
                return self._document.sheets, len(self._document.sheets)
            if self._error or not self._total:
                return None
            sheets: list[Sheet] = []
            while sheet := self._sheets.get(len(sheets) + 1):
                sheets.append(sheet)
            return tuple(sheets), self._total

    def wait(self) -> Document:
        """The whole document. Raises DocumentError."""
        with self._changed:
            self._changed.wait_for(lambda: self.over)
        if self._document is None:
            error = self._error or DocumentError(self.name)
            raise type(error)(error.message)
        return self._document

    def finish(self, document: Document) -> None:
        """It was read before."""
        with self._changed:
            self._letters = sum(len(sheet.text) for sheet in document.sheets)
            self._document = document
            self._changed.notify_all()

    def fail(self, error: GlmdeskError) -> None:
        """It cannot be read at all; what came already stays if there is any."""
        with self._changed:
            self._left.clear()
            if self._sheets:
                self._why = self._why or error.message.split(". ", 1)[0].rstrip(".")
            else:
                self._error = self._error or error
            self._changed.notify_all()

    def stop(self, error: GlmdeskError) -> None:
        """Nobody wants it any more; whoever waits gets the error."""
        with self._changed:
            self._left.clear()
            if not self.over:
                self._error = error
            self._changed.notify_all()

    def enter(self) -> None:
        """One more takes ranges."""
        with self._changed:
            self._readers += 1

    def leave(self) -> None:
        """One takes no more; after the last the document is put together."""
        with self._changed:
            self._readers -= 1
            if not self._readers and not self.over:
                self._put_together()
            self._changed.notify_all()

    def take(self) -> Range | None:
        """The next pages to read; None when there are none left."""
        with self._changed:
            if self._left and time.monotonic() > self._end:
                self._left.clear()
                self._why = "it took too long"
            if not self._left or self.over:
                return None
            first, last = self._left.popleft()
            most = min(MOST_PAGES, max(1, round(RANGE_S / self._pace.page_s)))
            cut = min(last, first + most - 1)
            if cut < last:
                self._left.appendleft((cut + 1, last))
            return first, cut

    def opened(self, total: int) -> None:
        """How many pages there are; said before each range."""
        with self._changed:
            if not self._total:
                self._total = total
                if total > FIRST_PAGES:
                    self._left.append((FIRST_PAGES + 1, total))

    def add(self, sheet: Sheet) -> None:
        """A page came; past the most that is kept, the others are not read any more."""
        with self._changed:
            if self._letters > MOST_LETTERS:
                self._left.clear()
                self._why = f"there is more text than {MOST_LETTERS:,} characters"
                return
            self._letters += len(sheet.text)
            self._sheets[sheet.number] = sheet

    def done(self, pid: int, note: str, encoding: str, pace: Pace) -> None:
        """A range is read; of the notes of one child the last counts."""
        with self._changed:
            self._notes[pid] = note
            self._encoding = encoding
            self._pace = pace

    def lost(self, pages: Range, fault: str) -> None:
        """The child was lost before it had read `pages`, the end of a range: goes on after the first.

        `fault` is why the first is missing; "" when the child had not come to it.
        """
        first, last = pages
        with self._changed:
            self._deaths += 1
            if fault:
                self._sheets[first] = Sheet(number=first, text="", fault=fault)
                first += 1
            if first <= last:
                self._left.appendleft((first, last))
            if self._deaths >= DEATHS:
                self._left.clear()
                self._why = f"reading this file failed {DEATHS} times"

    def help_pays(self) -> bool:
        """Whether what is left takes much longer than opening the file once more."""
        with self._changed:
            pages = sum(last - first + 1 for first, last in self._left)
            seconds = pages * self._pace.page_s
            return seconds > max(RANGE_S, 2 * self._pace.open_s)

    def _put_together(self) -> None:
        if not self._total:
            self._error = _damaged(self.name, "its pages could not be counted")
            return
        missing = [n for n in range(1, self._total + 1) if n not in self._sheets]
        for number in missing:
            fault = notes.given_up(number, self._why or "the reading broke off")
            self._sheets[number] = Sheet(number=number, text="", fault=fault)
        sheets = tuple(self._sheets[number] for number in range(1, self._total + 1))
        if all(sheet.fault for sheet in sheets):
            self._error = _damaged(self.name, f"none of its pages can be read ({sheets[0].fault})")
            return
        self._document = Document(
            name=self.name,
            sheets=sheets,
            note=self._note(sheets, missing),
            encoding=self._encoding,
            complete=not missing,
        )
        self._sheets.clear()

    def _note(self, sheets: Sequence[Sheet], missing: Sequence[int]) -> str:
        never = frozenset(missing)
        bad = [sheet.number for sheet in sheets if sheet.fault and sheet.number not in never]
        total = len(sheets)
        off = notes.broken_off(total - len(missing) - len(bad), total, self._why) if missing else ""
        return notes.joined(*dict.fromkeys(self._notes.values()), notes.unread(bad), off)


def _damaged(name: str, why: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} is damaged: {why.rstrip('.')}. Nothing was attached. "
        "Open it in another program, save it again, and attach that."
    )
