"""What is told of the disk when a hub gives nothing: that nothing came, or what came earlier."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from glmdesk.errors import DownloadError
from glmdesk.sizes import size

NOTHING = "Nothing was downloaded."
"""In the sentences of hubs: they do not know what is on the disk."""


@contextmanager
def told_what_came(came: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """Errors of hubs speak of what is here: `came` gives the bytes of the model, and of how many."""
    try:
        yield
    except DownloadError as error:
        done, total = came()
        if not done or NOTHING not in error.message:
            raise
        share = f"{size(done)} of {size(total)}" if total else size(done)
        message = error.message.replace(NOTHING, f"What came so far ({share}) is kept.")
        raise type(error)(message, error.retry_after) from error
