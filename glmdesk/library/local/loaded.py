"""Which models are loaded, by whichever process: a lock for each of them, beside the models.

<models>/.loaded/<key of the file>-<pid>        held while that process has the model loaded
"""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_FOLDER = ".loaded"
_PATIENCE_S = 1.0
"""Somebody who looks holds a lock for a moment."""


class Loaded:
    """What this process has loaded, and what others have. Safe between threads.

    The system lets go of a lock when its process dies, so a crash keeps nothing from being removed.
    """

    def __init__(self, models: Path) -> None:
        self._folder = models / _FOLDER
        self._held: FileLock | None = None
        self._lock = threading.Lock()

    def hold(self, model: Path) -> None:
        """`model`, a file, is loaded here now, and nothing else is. Where nothing can be written, nobody is
        told: nobody can remove anything there either."""
        self.release()
        place = self._folder / f"{_key(model)}-{os.getpid()}"
        lock = FileLock(place, thread_local=False)
        with self._lock, suppress(OSError, Timeout):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_PATIENCE_S)
            self._held = lock

    def release(self) -> None:
        with self._lock:
            held, self._held = self._held, None
            if held:
                held.release()
                with suppress(OSError):
                    Path(held.lock_file).unlink(missing_ok=True)

    def is_elsewhere(self, model: Path) -> bool:
        """Whether another process has it loaded."""
        own = f"-{os.getpid()}"
        places = self._folder.glob(f"{_key(model)}-*")
        return any([_is_held(place) for place in places if not place.name.endswith(own)])


def _is_held(place: Path) -> bool:
    """What nobody holds was left by a crash, and goes."""
    try:
        with FileLock(place).acquire(timeout=0), suppress(OSError):
            place.unlink()
    except Timeout:
        return True
    except OSError:
        return False
    return False


def _key(model: Path) -> str:
    return hashlib.sha256(os.path.realpath(model).encode(errors="replace")).hexdigest()[:16]
