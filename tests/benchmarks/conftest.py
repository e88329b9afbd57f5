"""A stage for measuring, with a reader of its own."""

from collections.abc import Iterator

import pytest

from benchmarks.stage import Stage


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage
