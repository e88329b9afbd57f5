"""Lines of progress on stderr."""

import sys


def say(line: str) -> None:
    """Progress: in a terminal each line takes the place of the one before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line, file=sys.stderr, flush=True)
