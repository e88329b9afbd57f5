"""A hub with small models, and supplies that end with their test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.settings import Settings
from tests.hub.server import HubServer
from tests.supply import stock
from tests.supply.stock import SupplyOf


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        stock.publish(server)
        yield server


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    return Settings(paths=paths.find(tmp_path / "home"))


@pytest.fixture
def supply(hub: HubServer, settings: Settings, tmp_path: Path) -> Iterator[SupplyOf]:
    made = SupplyOf(settings, stock.environment(hub, tmp_path / "person"))
    yield made
    made.close()


@pytest.fixture
def alone(settings: Settings, tmp_path: Path) -> Iterator[SupplyOf]:
    """Without any hub."""
    made = SupplyOf(settings, stock.environment(None, tmp_path / "person"))
    yield made
    made.close()
