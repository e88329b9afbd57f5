"""A real database in a temporary folder, and a clock that can jump."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from glmdesk.store.conversations import Conversations
from glmdesk.store.database import Database
from glmdesk.store.files import Files


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "glmdesk.db")) as opened:
        yield opened


@pytest.fixture
def chats(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Files:
    return Files(tmp_path / "files", database)
