"""Where the models of the models folder came from, as the record beside each of them says."""

import threading
from dataclasses import dataclass
from pathlib import Path

from glmdesk.errors import ModelDamaged
from glmdesk.library.transfers import manifest


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`repository` is "" where no record names one."""

    downloaded: bool = False
    repository: str = ""
    weights: tuple[str, ...] = ()
    """Names of what was downloaded, the shards in their order."""
    projector: str = ""
    fault: str = ""
    """Why its record cannot be used."""

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.weights, self.projector) if self.projector else self.weights


class Origins:
    """Reads each record once for each state of it. Safe between threads."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], Origin]] = {}
        self._lock = threading.Lock()

    def of(self, folder: Path) -> Origin:
        """Of the models in this folder; a record that cannot be read is still that of a download."""
        try:
            found = (folder / manifest.NAME).stat()
        except OSError:
            return Origin()
        state = (found.st_size, found.st_mtime_ns)
        with self._lock:
            known = self._known.get(folder)
        if known is None or known[0] != state:
            known = state, _read(folder)
            with self._lock:
                self._known[folder] = known
        return known[1]


def _read(folder: Path) -> Origin:
    try:
        record = manifest.read_strictly(folder)
    except ModelDamaged as error:
        return Origin(downloaded=True, fault=error.message)
    if record is None or not record.source:
        return Origin()
    return Origin(
        downloaded=True,
        repository=record.repository,
        weights=tuple(file.name for file in record.files if not file.mmproj),
        projector=next((file.name for file in record.files if file.mmproj), ""),
    )
