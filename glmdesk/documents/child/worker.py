"""The child's side: takes one request after the other and answers in plain values, whatever happens."""

import traceback
from collections.abc import Iterator

from glmdesk.child import Pipe
from glmdesk.documents.child import formats
from glmdesk.documents.child.errands import Errands
from glmdesk.documents.protocol import Answer, Fault, Ready, Request
from glmdesk.errors import DocumentDamaged, DocumentTooLarge, GlmdeskError


def serve(pipe: Pipe) -> None:
    """Answer requests until the app is gone."""
    formats.preload()
    errands = Errands()
    try:
        pipe.send(Ready())
        while True:
            for answer in answers(pipe.receive(), errands):
                pipe.send(answer)
    except (EOFError, OSError):
        return


def answers(request: Request, errands: Errands) -> Iterator[Answer]:
    """What a request is answered with; an error is the last answer."""
    try:
        yield from errands.run(request)
    except GlmdeskError as error:
        yield _fault(error)
    except MemoryError:
        errands.let_go()
        yield _fault(
            DocumentTooLarge(
                f"{request.name} needs more memory than a file may take here. Nothing was attached. "
                "Save a smaller copy, or split it, and attach that."
            )
        )
    except Exception:  # noqa: BLE001  a parser may raise anything on hostile bytes
        traceback.print_exc()
        errands.let_go()
        yield _fault(
            DocumentDamaged(
                f"{request.name} could not be read; it seems damaged. Nothing was attached. "
                "Open it in another program, save it again, and attach that."
            )
        )


def _fault(error: GlmdeskError) -> Fault:
    return Fault(code=error.code, message=error.message)
