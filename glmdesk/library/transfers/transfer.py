"""One file from its hub to the disk: what it is, what is there of it, the missing rest, its hash.

The bytes go to `<name>.part`; a file is given a name of its own only by `download`, when it was found right.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from glmdesk.errors import DownloadDamaged, DownloadError, ModelError
from glmdesk.library.gguf import header
from glmdesk.library.hubs import network
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers.answers import Offer, Setback, Wanted, plain_etag
from glmdesk.library.transfers.connection import LineError
from glmdesk.library.transfers.fetch import Fetch, Job, Restart
from glmdesk.library.transfers.journal import Journal
from glmdesk.library.transfers.part import Part, disk_errors, free_bytes, full, keep_spare
from glmdesk.library.transfers.patience import Patience
from glmdesk.library.transfers.spans import Spans

_MAGIC = b"GGUF"
_PEEK = 16
"""Bytes that are asked for first, to know the file."""
_MOST_RESTARTS = {"hash": 1, "etag": 3}
_WEB_PAGE = (b"<!do", b"<htm", b"<?xm", b"\r\n<!", b"\n<!d")


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the hub says of the file now."""

    size: int
    etag: str
    ranges: bool


class Transfer:
    """Use once. `journal` is what is known to be on disk."""

    def __init__(self, job: Job, wanted: Journal, room: int = 0) -> None:
        """`wanted` is what the listing says, with nothing on disk; `room`: bytes that the item's other
        files will take."""
        self.note = ""
        self.fetch: Fetch | None = None
        self._job = job
        self._folder = job.part.path.parent
        self._room = room
        self._tick: Callable[[], None] = lambda: None
        self.journal = self._kept(wanted)

    def run(self, tick: Callable[[], None]) -> bool:
        """Whether the file is there and right; False when it was stopped. Raises DownloadError."""
        self._tick = tick
        while not self.journal.verified:
            known = self._ask()
            if known is None:
                return False
            self._settle(known)
            try:
                sha256 = self._pass(known.ranges, tick)
            except Restart:
                self._restart("etag")
                continue
            if sha256 is None:
                return False
            self._verify(sha256)
        return True

    def _kept(self, wanted: Journal) -> Journal:
        """What an earlier run left of the same content, else nothing."""
        found = journals.read(self._folder, wanted.name)
        if found is None or (found.verified and not self._job.part.path.exists()):
            return wanted
        if not found.is_of(wanted):
            self.note = f"{wanted.name} has changed on the hub since it was begun; it starts anew."
            return wanted
        return replace(
            found, url=wanted.url, commit=wanted.commit or found.commit,
            sha256=wanted.sha256 or found.sha256, size=wanted.size or found.size,
        )  # fmt: skip

    # what the hub has

    def _ask(self) -> _Known | None:
        """Size, etag and first bytes; None when stopped. A doubtful answer is asked for a second time."""
        doubts = 0
        patience = Patience(self._job.limits, self.journal.name, self._job.stop.wait, self._say)
        while not self._job.stop.is_set():
            try:
                offer, head = self._peek()
            except (Setback, LineError) as setback:
                patience.bear(setback)
                continue
            doubt = self._doubt(offer, head)
            if doubt and not doubts:
                doubts += 1
                continue
            if doubt == "magic":
                raise self._no_weights(head)
            return _Known(
                size=self.journal.size or offer.size, etag=offer.etag, ranges=not offer.whole
            )
        return None

    def _peek(self) -> tuple[Offer, bytes]:
        stop = min(_PEEK, self.journal.size) or _PEEK
        size = self.journal.size
        wanted = Wanted(place=self._job.address.place, start=0, stop=stop, size=size)
        answer, offer = self._job.address.ask(wanted)
        with answer:
            if not offer.size and not size:
                raise Setback("the server does not say how large the file is")
            head = b""
            for chunk in answer.chunks():
                head += chunk
                if len(head) >= stop:
                    break
        if len(head) < min(stop, offer.stop):
            raise Setback("the connection ended early", "line")
        return offer, head[:stop]

    def _doubt(self, offer: Offer, head: bytes) -> str:
        """What should be seen twice before it is believed."""
        if self.journal.name.lower().endswith(".gguf") and not head.startswith(_MAGIC):
            return "magic"
        if self._is_other(offer.etag):
            return "etag"
        return "whole" if offer.whole else ""

    def _is_other(self, etag: str) -> bool:
        known = self.journal.etag
        return bool(known and etag and plain_etag(known) != plain_etag(etag))

    def _no_weights(self, head: bytes) -> DownloadError:
        if head.lstrip()[:4].lower().startswith(_WEB_PAGE):
            return network.portal(network.host_of(self._job.address.url))
        return DownloadDamaged(
            f"{self.journal.name} on the hub is no GGUF model file: its first bytes say so. Nothing "
            "was kept of it. Choose another variant or source."
        )

    def _say(self, note: str) -> None:
        self.note = note
        self._tick()

    # what is on disk

    def _settle(self, known: _Known) -> None:
        """The journal says what the hub says, and the part has the file's length."""
        if self._is_other(known.etag):
            self._restart("etag")
        self.journal = replace(self.journal, size=known.size, etag=known.etag or self.journal.etag)
        part = Part(self._job.part.path, known.size)
        self._job = replace(self._job, part=part)
        missing = known.size - Spans(self.journal.spans).total + self._room
        free, reserve = free_bytes(part.path), self._job.limits.reserve
        if free < missing + reserve:
            raise full(part.path, missing, reserve, free)
        part.prepare()
        keep_spare(self._folder, known.size)
        with disk_errors(part.path):
            journals.write(self._folder, self.journal)

    def _restart(self, reason: str) -> None:
        self.journal = self.journal.restarted(reason)
        with disk_errors(self._job.part.path):
            journals.write(self._folder, self.journal)
        if self.journal.restarts[reason] > _MOST_RESTARTS[reason]:
            self.discard()
            raise self._unsteady(reason)
        self.note = {
            "etag": f"{self.journal.name} changed on the hub while it came; it starts anew.",
            "hash": f"{self.journal.name} was damaged on its way; it is fetched once more.",
        }[reason]

    def _unsteady(self, reason: str) -> DownloadDamaged:
        name = self.journal.name
        if reason == "etag":
            return DownloadDamaged(
                f"{name} changes on the hub again and again while it comes. Nothing was kept of it. Try "
                "again later, or take another source."
            )
        return DownloadDamaged(
            f"{name} came twice with another content than its checksum says, so it was not kept. A "
            "proxy or the memory of this computer may damage it. Try another network or source."
        )

    def discard(self) -> None:
        """Forget all of it, so that the next run begins anew."""
        with disk_errors(self._job.part.path):
            journals.journal_path(self._folder, self.journal.name).unlink(missing_ok=True)
            self._job.part.path.unlink(missing_ok=True)

    # the bytes

    def _pass(self, ranges: bool, tick: Callable[[], None]) -> str | None:
        self.fetch = Fetch(self._job, self.journal, ranges=ranges)
        try:
            return self.fetch.run(lambda fetch: tick())
        finally:
            self.journal = self.fetch.journal

    def _verify(self, sha256: str) -> None:
        """Believe the hub's hash; where it gives none, only the file's own header can be checked."""
        if self.journal.sha256 and self.journal.sha256.lower() != sha256:
            self._restart("hash")
            return
        if not self.journal.sha256:
            self._check_header()
        self.journal = replace(self.journal, sha256=sha256, verified=True)
        with disk_errors(self._job.part.path):
            journals.write(self._folder, self.journal)

    def _check_header(self) -> None:
        if not self.journal.name.lower().endswith(".gguf"):
            return
        try:
            header.read(self._job.part.path)
        except ModelError as error:
            self.discard()
            raise DownloadDamaged(
                f"{self.journal.name} came whole, but is no usable model file: {error.message}"
            ) from error
