"""llama.cpp in the test process itself, to look inside; the worker process has its own tests."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Picture
from tests.engines.chats import picture
from tests.engines.llama.inside import Inside
from tools.pico.scenes import scene


@pytest.fixture(scope="session")
def shared_pico(pico_spec: LoadSpec) -> Iterator[Inside]:
    pico = Inside(pico_spec)
    yield pico
    pico.close()


@pytest.fixture
def pico(shared_pico: Inside) -> Inside:
    """pico with an empty cache and no cancel."""
    shared_pico.reset()
    return shared_pico


@pytest.fixture(scope="session")
def smollm2(smollm2_spec: LoadSpec) -> Iterator[Inside]:
    opened = Inside(smollm2_spec)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def scene_pictures(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Picture, str, str]]:
    """Scenes of one shape, each with the shape's colour and kind."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for seed in range(6):
        image, things = scene(Random(seed), 1)
        found.append((picture(Path(folder), image), things[0].color, things[0].kind))
    return found
