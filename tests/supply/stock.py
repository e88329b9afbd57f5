"""What tests of supply share: a hub that has pico under other names, and a supply on a machine of their own."""

from collections.abc import Mapping
from pathlib import Path

from glmdesk import paths
from glmdesk.library.fitting.hardware import Gpu
from glmdesk.settings import Settings
from glmdesk.supply import Supply
from tests.hub.server import HubServer

WEIGHTS = paths.shipped("models") / "pico" / "pico-f16.gguf"
TOWER = paths.shipped("models") / "pico" / "mmproj-pico-f16.gguf"
REPOSITORY = "owner/Small-GGUF"
NAME = "hf:owner/Small-GGUF:F16"
ID = "small-f16"
FLASH = "ggml-org/GLM-4.6V-Flash-GGUF"
FLASH_FILES = ("GLM-4.6V-Flash-Q4_K_M.gguf", "mmproj-GLM-4.6V-Flash-Q8_0.gguf")
SIZE = WEIGHTS.stat().st_size + TOWER.stat().st_size
GB = 10**9


def publish(server: HubServer) -> None:
    """pico as a repository that no catalogue knows, and as what GLM-4.6V-Flash should be."""
    weights, tower = WEIGHTS.read_bytes(), TOWER.read_bytes()
    server.add(REPOSITORY, {"small-F16.gguf": weights, "mmproj-small-F16.gguf": tower})
    server.add(FLASH, dict(zip(FLASH_FILES, (weights, tower), strict=True)))


def environment(server: HubServer | None, home: Path) -> dict[str, str]:
    """Nothing of the person who runs the tests; without a server nobody is asked at all."""
    own = {"HOME": str(home), "HF_HOME": str(home / "hf"), "OLLAMA_MODELS": str(home / "ollama")}
    if server is None:
        return own | {"HF_HUB_OFFLINE": "1"}
    return own | {"HF_ENDPOINT": server.url, "MODELSCOPE_ENDPOINT": server.url}


class SupplyOf(Supply):
    """On a machine with these GPUs; the rest is real."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], gpus: tuple[Gpu, ...] = ()
    ) -> None:
        self.gpus = gpus
        paths.prepare(settings.paths)
        super().__init__(settings, environment, resume=False)

    def _probe(self) -> tuple[Gpu, ...]:
        return self.gpus


def put(models: Path, id: str, *, stem: str = "small-F16") -> Path:
    """A copy of pico as a person might have put it there; the model's file."""
    folder = models / id
    folder.mkdir(parents=True)
    (folder / f"mmproj-{stem}.gguf").write_bytes(TOWER.read_bytes())
    model = folder / f"{stem}.gguf"
    model.write_bytes(WEIGHTS.read_bytes())
    return model
