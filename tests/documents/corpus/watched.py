"""Traps: a server that must see nobody, and a file that must not be opened."""

import ctypes
import os
import socket
import sys
from pathlib import Path
from types import TracebackType

SECRET = "canarysecretword"
_OPENED = 0x21
"""Read or opened, as inotify counts it."""


class Traps:
    """A context manager; `url` leads to the server and `secret` is the file."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret.txt"
        self.secret.write_text(SECRET, encoding="utf-8")
        self._watch = -1

    def __enter__(self) -> "Traps":
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        if sys.platform == "linux":
            libc = ctypes.CDLL(None)
            self._watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            libc.inotify_add_watch(self._watch, os.fsencode(self.secret), _OPENED)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        if self._watch >= 0:
            os.close(self._watch)

    def sprung(self) -> list[str]:
        """What was touched since this was last asked."""
        found = []
        try:
            self._server.accept()[0].close()
            found.append("somebody came to the server")
        except BlockingIOError:
            pass
        try:
            if self._watch >= 0 and os.read(self._watch, 4096):
                found.append("somebody opened the file")
        except BlockingIOError:
            pass
        return found
