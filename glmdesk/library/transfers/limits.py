"""How hard a download tries, and how much it keeps free: numbers in one place."""

from collections.abc import Callable
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    at_once: int = 1
    """Models of one queue that come at the same time."""
    connections: int = 4
    """Ranges of one file that are fetched at once."""
    segment: int = 64 * MIB
    """Of one range."""
    stall_s: float = 20.0
    stall_bytes: int = 16 * 1024
    """A connection that brought less in `stall_s` is given up."""
    tries: int = 8
    """Failures of one connection in a row, while nothing came on any."""
    progress_bytes: int = 64 * 1024
    """What counts as something that came."""
    most_wait_s: float = 60.0
    """Between two tries, when the server did not ask for more."""
    most_asked_s: float = 600.0
    """A server that asks for more is not waited for."""
    reserve: int = 1_000_000_000
    """Free space of the disk that is never used."""
    sync_s: float = 2.0
    """What came is made sure on disk that often, or sooner: see `at_risk`."""
    sleep: Callable[[float], object] | None = None
    """Waits between tries; None waits, and wakes when the download is stopped."""

    def at_risk(self, size: int) -> int:
        """Bytes that may have come and not be sure on disk: 12 MiB, or 0.75 % of the file.

        With what is on the line, less than 16 MiB or 1 % comes again after a crash.
        """
        return max(12 * MIB, size * 3 // 400)
