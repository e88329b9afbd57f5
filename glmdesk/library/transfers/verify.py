"""What of a finished model is no longer what was fetched, block by block; and those blocks fetched again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from glmdesk.errors import DownloadDamaged, DownloadError, ModelMissing
from glmdesk.library.hubs import names
from glmdesk.library.transfers import journal as journals
from glmdesk.library.transfers import manifest as manifests
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.address import Address
from glmdesk.library.transfers.answers import Setback, Wanted
from glmdesk.library.transfers.connection import LineError, Lines
from glmdesk.library.transfers.download import Source, address_of, clear, clear_locks, hold
from glmdesk.library.transfers.hashing import BLOCK, block_hash, block_span, blocks_in, read_blocks
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.manifest import FileRecord, Manifest
from glmdesk.library.transfers.part import Part, disk_errors, free_bytes, full, write_at
from glmdesk.library.transfers.patience import Patience

Report = Callable[[int, int], None]
"""Bytes looked at (or fetched) and bytes in all."""
_TRIES = 5
"""Somebody waits for a repair, and it costs nothing to ask for it again: it gives up after some seconds."""


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One file that is not what it was."""

    name: str
    blocks: tuple[int, ...]
    """Numbers of its 4 MiB blocks, from 0, in order. Empty: only its end has bytes too many."""
    missing: bool = False

    def bytes(self, size: int) -> int:
        """How many must be fetched again."""
        return sum(stop - start for start, stop in (block_span(one, size) for one in self.blocks))


def verify(
    folder: Path, report: Report | None = None, stop: threading.Event | None = None
) -> tuple[Damage, ...]:
    """Read every file of a model and compare; nothing when all is as it was fetched.

    Raises ModelMissing when the folder has no record of what it should hold; DiskError. When `stop` is
    set it ends with what was found so far.
    """
    manifest = recorded(folder)
    total = sum(file.size for file in manifest.files)
    seen, found = 0, []
    for file in manifest.files:
        before = seen

        def tell(done: int, before: int = before) -> None:
            if report:
                report(before + done, total)

        damage = _look(folder / file.name, file, tell, stop or threading.Event())
        seen += file.size
        if damage:
            found.append(damage)
    return tuple(found)


def recorded(folder: Path) -> Manifest:
    """Raises ModelMissing, ModelDamaged."""
    manifest = manifests.read_strictly(folder)
    if manifest is None:
        raise ModelMissing(
            f"Nothing is known of what {folder.name} should hold: glmdesk did not fetch it. Its header "
            "is checked whenever it is loaded."
        )
    return manifest


def _look(
    path: Path, file: FileRecord, tell: Callable[[int], None], stop: threading.Event
) -> Damage | None:
    if not path.is_file():
        return Damage(name=file.name, blocks=tuple(range(blocks_in(file.size))), missing=True)
    with disk_errors(path):
        hashes = list(_hashes(path, file.size, tell, stop))
        longer = path.stat().st_size != file.size
    if stop.is_set():
        hashes += _known(file)[len(hashes) :]
    bad = tuple(
        number
        for number, known in enumerate(_known(file))
        if number >= len(hashes) or hashes[number] != known
    )
    return Damage(name=file.name, blocks=bad) if bad or longer else None


def _hashes(
    path: Path, size: int, tell: Callable[[int], None], stop: threading.Event
) -> Iterator[str]:
    done = 0
    for number, block in enumerate(read_blocks(path, bytearray(BLOCK))):
        if stop.is_set() or number >= blocks_in(size):
            return
        start, end = block_span(number, size)
        yield block_hash(block[: end - start])
        done = min(size, done + len(block))
        tell(done)


def _known(file: FileRecord) -> list[str]:
    step = journals.HEX
    return [file.blocks[place : place + step] for place in range(0, len(file.blocks), step)]


