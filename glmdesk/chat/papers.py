"""What a front end asks about files before and after they are sent: pages, modes, prices, places."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from glmdesk.chat import selection
from glmdesk.chat.content import limits_of
from glmdesk.chat.context import answer_room
from glmdesk.chat.prices import Prices
from glmdesk.documents.page import Box, Document, Sheet
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size, picture_tokens
from glmdesk.engines.base import Engine, ModelInfo
from glmdesk.errors import DocumentError, GlmdeskError
from glmdesk.messages import Attachment, Detail, Mode, Way
from glmdesk.store.files import Files, Upload

JOINERS = "\u200c\u200d"
"""Not printable by themselves, and yet parts of words and of pictograms."""


@dataclass(frozen=True, kw_only=True)
class PageCard:
    """One page as a person sees it before sending."""

    number: int
    label: str
    mode: Mode
    modes: tuple[Mode, ...]
    """Those that it can be switched to with this model."""
    tokens: int
    """Its price in `mode`."""
    sent: bool
    fault: str = ""
    """Why it does not arrive, or not entirely."""
    drawn: bool = True
    """Whether there is a picture of it, or in it."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """An attachment before it is sent. A picture has one card, numbered 0."""

    attachment: Attachment
    pages: tuple[PageCard, ...]
    """Those read so far."""
    total: int
    way: Way
    """What "auto" comes to: "whole" or "search"."""
    tokens: int
    """Of everything that is sent; of a search: what it may take."""
    exact: bool
    """False while no model is loaded: then prices are estimated."""
    note: str = ""
    warning: str = ""
    encoding: str = ""
    sees: tuple[int, int] = (0, 0)
    """Of a picture: width and height as the model sees it."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """The context before sending, in tokens."""

    total: int
    used: int
    """By the chat so far."""
    attached: int


@dataclass(frozen=True, kw_only=True)
class View:
    """One page for reading. `picture` is whether a picture of it can be shown."""

    name: str
    number: int
    pages: int
    label: str
    text: str
    picture: bool
    sees: tuple[int, int] = (0, 0)
    """As the model sees it: width and height; (0, 0) for a page that is sent as text only."""
    tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A document in the library."""

    attachment: Attachment
    chats: int
    """In which it is used."""
    cached: int
    """Bytes of its texts, thumbnails and pixels, which removing frees with the file itself."""
    kept: bool = False
    """Whether it stays when no chat uses it any more."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What can be said of a model now; without an `engine` it is not loaded, and told by its card."""

    info: ModelInfo
    engine: Engine | None = None


class Forget(Protocol):
    """Drops what was made of a file for searching."""

    def __call__(self, sha256: str) -> None: ...


