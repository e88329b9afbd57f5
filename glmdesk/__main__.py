"""The one place where an error becomes a message and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence

from glmdesk.errors import GlmdeskError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns 0 when done, 1 when it failed, 2 when it was not understood."""
    from glmdesk.cli import output

    os.umask(0o077)  # what people write and attach is nobody else's to read
    output.allow_any_text()
    try:
        return _run(arguments)
    except GlmdeskError as error:
        print(f"glmdesk: {error.message}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        output.is_lost()
        return 1
    except Exception:
        logging.getLogger("glmdesk").exception("unexpected")
        print(
            "glmdesk: something went wrong inside glmdesk. Your chats are safe; "
            "the log in the data folder has the details.",
            file=sys.stderr,
        )
        return 1


def _run(arguments: Sequence[str] | None) -> int:
    """Raises GlmdeskError, also for output that nothing takes; BrokenPipeError when nobody reads it."""
    from glmdesk import cli
    from glmdesk.cli import output

    try:
        code = cli.run(arguments)
        output.finish()
    except BrokenPipeError:
        raise
    except OSError as error:
        if output.is_lost():
            raise output.lost(error) from error
        raise
    return code


if __name__ == "__main__":
    sys.exit(main())
