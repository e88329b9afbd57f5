"""llama.cpp opens what other programs keep, where it lies: names without .gguf, and links to blobs."""

from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.app import load_spec
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.library.elsewhere.foreign import Elsewhere
from glmdesk.library.elsewhere.places import Places
from glmdesk.library.local.installed import Library
from glmdesk.settings import Settings
from tests.library.elsewhere.places_for_tests import PICO, TOWER, cached, pulled
from tests.library.gguf.test_preflight import split


@pytest.fixture
def library(tmp_path: Path) -> Library:
    layers = {"model": PICO, "projector": TOWER}
    pulled(tmp_path / "ollama", "registry.ollama.ai/library/tiny/1", layers)
    parts = tmp_path / "parts"
    parts.mkdir()
    for part in split(PICO, 3, parts):
        cached(tmp_path / "hub", "a/b", "a" * 40, part.name, part)
    where = Places(hub=(tmp_path / "hub",), ollama=(tmp_path / "ollama",))
    return Library(paths.shipped("models"), tmp_path / "models", Elsewhere(where, patience=20))


@pytest.mark.parametrize(("id", "vision"), [("ollama-tiny-1", True), ("hf-a-big", False)])
def test_they_load(id: str, vision: bool, library: Library, tmp_path: Path) -> None:
    settings = Settings(paths=paths.find(tmp_path / "home"), n_ctx=512)
    model = library.find(id)
    assert model.problem == ""
    assert model.model.name != model.model.resolve().name or model.model.suffix == ""
    engine = LlamaEngine(load_spec(model, settings), tmp_path / "log")
    try:
        assert (engine.info.id, engine.info.vision) == (id, vision)
        assert engine.info.n_ctx == 512
    finally:
        engine.close()