class Papers:
    """Everything is by owner: another's file is told to be not there (StorageError)."""

    def __init__(
        self,
        files: Files,
        reader: Reader,
        prices: Prices,
        known: Callable[[str], Known | None],
        forget: Forget,
    ) -> None:
        self._files, self._reader, self._prices = files, reader, prices
        self._known, self._forget = known, forget

    def take(self, owner: str, path: Path, name: str) -> Attachment:
        """Keep the file and begin to read it. Raises DocumentLocked, DocumentError, StorageError."""
        name = shown(name)
        found = self._reader.inspect(path, name)
        upload = Upload(
            source=path,
            name=name,
            kind=found.kind,
            media_type=found.media_type,
            note=found.note,
            pages=found.pages,
        )
        attachment = self._files.add(owner, upload)
        if found.kind == "document":
            stored, _ = self._files.find(owner, attachment.sha256)
            self._reader.start(stored, name, attachment.sha256)
            if found.note:  # it opens, with a warning: is there anything in it?
                self._reader.document(stored, name, attachment.sha256)
        return attachment

    def unlock(self, owner: str, path: Path, name: str, password: str) -> Attachment:
        """`take` a copy that needs no password any more. Raises DocumentLocked when it is wrong."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "unlocked"
            self._reader.unlock(path, name, password, target)
            return self.take(owner, target, name)

    def strip(
        self, owner: str, attachment: Attachment, model: str, detail: Detail, used: int = 0
    ) -> Strip:
        """What is known now; returns at once, also while it is still being read.

        `used` are the tokens of the chat so far.
        """
        path, _ = self._files.find(owner, attachment.sha256)
        known = self._known(model)
        limits = limits_of(known.info, detail) if known else None
        if attachment.kind == "picture":
            return self._picture(path, attachment, known, limits)
        sheets, total = self._so_far(path, attachment)
        return self._document(attachment, sheets, total, _Terms(known, limits, used))

    def room(
        self, owner: str, conversation: str, strips: Sequence[Strip], model: str, used: int = 0
    ) -> Room | None:
        """None while nothing is known of the model."""
        known = self._known(model)
        if known is None or not known.info.n_ctx:
            return None
        attached = sum(strip.tokens for strip in strips)
        return Room(total=known.info.n_ctx, used=used, attached=attached)

    def thumbnail(self, owner: str, sha256: str, page: int, side: int = 160) -> Path:
        """A WebP picture of a page; 0 for a picture file. Raises DocumentError where there is none."""
        path, attachment = self._files.find(owner, sha256)
        place = (page, 0)
        shown = self._reader.shown(sha256, place, side)
        if shown is None:
            shown = self._reader.show(path, attachment.name, sha256, [place], side).get(place)
        if shown is None:
            raise DocumentError(f"Page {page} of {attachment.name} cannot be shown as a picture.")
        return shown

    def view(self, owner: str, sha256: str, page: int, model: str = "") -> View:
        """Raises DocumentError for a page that is not there."""
        path, attachment = self._files.find(owner, sha256)
        known = self._known(model)
        limits = limits_of(known.info) if known else None
        if attachment.kind == "picture":
            return self._whole_picture(path, attachment, limits)
        sheets, total = self._so_far(path, attachment)
        sheet = next((sheet for sheet in sheets if sheet.number == page), None)
        if sheet is None:
            document = self._reader.document(path, attachment.name, sha256, attachment.encoding)
            sheet = next((sheet for sheet in document.sheets if sheet.number == page), None)
        if sheet is None:
            raise DocumentError(f"{attachment.name} has no page {page}.")
        return _view(attachment.name, sheet, total, limits)

    def find(self, owner: str, sha256: str, page: int, words: str) -> tuple[Box, ...]:
        """Where the passage most like `words` stands, line by line."""
        path, attachment = self._files.find(owner, sha256)
        return self._reader.find(path, attachment.name, page, words)

    def crop(self, owner: str, sha256: str, page: int, box: Box) -> Attachment:
        """A part of a picture, or of a page, as a new picture."""
        path, attachment = self._files.find(owner, sha256)
        stem = Path(attachment.name).stem
        name = f"{stem}, part of page {page}.png" if page else f"{stem}, part.png"
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "part.png"
            self._reader.crop(path, attachment.name, page, box, target)
            return self.take(owner, target, name)

    def library(self, owner: str) -> list[Shelved]:
        """The owner's documents, the newest first."""
        return [
            Shelved(
                attachment=filed.attachment,
                chats=filed.chats,
                cached=self._reader.cached(filed.attachment.sha256),
                kept=filed.kept,
            )
            for filed in self._files.documents(owner)
        ]

    def keep(self, owner: str, sha256: str, *, kept: bool) -> None:
        """Whether a document stays in the library when its last chat is deleted."""
        self._files.keep(owner, sha256, kept=kept)

    def remove(self, owner: str, sha256: str) -> int:
        """Forget a document and what was made of it; returns the bytes that are free again.

        Messages keep its name; what was sent of it is no longer sent. Where another owner has the
        same file, nothing is freed.
        """
        _, attachment = self._files.find(owner, sha256)
        if not self._files.remove(owner, sha256):
            return 0
        self._forget(sha256)
        return attachment.size + self._reader.forget(sha256)

    def _so_far(self, path: Path, attachment: Attachment) -> tuple[tuple[Sheet, ...], int]:
        """What is read of a document now; when nothing is, the reading begins."""
        sha256, encoding = attachment.sha256, attachment.encoding
        if (known := self._reader.so_far(sha256, encoding)) is None:
            self._reader.start(path, attachment.name, sha256, encoding)
            known = self._reader.so_far(sha256, encoding) or ((), attachment.pages)
        sheets, total = known
        return sheets, total or attachment.pages

    def _picture(
        self,
        path: Path,
        attachment: Attachment,
        known: Known | None,
        limits: PictureLimits | None,
    ) -> Strip:
        view = self._whole_picture(path, attachment, limits)
        blind = known is not None and limits is None
        card = PageCard(
            number=0,
            label=attachment.name,
            mode="picture",
            modes=("picture",),
            tokens=view.tokens,
            sent=not blind,
        )
        return Strip(
            attachment=attachment,
            pages=(card,),
            total=1,
            way="whole",
            tokens=view.tokens,
            exact=known is not None and known.engine is not None,
            note=attachment.note,
            warning=f"{known.info.name} cannot see pictures." if blind and known else "",
            sees=view.sees,
        )

    def _whole_picture(
        self, path: Path, attachment: Attachment, limits: PictureLimits | None
    ) -> View:
        sees, tokens = (0, 0), 0
        if limits:
            picture = self._reader.picture(path, attachment.sha256, limits, attachment.name)
            sees = (picture.width, picture.height)
            tokens = picture_tokens(*sees, limits)
        return View(
            name=attachment.name,
            number=0,
            pages=1,
            label="",
            text="",
            picture=True,
            sees=sees,
            tokens=tokens,
        )

    def _document(
        self, attachment: Attachment, sheets: Sequence[Sheet], total: int, terms: "_Terms"
    ) -> Strip:
        key = (f"{attachment.sha256} {attachment.encoding}", terms.model)
        engine = terms.known.engine if terms.known else None
        count = engine.count if engine else None
        texts = self._prices.texts(key, sheets, count)
        around = self._prices.around(key, attachment.name, total, count)
        choice, warning = attachment.choice, ""
        try:
            offered = selection.offers(sheets, total, choice, terms.limits, texts)
        except DocumentError as error:
            warning, choice = error.message, replace(choice, pages="")
            offered = selection.offers(sheets, total, choice, terms.limits, texts)
        room = terms.room
        way = selection.way(offered, choice, room)
        cost = selection.cost(offered) + around
        missing = selection.without(offered, terms.limits)
        outcome = self._reader.outcome(attachment.sha256, attachment.encoding)
        if isinstance(outcome, GlmdeskError):
            warning = outcome.message
        read = outcome if isinstance(outcome, Document) else None
        return Strip(
            attachment=attachment,
            pages=tuple(_card(offer, way) for offer in offered),
            total=total,
            way=way,
            tokens=min(cost, selection.room_for_search(room)) if way == "search" else cost,
            exact=engine is not None,
            note=read.note if read else attachment.note,
            warning=" ".join(filter(None, (warning, missing))),
            encoding=read.encoding if read else "",
        )


