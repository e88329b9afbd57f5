"""What of a finished model is no longer what was fetched, block by block; and those blocks fetched again."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from glmdesk.errors import DownloadDamaged, ModelMissing
from glmdesk.library import journal as journals
from glmdesk.library import manifest as manifests
from glmdesk.library import names
from glmdesk.library import ticket as tickets
from glmdesk.library.address import Address
from glmdesk.library.answers import Setback, Wanted
from glmdesk.library.connection import LineError, Lines
from glmdesk.library.download import Source, address_of, hold
from glmdesk.library.hashing import BLOCK, block_hash, block_span, blocks_in, read_blocks
from glmdesk.library.limits import Limits
from glmdesk.library.manifest import FileRecord, Manifest
from glmdesk.library.part import Part, disk_errors, free_bytes, full, write_at
from glmdesk.library.patience import Patience

Report = Callable[[int, int], None]
"""Bytes looked at (or fetched) and bytes in all."""


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
    manifest = manifests.read(folder)
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
        self._limits = limits or Limits()
        self._manifest = recorded(folder)
        self._fetched, self._total = 0, 0
        self.note = ""

    def run(
        self, damage: tuple[Damage, ...], stop: threading.Event, report: Report | None = None
    ) -> bool:
        """Whether all is as it was fetched; False when it was stopped. Raises DownloadError.

        A block is written only when it is the one that was recorded.
        """
        records = {file.name: file for file in self._manifest.files}
        self._total = sum(one.bytes(records[one.name].size) for one in damage)
        if free_bytes(self._folder) < self._total + self._limits.reserve:
            raise full(self._parts, self._total + self._limits.reserve)
        with disk_errors(self._parts):
            self._parts.mkdir(exist_ok=True)
            with hold(self._parts):
                lines = Lines(self._limits.stall_s)
                try:
                    done = all(
                        self._mend(records[one.name], one, lines, stop, report) for one in damage
                    )
                finally:
                    lines.close()
            if not (self._parts / tickets.NAME).exists():
                shutil.rmtree(self._parts, ignore_errors=True)
        return done

    def _mend(
        self, file: FileRecord, damage: Damage, lines: Lines, stop: threading.Event,
        report: Report | None,
    ) -> bool:  # fmt: skip
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
                if report:
                    report(self._fetched, self._total)
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
        "mended. Nothing was changed. Remove the model and fetch it again."
    )
