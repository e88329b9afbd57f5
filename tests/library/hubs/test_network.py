"""What is said when the network fails, and which way requests go."""

import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import huggingface_hub
import pytest

from glmdesk.errors import (
    CertificateError,
    DownloadError,
    LookupFailed,
    OfflineError,
    ProxyError,
    UnreachableError,
)
from glmdesk.library.hubs import network
from glmdesk.library.hubs.network import explain, open_client, retry_after
from glmdesk.library.hubs.references import Reference, Source
from glmdesk.library.hubs.sources import Endpoints, Hub
from glmdesk.library.hubs.tokens import Tokens
from tests.hub.server import CERTIFICATE, HubServer, Stall

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


def both(endpoint: str, tmp_path: Path) -> list[DownloadError]:
    """What asking either hub at this endpoint ends in."""
    hub = Hub(Endpoints(hf=endpoint, modelscope=endpoint), Tokens({}, tmp_path / "token"))
    errors = []
    for reference in (
        Reference(source="hf", repository="o/r"),
        Reference(source="ms", repository="o/r"),
    ):
        with pytest.raises(DownloadError) as caught:
            hub.list_files(reference)
        errors.append(caught.value)
    return errors


def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    for error in both("https://hub.invalid", tmp_path):
        assert isinstance(error, LookupFailed | OfflineError)
        assert "hub.invalid" in error.message


def test_no_tls_where_tls_was_asked_for(tmp_path: Path) -> None:
    with HubServer() as server:
        for error in both(server.url.replace("http:", "https:"), tmp_path):
            assert type(error) is CertificateError
            assert "cannot be trusted" in error.message


def test_a_certificate_of_nobody(tmp_path: Path) -> None:
    with HubServer(tls=True) as server:
        for error in both(server.url, tmp_path):
            assert type(error) is CertificateError
            assert "self-signed" in error.message.replace("self signed", "self-signed")
        assert server.requests == []


def test_a_certificate_that_was_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with HubServer(tls=True) as server:
        server.add("o/r", {"a-Q4_0.gguf": b"x"})
        hub = Hub(Endpoints(hf=server.url, modelscope=server.url), Tokens({}, tmp_path / "token"))
        assert hub.list_files(Reference(source="ms", repository="o/r")).files
        assert hub.list_files(Reference(source="hf", repository="o/r")).files


def test_a_proxy_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer() as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        for error in both("https://hub.invalid", tmp_path):
            assert type(error) is ProxyError
            assert "HTTPS_PROXY" in error.message


def test_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://person:password@127.0.0.1:1")
    for error in both("http://hub.invalid", tmp_path):
        assert type(error) is ProxyError
        assert "password" not in error.message


def test_requests_go_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer() as server:
        server.add("o/r", {"a-Q4_0.gguf": b"x"})
        monkeypatch.setenv("HTTP_PROXY", server.url)
        endpoints = Endpoints(hf="http://hub.invalid", modelscope="http://hub.invalid")
        hub = Hub(endpoints, Tokens({}, tmp_path / "token"))
        for source in ("hf", "ms"):
            reference = Reference(source=source, repository="o/r")
            assert len(hub.list_files(reference).files) == 1
        assert [seen.headers["host"] for seen in server.requests] == ["hub.invalid"] * 2


def test_no_proxy_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer() as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "hub.invalid")
        for error in both("http://hub.invalid", tmp_path):
            assert isinstance(error, LookupFailed | OfflineError)
        assert server.requests == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_this_computer_is_never_behind_a_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    with HubServer() as server:
        server.add("o/r", {"a-Q4_0.gguf": b"x"})
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            endpoint = f"http://{host}:{port}"
            hub = Hub(Endpoints(hf=endpoint, modelscope=endpoint), Tokens({}, tmp_path / "token"))
            assert hub.list_files(Reference(source="hf", repository="o/r")).files
            assert hub.list_files(Reference(source="ms", repository="o/r")).files


def test_a_silent_server_is_given_up() -> None:
    with HubServer() as server:
        server.add("o/r", {"a.gguf": b"x" * 10})
        server.faults("a.gguf", [Stall(1)])
        address = f"{server.url}/o/r/resolve/main/a.gguf"
        with open_client(timeout=0.2) as client, pytest.raises(httpx.ReadTimeout) as caught:
            client.get(address)
    error = explain(caught.value, address)
    assert type(error) is UnreachableError
    assert "in time" in error.message


@pytest.mark.parametrize("source", ["hf", "ms"])
def test_a_listing_without_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    monkeypatch.setattr(network, "_MAX_LISTING", 1000)
    with HubServer() as server:
        server.add("o/r", {f"{number}.gguf": b"x" for number in range(100)})
        hub = Hub(Endpoints(hf=server.url, modelscope=server.url), Tokens({}, tmp_path / "token"))
        with pytest.raises(UnreachableError, match="in time"):
            hub.list_files(Reference(source=source, repository="o/r"))


def chained(cause: BaseException) -> httpx.ConnectError:
    try:
        raise httpx.ConnectError("outer") from cause
    except httpx.ConnectError as error:
        return error


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), LookupFailed),
        (socket.gaierror(socket.EAI_AGAIN, "x"), OfflineError),
        (OSError(errno.ENETUNREACH, "x"), OfflineError),
        (OSError(errno.EHOSTUNREACH, "x"), OfflineError),
        (ssl.SSLCertVerificationError(1, "self-signed"), CertificateError),
        (ConnectionRefusedError(), UnreachableError),
        (ConnectionResetError(), UnreachableError),
        (BrokenPipeError(), UnreachableError),
        (TimeoutError(), UnreachableError),
        (httpx.ReadTimeout("x"), UnreachableError),
        (httpx.ProxyError("407"), ProxyError),
        (ValueError("whatever"), UnreachableError),
    ],
)
def test_each_cause_has_its_sentence(cause: BaseException, kind: type[DownloadError]) -> None:
    error = explain(chained(cause), "https://hub.example/o/r")
    assert type(error) is kind
    assert "hub.example" in error.message
    assert error.message.endswith(".")


def test_circles_of_causes_end() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert type(explain(first, "https://x.example")) is UnreachableError


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "40"}, 40),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:02:00 GMT"}, 20),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "99999999999999999999"}, 0),
        ({"ratelimit": '"api";r=0;t=55'}, 55),
        ({"ratelimit": '"api";r=10;t=55'}, 0),
        ({}, 0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, now=100) == seconds
