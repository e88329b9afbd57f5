"""What is attached to a question that is not sent yet, per visitor, open page and chat."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from glmdesk.messages import Attachment, Detail

State = Literal["coming", "taking", "locked", "failed", "here"]
"""It is on its way to this server, is being taken in, wants a password, cannot be read, or is ready."""

REMEMBERED = 500
"""Trays; a page that was closed never says so reliably, so the oldest give way."""
_ON_THE_WAY = ("coming", "taking")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose tray it is: `page` is one open page in a browser, `chat` is "" for a new one."""

    owner: str
    page: str
    chat: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """One file. `key` is unique on its tray; `attachment` is there once the file is."""

    key: str
    name: str
    state: State = "coming"
    path: Path | None = None
    """Where the uploaded file lies while it wants a password."""
    attachment: Attachment | None = None
    said: str = ""
    """Why it is not here, or what is wrong with its password."""
    typed: str = ""
    """The choice of pages as it was typed, and in `wrong` what is not right about it."""
    wrong: str = ""
    first: int = 1
    """The first page whose card is shown; see `strip.WINDOW`."""

    @property
    def sha256(self) -> str:
        return self.attachment.sha256 if self.attachment else ""


@dataclass(frozen=True, kw_only=True)
class Tray:
    items: tuple[Item, ...] = ()
    detail: Detail = "normal"
    said: str = ""
    """What came of the last wish, when there is something to say."""

    @property
    def is_moving(self) -> bool:
        return any(item.state in _ON_THE_WAY for item in self.items)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(item.attachment for item in self.items if item.attachment)

    def find(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)

    def with_item(self, item: Item) -> "Tray":
        """At its end, unless a file with that key, or the very same file, is there already."""
        taken = any(
            one.key == item.key or (item.sha256 and one.sha256 == item.sha256) for one in self.items
        )
        return self if taken else replace(self, items=(*self.items, item))

    def without(self, wanted: Callable[[Item], bool]) -> "Tray":
        """Without those that are `wanted` gone."""
        return replace(self, items=tuple(item for item in self.items if not wanted(item)))

    def changed(self, key: str, **values: Any) -> "Tray":
        """With other values in one item; nothing happens when it is no longer there."""
        items = tuple(
            replace(item, **values) if item.key == key else item for item in self.items
        )  # fmt: skip
        return replace(self, items=items)

    def arrived(self, key: str, attachment: Attachment) -> "Tray":
        """`attachment` is what the item with that key turned out to be."""
        if any(item.sha256 == attachment.sha256 for item in self.items):
            return self.without(lambda item: item.key == key)
        return self.changed(key, state="here", attachment=attachment, path=None, said="")


class Trays:
    """All trays. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._trays: OrderedDict[Place, Tray] = OrderedDict()
        self._changes = threading.Condition()

    def get(self, place: Place) -> Tray:
        with self._changes:
            return self._trays.get(place, Tray())

    def change(self, place: Place, change: Callable[[Tray], Tray]) -> Tray:
        with self._changes:
            tray = self._trays[place] = change(self._trays.get(place, Tray()))
            self._trays.move_to_end(place)
            while len(self._trays) > REMEMBERED:
                self._trays.popitem(last=False)
            self._changes.notify_all()
            return tray

    def settled(self, place: Place, seconds: float) -> Tray:
        """The tray once nothing on it is on its way any more, or after `seconds`."""
        with self._changes:
            self._changes.wait_for(
                lambda: not self._trays.get(place, Tray()).is_moving, timeout=seconds
            )
            return self._trays.get(place, Tray())

    def forget(self, owner: str, sha256: str) -> None:
        """Take a file off all trays of its owner."""
        with self._changes:
            for place, tray in self._trays.items():
                if place.owner == owner:
                    self._trays[place] = tray.without(lambda item: item.sha256 == sha256)
            self._changes.notify_all()