class Repair:
    """Fetches damaged blocks of a model again, and nothing else. Use once: `run`."""

    def __init__(self, folder: Path, source: Source, limits: Limits | None = None) -> None:
        self._folder = folder
        self._parts = tickets.folder_of(folder)
        self._source = source
        limits = limits or Limits()
        self._limits = replace(limits, tries=min(limits.tries, _TRIES))
        self._manifest = recorded(folder)
        self._fetched, self._total, self._mended = 0, 0, 0
        self._report: Report = lambda done, total: None
        self.note = ""
        """What is waited for, as a sentence; `report` is called whenever it changes."""

    def run(
        self, damage: tuple[Damage, ...], stop: threading.Event, report: Report | None = None
    ) -> bool:
        """Whether all is as it was fetched; False when it was stopped. Raises DownloadError, which tells
        what stays as it is.

        A block is written only when it is the one that was recorded.
        """
        self._report = report or self._report
        try:
            return self._run(damage, stop)
        except DownloadError as error:
            wanted = sum(len(one.blocks) for one in damage)
            raise type(error)(
                f"{error.message} {self._state(wanted)}", error.retry_after
            ) from error

    def _state(self, wanted: int) -> str:
        """What a person is told of a repair that failed."""
        if not self._mended:
            return f"Nothing of {self._folder.name} was changed."
        return f"{self._mended} of {wanted} damaged blocks are mended; the rest is as it was."

    def _run(self, damage: tuple[Damage, ...], stop: threading.Event) -> bool:
        records = {file.name: file for file in self._manifest.files}
        self._total = sum(one.bytes(records[one.name].size) for one in damage)
        free, reserve = free_bytes(self._folder), self._limits.reserve
        if free < self._total + reserve:
            raise full(self._parts, self._total, reserve, free)
        with disk_errors(self._parts), self._parts_of_its_own():
            lines = Lines(self._limits.stall_s)
            try:
                return all(self._mend(records[one.name], one, lines, stop) for one in damage)
            finally:
                lines.close()

    @contextmanager
    def _parts_of_its_own(self) -> Iterator[None]:
        """Nothing stays of them, unless a download uses them too: what is half done begins anew."""
        with hold(self._parts):
            try:
                yield
            finally:
                if not (self._parts / tickets.NAME).exists():
                    clear(self._parts)
        clear_locks(self._parts)

    def _mend(self, file: FileRecord, damage: Damage, lines: Lines, stop: threading.Event) -> bool:
        target = names.place(self._folder, file.name)
        path = journals.part_path(self._parts, file.name) if damage.missing else target
        part = Part(path, file.size)
        part.prepare()
        known, address = _known(file), self._address(file, lines)
        with disk_errors(path), part.opened() as handle:
            for number in damage.blocks:
                data = self._block(address, file, (number, known[number]), stop)
                if data is None:
                    return False
                write_at(handle, number * BLOCK, data)
                self._fetched += len(data)
                self._mended += not damage.missing
                self._report(self._fetched, self._total)
        part.sync()
        with disk_errors(target):
            path.replace(target)
            journals.sync_folder(self._folder)
        return True

    def _address(self, file: FileRecord, lines: Lines) -> Address:
        item = self._manifest.item()
        remote = next(one for one in item.all_files if one.path == file.path)
        return address_of(item, remote, self._source, lines)

    def _block(
        self, address: Address, file: FileRecord, block: tuple[int, str], stop: threading.Event
    ) -> bytes | None:
        """The right bytes, or none when stopped. Raises DownloadDamaged when the hub has others."""
        number, known = block
        start, end = block_span(number, file.size)
        wanted = Wanted(place=address.place, start=start, stop=end, size=file.size)
        patience = Patience(self._limits, file.name, stop.wait, self._say)
        wrong = 0
        while not stop.is_set():
            try:
                data = _fetch(address, wanted)
            except (Setback, LineError) as setback:
                patience.bear(setback)
                continue
            if block_hash(data) == known:
                return data
            wrong += 1
            if wrong > 1:
                raise _other(file.name)
        return None

    def _say(self, note: str) -> None:
        self.note = note
        self._report(self._fetched, self._total)


def _fetch(address: Address, wanted: Wanted) -> bytes:
    """Also out of the whole file, where the server knows no parts."""
    answer, offer = address.ask(wanted)
    data, place = bytearray(), offer.start
    with answer:
        for chunk in answer.chunks():
            data += chunk[max(0, wanted.start - place) : max(0, wanted.stop - place)]
            place += len(chunk)
            if place >= wanted.stop:
                return bytes(data)
    raise Setback("the connection ended early", "line")


def _other(name: str) -> DownloadDamaged:
    return DownloadDamaged(
        f"The hub has another {name} now than the one that was fetched, so its damaged part cannot be "
        "mended. Remove the model and fetch it again."
    )
