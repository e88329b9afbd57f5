"""Check, mend, take in and remove the files of models that are here."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from glmdesk.errors import ModelMissing
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.gguf import header, preflight
from glmdesk.library.hubs.sources import Hub
from glmdesk.library.local import digests, importing, removing
from glmdesk.library.local.candidate import examine
from glmdesk.library.local.importing import Way
from glmdesk.library.local.installed import Installed, Library
from glmdesk.library.transfers import verify
from glmdesk.library.transfers.progress import FileProgress, Progress
from glmdesk.library.transfers.verify import Damage, Repair
from glmdesk.settings import Settings
from glmdesk.sizes import size

Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Health:
    """What was found of a model's files, in a sentence."""

    is_sound: bool
    sentence: str


class Keeping:
    """`is_used` tells whether the model of an id is loaded."""

    def __init__(
        self, settings: Settings, library: Library, hub: Hub, places: Places | None = None
    ) -> None:
        self._models = settings.paths.models
        self._library = library
        self._hub = hub
        self._places = places

    def verify(self, name: str, stop: threading.Event, report: Report) -> Health:
        """Raises ModelError."""
        model = self._library.find(name)
        try:
            found = verify.verify(model.folder, _looking(model, report), stop)
        except ModelMissing:
            return _without_record(model, _looking(model, report), stop)
        return _health(model, found, stop)

    def repair(self, name: str, stop: threading.Event, report: Report) -> Health:
        """As `verify`, and fetch the damaged blocks. Raises ModelError, DownloadError."""
        model = self._library.find(name)
        try:
            found = verify.verify(model.folder, _looking(model, report), stop)
        except ModelMissing:
            return _without_record(model, _looking(model, report), stop)
        if not found or not verify.recorded(model.folder).source:
            return _health(model, found, stop)
        repair = Repair(model.folder, self._hub)

        def tell(done: int, total: int) -> None:
            file = FileProgress(name=model.id, done=done, total=total)
            report(Progress(done=done, total=total, files=(file,), note=repair.note))

        repair.run(found, stop, tell)
        return self.verify(name, stop, report)

    def take_in(
        self, path: Path, way: Way, id: str, stop: threading.Event, report: Report
    ) -> Installed:
        """Import a model file. Raises ModelError, StorageError, UsageError."""
        taken = [model.id for model in self._library.models()]
        candidate = examine(path, self._models, id, taken=taken, places=self._places)

        def tell(progress: importing.Progress) -> None:
            file = FileProgress(name=progress.file, done=progress.done, total=progress.total)
            report(
                Progress(done=progress.done, total=progress.total, files=(file,), state="importing")
            )

        importing.run(candidate, way, stop, tell)
        return self._library.find(candidate.id)

    def removal(self, name: str) -> removing.Removal:
        """What removing it would do. Raises ModelError."""
        model = self._library.find(name)
        return removing.examine(model, self._models, self._library.models(), self._places)

    def remove(self, name: str, is_used: Callable[[str], bool]) -> str:
        """Raises ModelError, StorageError."""
        removal = self.removal(name)
        freed = removing.run(removal, is_used)
        return f"{removal.id} was removed; that freed {size(freed)}."


def _looking(model: Installed, report: Report) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        file = FileProgress(name=model.id, done=done, total=total)
        report(Progress(done=done, total=total, files=(file,), state="verifying"))

    return tell


def _without_record(
    model: Installed, report: Callable[[int, int], None], stop: threading.Event
) -> Health:
    """Not downloaded by us: names may promise a hash, else only headers tell anything. Raises ModelError."""
    preflight.check(header.read(model.model))
    try:
        damaged = digests.verify(model.files, report, stop)
    except ModelMissing:
        return Health(
            is_sound=True,
            sentence=f"{model.id} is complete and its header is sound. Where it came from, and so what "
            "it should hold, is not known.",
        )
    if damaged:
        names = ", ".join(path.name for path in damaged)
        return Health(
            is_sound=False,
            sentence=f"{model.id} is damaged: {names} is not what {model.source} fetched. Your chats are "
            "safe. Fetch it again there.",
        )
    return _health(model, (), stop)


def _health(model: Installed, found: tuple[Damage, ...], stop: threading.Event) -> Health:
    if stop.is_set():
        return Health(is_sound=False, sentence=f"{model.id} was not looked at to the end.")
    was = "imported" if model.source == "models folder" else "downloaded"
    if not found:
        return Health(is_sound=True, sentence=f"{model.id} is as it was {was}, byte for byte.")
    names = "; ".join(_shown(one) for one in found)
    return Health(
        is_sound=False,
        sentence=f"{model.id} is damaged: {names}. Your chats are safe. {_cure(model)}",
    )


def _shown(damage: Damage) -> str:
    if damage.missing:
        return f"{damage.name} is missing"
    count = len(damage.blocks)
    what = f"{count} block{'s' if count != 1 else ''} of 4 MiB" if count else "bytes too many"
    return f"{damage.name}, {what}"


def _cure(model: Installed) -> str:
    if model.source == "models folder":
        return (
            "It was imported from this computer, so it cannot be fetched again block by block: remove it "
            f"(glmdesk models remove {model.id}), then import or download it anew."
        )
    return f"glmdesk models verify {model.id} --repair fetches these again."
