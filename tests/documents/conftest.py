from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk.documents.reader import Reader
from glmdesk.paths import Paths, find, prepare


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = find(tmp_path_factory.mktemp("home"))
    prepare(paths)
    return paths


@pytest.fixture(scope="session")
def reader(home: Paths) -> Iterator[Reader]:
    reader = Reader(home)
    yield reader
    reader.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
