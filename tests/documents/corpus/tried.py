"""Hands one hostile file to the real reader, by every way in, and says how it ended."""

import hashlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from glmdesk.documents.page import Document, Place, Size
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.errors import DocumentError, GlmdeskError
from tests.documents.samples import heavy_pdf

LIMITS = PictureLimits(min_tokens=8, max_tokens=60)
DRAWN = 3
"""Pictures of a document that are drawn."""
_TRACE = re.compile(
    r"Traceback|Error\b|Exception|\bat 0x|\.py\b|site-packages|NoneType|errno", re.I
)
_ADVICE = re.compile(
    r"\b(attach|save|open|try|start|split|copy|cut|take|check|choose|ask|give|enter|close)\b", re.I
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a file ended: `read`, or `refused` with a sentence."""

    ending: str
    kind: str = ""
    """The code of the error, where there was one."""
    sentence: str = ""
    pages: int = 0
    note: str = ""
    seconds: float = 0.0
    memory: int = 0
    """Bytes of real memory that the child had at most until now."""
    grown: int = 0
    """Bytes of real memory that this process gained."""
    spare_s: tuple[float, ...] = ()
    """For each child that was lost, the seconds until the next file was read."""
    faults: tuple[str, ...] = ()


@dataclass
class Trier:
    """Tries files one by one with a reader of its own; `folder` is where they lie."""

    reader: Reader
    folder: Path
    _children: frozenset[int] = frozenset()
    _spares: list[float] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sound = self.folder / "sound.txt"
        self._sound.write_bytes(b"A file with nothing wrong.")
        self.reader.inspect(self._sound, "sound.txt")

    def attempt(self, name: str, data: bytes) -> Trial:
        """Inspect, read, draw, show, find and crop; a file that cannot be opened ends it."""
        path = self.folder / "file"
        path.write_bytes(data)
        self._children, self._spares, self._faults = children(), [], []
        own, started = psutil.Process(), time.monotonic()
        before = own.memory_info().rss
        trial = self._ended(path, name)
        return replace(
            trial,
            seconds=time.monotonic() - started,
            grown=own.memory_info().rss - before,
            memory=max(map(_memory, children()), default=0),
            spare_s=tuple(self._spares),
            faults=tuple(self._faults),
        )

    def _ended(self, path: Path, name: str) -> Trial:
        try:
            return self._walked(path, name)
        except GlmdeskError as error:
            self._faults += sentence_faults(error, name)
            self._notice()
            return Trial(ending="refused", kind=error.code, sentence=error.message)

    def _walked(self, path: Path, name: str) -> Trial:
        """What was read. Raises GlmdeskError when none can be had."""
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        found = self.reader.inspect(path, name)
        places: tuple[Place, ...] = ((0, 0),)
        read = Trial(ending="read", pages=1, note=found.note)
        if found.kind == "picture":
            self.reader.picture(path, sha256, LIMITS, name)
        else:
            document = self.reader.document(path, name, sha256)
            self._notice()
            wanted = _wanted(document)
            self._softly(name, lambda: self.reader.draw(path, name, sha256, wanted))
            self._softly(name, lambda: self.reader.find(path, name, 1, "nothing wrong"))
            places = tuple(wanted)
            read = replace(read, pages=len(document.sheets), note=document.note)
        self._softly(name, lambda: self.reader.show(path, name, sha256, places, 160))
        page = 0 if found.kind == "picture" else 1
        target = self.folder / "crop.png"
        box = (100, 100, 900, 900)
        self._softly(name, lambda: self.reader.crop(path, name, page, box, target))
        target.unlink(missing_ok=True)
        return read

    def _softly(self, name: str, ask: Callable[[], object]) -> None:
        """What fails after the text was read must end in a sentence too, and the rest goes on."""
        try:
            ask()
        except GlmdeskError as error:
            self._faults += sentence_faults(error, name)
        self._notice()

    def _notice(self) -> None:
        """When a child is gone: how soon the next file is read."""
        gone = self._children - (left := children())
        self._children = left
        for _ in gone:
            started = time.monotonic()
            self.reader.inspect(self._sound, "sound.txt")
            self._spares.append(time.monotonic() - started)


def _wanted(document: Document) -> dict[Place, Size]:
    every = [
        ((sheet.number, index), size)
        for sheet in document.sheets[:DRAWN]
        for index, size in enumerate(sheet.pictures[:DRAWN])
    ]
    return {place: model_size(*size, LIMITS) for place, size in every[:DRAWN]}


def sentence_faults(error: GlmdeskError, name: str) -> list[str]:
    """What is wrong with the words that a person gets."""
    message = error.message
    faults = [] if isinstance(error, DocumentError) else [f"is a {error.code}"]
    if name not in message:
        faults.append("does not say which file")
    if _TRACE.search(message.replace(name, "")):
        faults.append("speaks of programs")
    if not message.rstrip().endswith((".", ")", "?")) or not _ADVICE.search(
        message.split(". ")[-1]
    ):
        faults.append("does not end with what to do")
    if len(message) > 600 + len(name) or "\n" in message:
        faults.append("is too long")
    return [f"{fault}: {message}" for fault in faults]


def children() -> frozenset[int]:
    """The processes that read files for this one."""
    found = set()
    for child in psutil.Process().children():
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
        except psutil.Error:
            continue  # it ended just now
    return frozenset(found)


def kill_one(reader: Reader, folder: Path) -> float:
    """Kill the child that reads a heavy file; seconds until the next file was read.

    The heavy file must still end in a document or a DocumentError, and not before the kill.
    """
    path, sound = folder / "heavy.pdf", folder / "sound.txt"
    path.write_bytes(heavy_pdf(1, lines=60_000))
    sound.write_bytes(b"sound")
    sha256 = hashlib.sha256(os.urandom(16)).hexdigest()
    reader.start(path, path.name, sha256)
    os.kill(_reading(path), signal.SIGKILL)
    started = time.monotonic()
    reader.inspect(sound, sound.name)
    seconds = time.monotonic() - started
    try:
        reader.document(path, path.name, sha256)
    except DocumentError:
        pass  # one page, and that one is lost
    return seconds


def _reading(path: Path) -> int:
    """The child that has a file open; waits until one has."""
    pause = threading.Event()
    for _ in range(2000):
        for pid in children():
            try:
                if any(Path(file.path) == path for file in psutil.Process(pid).open_files()):
                    return pid
            except psutil.Error:
                continue
        pause.wait(0.01)
    raise TimeoutError("no child opened the file")


def _memory(pid: int) -> int:
    """The most real memory that a process ever held; only Linux keeps that."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
