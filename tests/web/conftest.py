"""The whole ASGI app over the scripted engine, without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glmdesk.app import App
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.paths import find
from glmdesk.settings import Settings


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("home")
    made = App(Settings(paths=find(home)), load=lambda model, progress: ScriptedEngine())
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from glmdesk.web.guard import Listener
    from glmdesk.web.server import build

    patch = pytest.MonkeyPatch()
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "HF_HUB_DISABLE_TELEMETRY"):
        patch.setenv(name, "x")  # put back what the server sets
    with TestClient(build(app, Listener(port=7860)), base_url="http://127.0.0.1:7860") as made:
        yield made
    patch.undo()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "dot.gif"
    path.write_bytes(b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00"
                     b"\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")  # fmt: skip
    return path