def shown(name: str) -> str:
    """A file's name on one line, without signs that turn or hide what stands around it."""
    kept = (letter if letter.isprintable() or letter in JOINERS else " " for letter in name)
    return " ".join("".join(kept).split()) or "file"


@dataclass(frozen=True)
class _Terms:
    """Under which a document is priced."""

    known: Known | None
    limits: PictureLimits | None
    used: int

    @property
    def model(self) -> str:
        return self.known.info.id if self.known else ""

    @property
    def room(self) -> int:
        """Tokens; without a model everything fits."""
        if self.known is None or not self.known.info.n_ctx:
            return 2**31
        n_ctx = self.known.info.n_ctx
        return selection.room_for_documents(n_ctx, answer_room(n_ctx), self.used)


def _card(offer: selection.Offer, way: Way) -> PageCard:
    return PageCard(
        number=offer.sheet.number,
        label=offer.sheet.label,
        mode=offer.mode,
        modes=offer.modes,
        tokens=offer.tokens,
        sent=offer.wanted and way != "search",
        fault=offer.sheet.fault,
        drawn=bool(offer.sheet.pictures),
    )


def _view(name: str, sheet: Sheet, total: int, limits: PictureLimits | None) -> View:
    sees, tokens = (0, 0), 0
    if limits and sheet.whole and sheet.pictures:
        sees = model_size(*sheet.pictures[0], limits)
        tokens = picture_tokens(*sees, limits)
    return View(
        name=name,
        number=sheet.number,
        pages=total,
        label=sheet.label,
        text=sheet.text or sheet.fault,
        picture=sheet.whole and bool(sheet.pictures),
        sees=sees,
        tokens=tokens,
    )
