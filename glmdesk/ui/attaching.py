"""What a page does with attached files: takes them in while the person types, and shows what they cost."""

import json
import time
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from glmdesk.app import App
from glmdesk.chat.papers import Strip
from glmdesk.errors import DocumentError, GlmdeskError
from glmdesk.messages import Attachment, Detail
from glmdesk.ui import strip, text
from glmdesk.ui.choices import DETAILS, choose
from glmdesk.ui.strip import Row
from glmdesk.ui.taking import Taking
from glmdesk.ui.total import Sum
from glmdesk.ui.tray import Item, Place, Tray, Trays
from glmdesk.ui.viewing import Identify, Viewing
from glmdesk.ui.wishes import Numbers, Wish, read

PATIENCE_S = 20.0
"""How long a question waits for files that are on their way."""
STILL_S = 60.0
"""A page stops asking when nothing has changed for so long."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What one page shows now, and since when (in seconds of a clock that never goes back)."""

    place: Place
    html: str
    done: int
    since: float


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Under which files are priced; `used` are the tokens of the chat so far."""

    place: Place
    model: str
    detail: Detail
    used: int


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page shows when a question is sent: how many files, and what was wished for last.

    What was wished for may not have come here yet.
    """

    files: str = ""
    action: str = ""


class AttachmentsPage:
    """The handlers of the strip of attachments. Each asks who the visitor is, and touches only theirs."""

    def __init__(self, app: App, identify: Identify, viewing: Viewing) -> None:
        self._app = app
        self._identify = identify
        self._viewing = viewing
        self._trays = Trays()
        self._taking = Taking(app, self._trays, viewing.uploaded)
        self._numbers = Numbers()
        self._drawn: dict[str, Drawn] = {}

    def _place(self, chat: str, request: gr.Request) -> Place:
        owner = self._identify(request).name
        return Place(owner=owner, page=str(request.session_hash), chat=chat or "")

    # what is shown

    def look(self, conversation: str, model: str, request: gr.Request) -> list[Any]:
        """Updates for `Attachments.shown`; asked again while something moves."""
        place = self._place(conversation, request)
        tray = self._trays.get(place)
        used = self._viewing.used(conversation, request) if tray.items else 0
        terms = Terms(place=place, model=model, detail=tray.detail, used=used)
        rows = [self._row(item, terms) for item in tray.items]
        moving = tray.is_moving or any(self._is_read(row.strip, model) for row in rows)
        done = self._numbers.done((place.owner, place.page))
        html = strip.draw(rows, self._sum(rows, terms, tray.said))
        return self._updates(place, html, done, moving=moving)

    def _updates(self, place: Place, html: str, done: int, *, moving: bool) -> list[Any]:
        """Nothing is sent to a page that shows just that."""
        now, before = time.monotonic(), self._drawn.get(place.page)
        if before and (before.place, before.html, before.done) == (place, html, done):
            patient = now - before.since < STILL_S
            return [gr.skip(), gr.skip(), gr.Timer(active=moving and patient)]
        if html:
            self._drawn[place.page] = Drawn(place=place, html=html, done=done, since=now)
        else:
            self._drawn.pop(place.page, None)
        shown = {"version": time.monotonic_ns(), "done": done, "html": html}
        files = str(len(self._trays.get(place).items))
        return [json.dumps(shown), files, gr.Timer(active=moving)]

    def _row(self, item: Item, terms: Terms) -> Row:
        if item.attachment is None:
            return Row(item=item)
        try:
            return Row(item=item, strip=self._strip(item.attachment, terms))
        except GlmdeskError as error:
            return Row(item=item, said=error.message)

    def _strip(self, attachment: Attachment, terms: Terms) -> Strip:
        owner = terms.place.owner
        return self._app.papers.strip(owner, attachment, terms.model, terms.detail, terms.used)

    def _is_read(self, known: Strip | None, model: str) -> bool:
        """Whether more is to be known of it soon."""
        if known is None:
            return False
        one, pool = known.attachment, self._app.pool.status
        loads = not known.exact and pool.state == "loading" and pool.model == model
        ended = one.kind == "picture" or self._app.reader.outcome(one.sha256, one.encoding)
        return loads or not ended

    def _sum(self, rows: list[Row], terms: Terms, said: str) -> Sum:
        strips = [row.strip for row in rows if row.strip]
        room = self._app.papers.room(
            terms.place.owner, terms.place.chat, strips, terms.model, terms.used
        )
        return Sum(detail=terms.detail, prices=self._prices(strips, terms), room=room, said=said)

    def _prices(self, strips: list[Strip], terms: Terms) -> dict[str, int]:
        """Tokens of all pictures together, by detail."""
        pictures = [one for one in strips if one.attachment.kind == "picture"]
        prices: dict[str, int] = {}
        for detail in DETAILS if pictures else ():
            so = replace(terms, detail=detail)
            known = (
                one if detail == terms.detail else self._strip(one.attachment, so)
                for one in pictures
            )  # fmt: skip
            prices[detail] = sum(one.tokens for one in known)
        return prices

    # what is done

    def act(self, action: str, conversation: str, model: str, request: gr.Request) -> list[Any]:
        """Do what the page's script wrote; see `wishes`. Updates for `Attachments.shown`."""
        self._do_all(action, self._place(conversation, request), model)
        return self.look(conversation, model, request)

    def _do_all(self, action: str, place: Place, model: str) -> None:
        for wish in self._numbers.each((place.owner, place.page), read(action)):
            there = replace(place, chat=wish.chat) if "chat" in wish.values else place
            self._do(wish, there, model)

    def _do(self, wish: Wish, place: Place, model: str) -> None:
        self._trays.change(place, lambda tray: replace(tray, said=""))
        try:
            if not self._taking.do(wish, place):
                self._choose(place, wish, model)
        except GlmdeskError as error:
            said = error.message
            self._trays.change(place, lambda tray: replace(tray, said=said))

    def _choose(self, place: Place, wish: Wish, model: str) -> None:
        """How a file, or all pictures, are to be sent."""
        tray = self._trays.get(place)
        item = tray.find(wish.word("key"))
        total = 0
        if item and item.attachment:
            terms = Terms(place=place, model=model, detail=tray.detail, used=0)
            total = self._strip(item.attachment, terms).total
        self._trays.change(place, lambda tray: choose(tray, wish, total))

    # what others need

    def attach(self, sha256: str, conversation: str, request: gr.Request) -> Attachment:
        """Put a file of the visitor's on the tray of a chat. Raises StorageError."""
        return self._taking.attach(self._place(conversation, request), sha256)

    def forget(self, sha256: str, request: gr.Request) -> None:
        """A file of the visitor's was removed: take it off all their trays."""
        self._trays.forget(self._identify(request).name, sha256)

    def collect(self, shown: Shown, conversation: str, model: str, request: gr.Request) -> Tray:
        """What goes with the question; waits a while for files that are on their way.

        Raises DocumentError when one of them cannot be sent.
        """
        place = self._place(conversation, request)
        self._do_all(shown.action, place, model)
        tray = self._trays.settled(place, PATIENCE_S)
        if not tray.items and shown.files not in ("", "0"):
            raise DocumentError(text.FILES_FORGOTTEN)
        for item in tray.items:
            if item.state in ("coming", "taking"):
                raise DocumentError(text.STILL_COMING.format(name=item.name))
            if item.state == "locked":
                raise DocumentError(text.STILL_LOCKED.format(name=item.name))
            if item.state == "failed":
                raise DocumentError(text.NOT_READABLE.format(name=item.name, why=item.said))
            if item.wrong:
                raise DocumentError(text.PAGES_WRONG.format(name=item.name, why=item.wrong))
        return tray

    def sent(self, tray: Tray, conversation: str, request: gr.Request) -> None:
        """The question with these files is stored: they leave the tray, what came since stays."""
        gone = {item.key for item in tray.items}
        self._trays.change(
            self._place(conversation, request),
            lambda now: replace(now.without(lambda item: item.key in gone), said=""),
        )

    def leave(self, request: gr.Request) -> None:
        """The page was closed, or only lost its connection: what is attached stays for a while."""
        self._drawn.pop(str(request.session_hash), None)
