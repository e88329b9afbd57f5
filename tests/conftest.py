"""What tests of many folders share: the built-in model, SmolLM2, and an engine that is loaded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from tests import environment


@pytest.fixture(scope="session")
def pico_spec() -> LoadSpec:
    folder = paths.shipped("models") / "pico"
    return LoadSpec(
        id="pico",
        name="pico",
        model=folder / "pico-f16.gguf",
        mmproj=folder / "mmproj-pico-f16.gguf",
        n_ctx=2048,
        n_threads=1,  # two threads on busy cores wait for each other at every node
        image_min_tokens=8,
        image_max_tokens=16,
        exact=True,
    )


@pytest.fixture(scope="session")
def pico_engine(
    pico_spec: LoadSpec, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaEngine]:
    """One worker for all tests that leave it alive."""
    engine = LlamaEngine(pico_spec, tmp_path_factory.mktemp("log"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    return environment.smollm2_path()


@pytest.fixture(scope="session")
def smollm2_spec(smollm2_path: Path) -> LoadSpec:
    return LoadSpec(id="smollm2", name="SmolLM2", model=smollm2_path, n_ctx=4096)
