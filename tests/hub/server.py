"""A model hub on this machine over real HTTP, in the shape of Hugging Face and of ModelScope.

    with HubServer() as hub:
        hub.add("owner/name", {"a.gguf": b"...", "b.gguf": Generated(20 * 10**9, seed=1)})
        hub.faults("a.gguf", [Cut(1000), Status(503, retry_after="1"), Stall()])
        endpoint = hub.url                      # what HF_ENDPOINT would be; ModelScope's too
        ...
        assert hub.sent["a.gguf"] < 1.01 * size  # bytes of bodies that left for this file

`HubServer(redirect=True)` answers GET and HEAD of files with a redirect to a second listener on another
port (`hub.cdn_url`), whose links carry a signature; `hub.expire_links()` makes all of them invalid (403).
`HubServer(tls=True)` speaks https with a certificate (`CERTIFICATE`) that nobody trusts unless told to.
`hub.rate` (bytes a second over all connections; 0: as fast as it goes) may be changed at any time.
`hub.requests` is everything that was asked, in order: see `Seen`. Faults of the listings go by the names
TREE, INFO and MODELSCOPE. Content, faults: `content.py`, `faults.py`; both can be imported from here.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.hub.content import Bytes, Content, Generated, Zeros, as_content
from tests.hub.faults import (
    GATED,
    NO_FILE,
    NO_REPOSITORY,
    NO_REVISION,
    UNAUTHORISED,
    Cut,
    Delay,
    Drip,
    Etag,
    Expired,
    Fault,
    Fine,
    Flip,
    Gzip,
    Length,
    Page,
    Raw,
    Refuse,
    Reset,
    Stall,
    Status,
    Whole,
    WrongRange,
)
from tests.hub.handler import Handler, Seen
from tests.hub.listener import CERTIFICATE, Listener

__all__ = [
    "CERTIFICATE", "GATED", "INFO", "MODELSCOPE", "NO_FILE", "NO_REPOSITORY", "NO_REVISION", "TREE", "UNAUTHORISED",
    "Bytes", "Content", "Cut", "Delay", "Drip", "Etag", "Expired", "Fault", "Fine", "Flip", "Generated",
    "Gzip", "HubServer", "Length", "Page", "Raw", "Refuse", "Repository", "Reset", "Seen", "Stall",
    "Status", "Whole", "WrongRange", "Zeros",
]  # fmt: skip

TREE, INFO, MODELSCOPE = "api:tree", "api:info", "api:modelscope"
"""Targets of `faults` for the listings: the tree, the repository's commit, ModelScope's listing."""
_HEAD_TARGET = "head:"


@dataclass
class Repository:
    """`extra` are rows added to the hub's tree as they are, `token` what a reader must show ("" none)."""

    files: dict[str, Content]
    revision: str = "main"
    token: str = ""
    gated: bool = False
    extra: list[dict[str, Any]] = field(default_factory=list)

    @property
    def commit(self) -> str:
        listing = repr([(name, file.size) for name, file in sorted(self.files.items())])
        return hashlib.sha1(listing.encode("utf-8", "surrogatepass")).hexdigest()


