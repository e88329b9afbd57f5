"""Saves to a disk that is full (no file may grow), then to one with room again.

Prints one JSON object: what was said, and what is there afterwards.
"""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from glmdesk.errors import StorageError
from glmdesk.store.conversations import Conversations, Outcome, Question
from glmdesk.store.database import Database
from glmdesk.store.files import Files, Upload


def main(folder: Path) -> None:
    (folder / "source").write_bytes(b"x" * 2**20)
    picture = Upload(
        source=folder / "source", name="cat.png", kind="picture", media_type="image/png"
    )
    with closing(Database(folder / "glmdesk.db")) as database:
        chats, files = Conversations(database), Files(folder / "files", database)
        chat = chats.create("owner").id
        before, answer = chats.ask("owner", chat, Question(text="before"), "glm", "auto")
        chats.save_draft(answer.id, "", "draft")
        with full_disk():
            said = [
                refused(lambda: chats.add_user("owner", chat, "long " * 100_000)),
                refused(lambda: chats.ask("owner", chat, Question(text="short"), "glm", "on")),
                refused(lambda: chats.save_draft(answer.id, "", "draft " * 100_000)),
                refused(lambda: chats.create("visitor")),
                refused(lambda: files.add("owner", picture)),
            ]
            during = [entry.text for entry in chats.entries("owner", chat)]
            left = [path.name for path in (folder / "files").glob("*")]
        chats.finish(answer.id, Outcome(state="done", text="whole answer"))
        chats.add_user("owner", chat, "after", (files.add("owner", picture),))
        with database.read() as connection:
            integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        after = [entry.text for entry in chats.entries("owner", chat)]
    result = {"said": said, "during": during, "left": left, "after": after, "integrity": integrity}
    sys.stdout.write(json.dumps(result))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 16 KiB, which the log of the database has passed already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refused(save: Callable[[], object]) -> str:
    try:
        save()
    except StorageError as error:
        return error.message
    return "saved"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
