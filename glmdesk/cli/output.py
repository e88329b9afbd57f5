"""What is written to the terminal, or to what stands in for it: any alphabet, and an end at any time."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from glmdesk.errors import StorageError


def allow_any_text() -> None:
    """What the terminal's alphabet lacks becomes a question mark, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def finish() -> None:
    """Raises OSError when what was written did not get out."""
    sys.stdout.flush()


def is_lost() -> bool:
    """Whether stdout takes nothing any more; then it is given up, so that Python's own end is quiet."""
    try:
        print(flush=True)  # what failed before is no longer in the buffer: only another line tells
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def lost(error: OSError) -> StorageError:
    return StorageError(
        f"The output could not be written ({os.strerror(error.errno or 0)}). Make room where it goes to, or "
        "send it elsewhere, and run the command again."
    )
