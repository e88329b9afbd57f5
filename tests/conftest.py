"""What tests of many folders share: the built-in model, SmolLM2, and an engine that is loaded once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.app import load_spec
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.library.local.installed import Library
from glmdesk.settings import Settings
from tests import environment


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other programs' models on this computer, and a token of the hub, are none of the tests'."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(tmp_path_factory.mktemp("nobody")))
        for name in (
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_TOKEN",
            "HF_ENDPOINT",
            "XDG_CACHE_HOME",
            "OLLAMA_MODELS",
        ):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def pico_spec() -> LoadSpec:
    """As its card says, with a small context."""
    library = Library(paths.shipped("models"), Path("no other models"))
    settings = Settings(paths=paths.find(Path("no home")), n_ctx=2048)
    return load_spec(library.find("pico"), settings)


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