class HubServer:
    """Both listeners and what they know; a context manager. Everything may be changed while it runs."""

    def __init__(
        self,
        *,
        redirect: bool = False,
        rate: float = 0,
        tls: bool = False,
        send_buffer: int = 1 << 18,
    ) -> None:
        self.redirect = redirect
        self.tls = tls
        self.rate = rate
        self.moved = ""
        """Where everything has gone: each request is answered with 307 to that address."""
        self.page_size = 1000
        """Rows of one page of the tree; the next one is named in the Link header."""
        self.link_seconds = 3600.0
        """How long a signed link of the second listener is good for."""
        self.hashes = True
        """Whether ModelScope's listing has sizes' hashes (Sha256)."""
        self.send_buffer = send_buffer
        """Bytes that the system may take from us before the client has read them."""
        self.sent: Counter[str] = Counter()
        """Path in the repository -> bytes of bodies that were handed to the system."""
        self.requests: list[Seen] = []
        self.repositories: dict[str, Repository] = {}
        self.closing = threading.Event()
        self._scripts: dict[str, deque[Fault]] = {}
        self._secret = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._free_at = 0.0
        self._hub = Listener(self, "hub", Handler)
        self._cdn = Listener(self, "cdn", Handler)

    # what it knows

    def add(
        self, repository: str, files: Mapping[str, bytes | Content], *, revision: str = "main"
    ) -> Repository:
        """Add files to a repository (made when it is new); a file that is there is replaced."""
        entry = self.repositories.setdefault(repository, Repository({}, revision))
        entry.files |= {name: as_content(content) for name, content in files.items()}
        return entry

    def rename(self, repository: str, old: str, new: str) -> None:
        files = self.repositories[repository].files
        files[new] = files.pop(old)

    def gate(self, repository: str, token: str, *, gated: bool = True) -> None:
        """Ask for this token. `gated`: the listing is open, files answer 401 without a token and 403 with
        another one; else it is private: 401 for everything."""
        self.repositories[repository].token = token
        self.repositories[repository].gated = gated

    def faults(self, target: str, script: Iterable[Fault], *, method: str = "GET") -> None:
        """Append to the script of a file (its path in the repository, or its last part) or listing.

        Each GET (or HEAD) takes the next fault; when the script is empty all goes well again.
        """
        key = target if method == "GET" else _HEAD_TARGET + target
        with self._lock:
            self._scripts.setdefault(key, deque()).extend(script)

    def always(self, target: str, fault: Fault, *, method: str = "GET") -> None:
        """The same fault for every request from now on: a script of a million."""
        self.faults(target, [fault] * 1_000_000, method=method)

    def clear(self) -> None:
        """Forget all scripts."""
        with self._lock:
            self._scripts.clear()

    def left(self, target: str) -> int:
        """How many faults of the script are still to come."""
        with self._lock:
            return len(self._scripts.get(target, ()))

    def expire_links(self) -> None:
        """Make every link to the second listener that was given out invalid."""
        self._secret = secrets.token_bytes(16)

    # where it is

    @property
    def url(self) -> str:
        return self._hub.url

    @property
    def cdn_url(self) -> str:
        return self._cdn.url

    def __enter__(self) -> Self:
        self._hub.start()
        self._cdn.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.closing.set()
        self._hub.close()
        self._cdn.close()

    # for the handlers

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.requests.append(seen)

    def next_fault(self, target: str, method: str, kinds: tuple[type[Fault], ...] = ()) -> Fault:
        """The next fault of the script, taken from it; with `kinds` only if it is one of them."""
        prefix = _HEAD_TARGET if method == "HEAD" else ""
        with self._lock:
            for name in (target, target.rsplit("/", 1)[-1]):
                script = self._scripts.get(prefix + name)
                if script and (not kinds or isinstance(script[0], kinds)):
                    return script.popleft()
        return Fine()

    def count(self, path: str, length: int) -> None:
        with self._lock:
            self.sent[path] += length

    def wait_turn(self, length: int) -> None:
        """Sleep as long as `length` more bytes take at `rate`."""
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - 0.02) + length / self.rate
            pause = self._free_at - now
        if pause > 0:
            self.closing.wait(pause)

    def sign(self, path: str, *, expired: bool = False) -> str:
        """The query of a signed link."""
        until = int(time.time() + (-60 if expired else self.link_seconds))
        return f"Expires={until}&Signature={self._signature(path, until)}"

    def is_signed(self, path: str, until: str, signature: str) -> bool:
        if not until.isdecimal() or int(until) < time.time():
            return False
        return hmac.compare_digest(signature, self._signature(path, int(until)))

    def _signature(self, path: str, until: int) -> str:
        return hmac.new(self._secret, f"{path}\n{until}".encode(), hashlib.sha256).hexdigest()
