"""What tests of downloads share: a hub with a model of three files, and limits that make waiting short."""

import hashlib
import threading
import time
from pathlib import Path

from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.sources import Endpoints, Hub, Item
from glmdesk.library.hubs.tokens import Tokens
from glmdesk.library.transfers.download import Download
from glmdesk.library.transfers.limits import Limits
from glmdesk.library.transfers.progress import Progress
from tests.hub.content import Content, Generated
from tests.hub.server import HubServer

MIB = 1024 * 1024
HEAD = b"GGUF\x03\0\0\0"
REPOSITORY = "owner/Small-GGUF"
FAST = Limits(
    segment=MIB, stall_s=0.6, stall_bytes=4096, reserve=0, sleep=lambda seconds: time.sleep(0.005)
)


def gguf(size: int, seed: int) -> Generated:
    return Generated(size, seed, head=HEAD)


def three_files(size: int = 6 * MIB) -> dict[str, Content]:
    return {
        "small-Q8_0-00001-of-00002.gguf": gguf(size, 1),
        "small-Q8_0-00002-of-00002.gguf": gguf(size // 2 + 12345, 2),
        "mmproj-small-F16.gguf": gguf(size // 4 + 1, 3),
    }


def one_file(size: int = 6 * MIB, seed: int = 4) -> dict[str, Content]:
    return {"small-Q8_0.gguf": gguf(size, seed)}


def hub_of(server: HubServer, folder: Path, token: str = "") -> Hub:
    environment = {"HF_TOKEN": token} if token else {}
    tokens = Tokens(environment, folder / "token")
    return Hub(Endpoints(hf=server.url, modelscope=server.url), tokens)


def publish(server: HubServer, files: dict[str, Content], *, id: str = "small") -> Item:
    """Put the files on the hub, and make the item that its listing would give."""
    repository = server.add(REPOSITORY, files)
    remote = [
        RemoteFile(path=path, size=content.size, sha256=content.sha256)
        for path, content in files.items()
    ]
    towers = [file for file in remote if "mmproj" in file.path]
    return Item(
        id=id, name="Small", source="hf", repository=REPOSITORY, commit=repository.commit,
        files=tuple(file for file in remote if file not in towers),
        mmproj=towers[0] if towers else None,
    )  # fmt: skip


class Fetched:
    """A download as a test runs it: to its end, or until `stop_at` bytes are there."""

    def __init__(self, item: Item, models: Path, hub: Hub, limits: Limits = FAST) -> None:
        self.download = Download(item, models, hub, limits)
        self.stop = threading.Event()
        self.reports: list[Progress] = []
        self.notes: set[str] = set()

    def run(self, stop_at: int | None = None) -> bool:
        watcher = threading.Thread(target=self._watch, args=(stop_at,), daemon=True)
        self._over = threading.Event()
        watcher.start()
        try:
            return self.download.run(self.stop, self.reports.append)
        finally:
            self._over.set()
            watcher.join()

    def _watch(self, stop_at: int | None) -> None:
        while not self._over.wait(0.002):
            progress = self.download.progress()
            if progress.note:
                self.notes.add(progress.note)
            if stop_at is not None and progress.done >= stop_at:
                self.stop.set()


def is_right(folder: Path, files: dict[str, Content]) -> bool:
    """Whether the model's folder holds exactly these."""
    names = {path.name for path in folder.iterdir()}
    wanted = {path.rsplit("/", 1)[-1]: content for path, content in files.items()}
    return names == {".glmdesk.json", *wanted} and all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == content.sha256
        for name, content in wanted.items()
    )


def accepted(folder: Path) -> list[str]:
    """The weights that have a name of their own."""
    return sorted(path.name for path in folder.glob("*.gguf"))
