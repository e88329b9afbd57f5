"""Exact weights of what is not here, from the first bytes at the hub; whatever a server sends instead."""

from dataclasses import replace

import pytest

from glmdesk.errors import (
    BusyError,
    DownloadError,
    GatedError,
    GlmdeskError,
    ModelDamaged,
    PortalError,
    UnreachableError,
)
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf import header
from glmdesk.library.hubs.references import Reference
from glmdesk.library.hubs.sources import Endpoints, Hub, Item
from glmdesk.library.hubs.tokens import Tokens
from glmdesk.supply import headers
from tests.hub.server import (
    Cut,
    Fault,
    Gzip,
    HubServer,
    Page,
    Status,
    Whole,
    WrongRange,
)
from tests.supply import stock
from tests.supply.stock import SupplyOf

FILE = "small-F16.gguf"
REFERENCE = Reference(source="hf", repository=stock.REPOSITORY, select="F16")


@pytest.fixture
def item(supply: SupplyOf) -> Item:
    return supply.item(supply.choose(stock.NAME))


def test_the_same_as_from_the_files(supply: SupplyOf, item: Item) -> None:
    local = Weights.from_headers([header.read(stock.WEIGHTS)], header.read(stock.TOWER))
    assert headers.read_weights(supply.hub, item) == local


def test_no_more_than_the_headers_is_fetched(supply: SupplyOf, item: Item, hub: HubServer) -> None:
    headers.read_weights(supply.hub, item)
    assert sum(hub.sent.values()) <= 2 * 256 * 1024
    assert all("range" in seen.headers for seen in hub.requests if "/resolve/" in seen.path)


def test_without_a_projector(supply: SupplyOf, item: Item) -> None:
    assert headers.read_weights(supply.hub, replace(item, mmproj=None)).projector == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Page(), PortalError),
        (Whole(), DownloadError),
        (WrongRange(8), DownloadError),
        (Gzip(), DownloadError),
        (Status(503), BusyError),
        (Status(429, retry_after="1"), BusyError),
        (Status(403, code="GatedRepo"), GatedError),
        (Status(404, code="EntryNotFound"), DownloadError),
        (Status(500), DownloadError),
        (Cut(1000), DownloadError),
    ],
)
def test_what_is_no_header(
    supply: SupplyOf, item: Item, hub: HubServer, fault: Fault, error: type[GlmdeskError]
) -> None:
    hub.always(FILE, fault)
    with pytest.raises(error) as caught:
        headers.read_weights(supply.hub, item)
    assert len(caught.value.message) > 40
    assert "httpx" not in caught.value.message


def test_a_file_of_something_else(supply: SupplyOf, hub: HubServer) -> None:
    hub.add("owner/Odd-GGUF", {"odd-F16.gguf": b"GGUF\x03\0\0\0" + b"\xff" * 10_000})
    with pytest.raises(ModelDamaged):
        headers.read_weights(supply.hub, supply.item(supply.choose("hf:owner/Odd-GGUF")))


def test_a_hub_that_is_gone() -> None:
    with HubServer() as server:
        stock.publish(server)
        hub = _hub(server, "")
        item = hub.resolve(REFERENCE)
    with pytest.raises(UnreachableError):
        headers.read_weights(hub, item)


def test_the_token_stays_with_the_hub() -> None:
    with HubServer(redirect=True) as server:
        stock.publish(server)
        server.gate(stock.REPOSITORY, "hf_secret")
        hub = _hub(server, "hf_secret")
        assert headers.read_weights(hub, hub.resolve(REFERENCE)).exact
        sent = [seen for seen in server.requests if seen.method == "GET"]
        away = [seen for seen in sent if seen.listener == "cdn"]
        assert away
        assert all("authorization" not in seen.headers for seen in away)
        assert any(seen.headers.get("authorization") == "Bearer hf_secret" for seen in sent)


def _hub(server: HubServer, token: str) -> Hub:
    environment = {"HF_TOKEN": token} if token else {}
    endpoints = Endpoints(hf=server.url, modelscope=server.url)
    return Hub(endpoints, Tokens(environment, stock.WEIGHTS.parent / "no token"))
