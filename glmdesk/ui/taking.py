"""Take attached files in while the person types: each in a thread of its own, onto a tray."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from glmdesk.app import App
from glmdesk.errors import DocumentLocked, GlmdeskError
from glmdesk.messages import Attachment
from glmdesk.ui import text
from glmdesk.ui.tray import Item, Place, State, Trays
from glmdesk.ui.wishes import Wish

_log = logging.getLogger(__name__)

LARGEST_MB = 200
"""Of one file that the page hands over."""
AT_A_TIME = 4
"""Files that are taken in at the same time."""
LONGEST_NAME = 255
"""Characters."""


class Taking:
    """What the page's script wants done with files that come and go.

    `uploaded` raises DocumentError for a path that did not come through this page.
    """

    def __init__(self, app: App, trays: Trays, uploaded: Callable[[str], Path]) -> None:
        self._app = app
        self._trays = trays
        self._uploaded = uploaded
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="take")

    def do(self, wish: Wish, place: Place) -> bool:
        """Whether the wish was of this kind. Raises GlmdeskError."""
        actions: dict[str, Callable[[Wish, Place], object]] = {
            "announce": self._announce,
            "take": self._take,
            "lost": self._lose,
            "unlock": self._unlock,
            "remove": self._remove,
            "attach": lambda wish, place: self.attach(place, wish.word("sha256")),
            "crop": self._crop,
        }
        if wish.do in actions:
            actions[wish.do](wish, place)
        return wish.do in actions

    def attach(self, place: Place, sha256: str) -> Attachment:
        """A file that the store has already. Raises StorageError when it is not the visitor's."""
        _, attachment = self._app.files.find(place.owner, sha256)
        item = Item(key=f"f{sha256}", name=attachment.name, state="here", attachment=attachment)
        self._trays.change(place, lambda tray: tray.with_item(item))
        return attachment

    def _announce(self, wish: Wish, place: Place) -> None:
        """A file begins its way to this server."""
        item = Item(key=wish.word("key"), name=wish.word("name")[:LONGEST_NAME] or text.DOCUMENT)
        self._trays.change(place, lambda tray: tray.with_item(item))

    def _lose(self, wish: Wish, place: Place) -> None:
        """It never arrived."""
        too_large = text.TOO_LARGE_TO_HAND_OVER.format(size=f"{LARGEST_MB} MB")
        said = too_large if wish.word("why") == "size" else text.NOT_HANDED_OVER
        self._leave(place, wish.word("key"), "failed", said)

    def _remove(self, wish: Wish, place: Place) -> None:
        key = wish.word("key")
        self._trays.change(place, lambda tray: tray.without(lambda item: item.key == key))

    def _take(self, wish: Wish, place: Place) -> None:
        key = wish.word("key")
        item = self._trays.get(place).find(key)
        if not item or item.state != "coming":
            return
        try:
            path = self._uploaded(wish.word("path"))
        except GlmdeskError as error:
            self._leave(place, key, "failed", error.message)
            return
        name = item.name
        self._begin(place, key, path, lambda: self._app.papers.take(place.owner, path, name))

    def _unlock(self, wish: Wish, place: Place) -> None:
        key, password = wish.word("key"), wish.word("password")
        item = self._trays.get(place).find(key)
        if not item or item.state != "locked" or item.path is None:
            return
        path, name = item.path, item.name
        self._begin(
            place, key, path, lambda: self._app.papers.unlock(place.owner, path, name, password)
        )

    def _begin(self, place: Place, key: str, path: Path, take: Callable[[], Attachment]) -> None:
        again = any(item.key == key and item.path for item in self._trays.get(place).items)
        self._trays.change(
            place, lambda tray: tray.changed(key, state="taking", path=path, said="")
        )
        taken = self._threads.submit(self._finish, place, key, take, again)
        taken.add_done_callback(_tell)

    def _finish(self, place: Place, key: str, take: Callable[[], Attachment], again: bool) -> None:
        """Whatever comes of it, the tray says so."""
        state: State = "failed"
        said = text.NOT_TAKEN
        try:
            attachment = take()
            self._trays.change(place, lambda tray: tray.arrived(key, attachment))
        except DocumentLocked as error:
            said, state = error.message if again else "", "locked"
        except GlmdeskError as error:
            said = error.message
        finally:
            self._leave(place, key, state, said, only="taking")

    def _leave(
        self, place: Place, key: str, state: State, said: str, only: State | None = None
    ) -> None:
        item = self._trays.get(place).find(key)
        if item and only in (None, item.state):
            self._trays.change(place, lambda tray: tray.changed(key, state=state, said=said))

    def _crop(self, wish: Wish, place: Place) -> None:
        """A part of a page becomes a picture of its own."""
        box = wish.values.get("box")
        if not (isinstance(box, list) and len(box) == 4 and all(type(one) is int for one in box)):
            return
        part = self._app.papers.crop(
            place.owner, wish.word("sha256"), wish.whole("page"), (box[0], box[1], box[2], box[3])
        )
        self.attach(place, part.sha256)


def _tell(taken: "Future[None]") -> None:
    """Only what was not foreseen ends up here; a password is in none of it."""
    if error := taken.exception():
        _log.error("A file could not be taken in (%s).", type(error).__name__)
