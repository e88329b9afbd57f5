"""Commits messages until it is killed, and says the id of each one that it may count on."""

import sys
from pathlib import Path

from glmdesk.store.conversations import Conversations, Outcome, Question
from glmdesk.store.database import Database


def main(path: Path) -> None:
    chats = Conversations(Database(path))
    known = chats.list("owner")
    chat = known[0].id if known else chats.create("owner").id
    while True:
        asked, answer = chats.ask("owner", chat, Question(text="why? " * 50), "glm", "auto")
        acknowledge(asked.id)
        chats.save_draft(answer.id, "hm", "because")
        chats.finish(answer.id, Outcome(state="done", text="because " * 100, tokens=(1, 2, 3)))
        acknowledge(answer.id)


def acknowledge(entry_id: int) -> None:
    sys.stdout.write(f"{entry_id}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
