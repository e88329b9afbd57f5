"""Models in the folders of other programs that can be used where they are, without a copy."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from glmdesk.library.elsewhere import hub_cache, lm_studio, ollama
from glmdesk.library.elsewhere.found import Found
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.gguf import bundled, peek

_MAX_MODELS = 500
_MAX_SECONDS = 20.0
_NO_CHAT = frozenset((
    "clip", "bert", "nomic-bert", "nomic-bert-moe", "modern-bert", "neo-bert", "eurobert",
    "jina-bert-v2", "jina-bert-v3", "gemma-embedding", "llama-embed", "pangu-embedded", "t5encoder",
    "wavtokenizer-dec", "pockettts", "qwen3tts", "dflash", "eagle3", "gemma4-assistant",
))  # fmt: skip
"""Architectures that llama.cpp runs and that answer nobody: towers, embeddings, voices, drafts."""


def find(places: Places) -> tuple[Found, ...]:
    """What can be chatted with, each real file once."""
    listings = (
        *map(hub_cache.find, places.hub),
        *map(lm_studio.find, places.lm_studio),
        *map(ollama.find, places.ollama),
    )
    return tuple(islice(_usable(chain.from_iterable(listings)), _MAX_MODELS))


def _usable(listing: Iterator[Found]) -> Iterator[Found]:
    seen: set[tuple[int, int]] = set()
    end = time.monotonic() + _MAX_SECONDS
    for found in listing:
        if time.monotonic() > end:
            return
        place = identity(found.model)
        architecture = peek.architecture(found.model)
        if place not in seen and _can_chat(architecture):
            seen.add(place)
            yield replace(found, architecture=architecture or "")


def identity(path: Path) -> tuple[int, int]:
    """The same for every name of one file; (0, 0) for what is not there."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _can_chat(architecture: str | None) -> bool:
    if architecture is None or architecture in _NO_CHAT:
        return False
    return architecture == "" or bundled.knows_architecture(architecture)


class Elsewhere:
    """What is in those folders, looked up in the background so that a slow disk holds up nobody."""

    def __init__(self, places: Places, patience: float = 1.0, keep: float = 15.0) -> None:
        """Wait up to `patience` seconds for a list, and use it for `keep` seconds."""
        self.places = places
        self._patience, self._keep = patience, keep
        self._lock = threading.Lock()
        self._found: tuple[Found, ...] = ()
        self._read_at = self._began = float("-inf")
        self._done = threading.Event()
        self._done.set()

    def list(self) -> tuple[Found, ...]:
        """The newest list there is; the one before, while a slow disk is still being read."""
        with self._lock:
            if self._done.is_set() and time.monotonic() - self._read_at > self._keep:
                self._done.clear()
                self._began = time.monotonic()
                threading.Thread(target=self._read, name="models elsewhere", daemon=True).start()
        self._done.wait(max(0.0, self._began + self._patience - time.monotonic()))
        return self._found

    def refresh(self) -> None:
        """Look again at the next `list`."""
        self._read_at = float("-inf")

    def _read(self) -> None:
        try:
            self._found = find(self.places)
        finally:
            self._read_at = time.monotonic()
            self._done.set()
