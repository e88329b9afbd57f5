"""The line to a server: one request, its answer as bytes that come.

Proxies are those of the environment and of the system. Nothing is followed, unpacked or tried again here.
It is a door to urllib3 beside the one to httpx: that costs twice the processor for each byte of a model.
"""

import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import unquote, urlsplit

import httpx
import urllib3
from urllib3.exceptions import HTTPError

from glmdesk.errors import CertificateError, DownloadError, ProxyError
from glmdesk.library.hubs import network

_CONNECT_S = 15.0
_CHUNK = 256 * 1024
"""Most bytes that are taken at once; what is there is taken without waiting for more."""
_KEPT = 16
_LOCAL = ("localhost", "127.0.0.1", "::1")
_FAILURES = (HTTPError, HTTPException, OSError, ValueError)
"""A line that is broken off while another thread reads gives a ValueError under TLS."""


class LineError(Exception):
    """The connection failed; `error` is what a person is told when no other try helps."""

    def __init__(self, error: DownloadError) -> None:
        super().__init__(error.message)
        self.error = error

    @property
    def final(self) -> bool:
        """Whether another try is of no use."""
        return isinstance(self.error, CertificateError)


class Answer:
    """Status and headers of an answer, and its body. A context manager that hangs up, or keeps the line
    for the next request when the body was read to its end."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = url

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *trace: object) -> None:
        self.close()

    def close(self) -> None:
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """The body as it is sent. Raises LineError when it breaks off."""
        try:
            while chunk := self._response.read1(_CHUNK, decode_content=False):
                yield chunk
        except _FAILURES as error:
            raise LineError(network.explain(error, self.url)) from error

    def abort(self) -> None:
        """Break off, from any thread: whoever waits for bytes gets a LineError."""
        with suppress(ValueError, RuntimeError, OSError):
            self._response.shutdown()


class Lines:
    """Connections that are kept and shared between threads."""

    def __init__(self, silence_s: float) -> None:
        """`silence_s`: seconds without a byte after which a connection is given up."""
        self._timeout = urllib3.Timeout(connect=min(_CONNECT_S, silence_s), read=silence_s)
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def open(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Raises LineError."""
        sent = {**network.HEADERS, **headers}
        try:
            response = self._pool(url).request(
                "GET", url, headers=sent, preload_content=False, decode_content=False,
                redirect=False, retries=False, timeout=self._timeout,
            )  # fmt: skip
        except _FAILURES as error:
            raise LineError(network.explain(error, url)) from error
        return Answer(response, url)

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = proxy_for(url)
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = _open_pool(proxy)
            return self._pools[proxy]


def proxy_for(url: str) -> str:
    """The proxy that the environment or the system names for this address; "" for none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _LOCAL or host.endswith(".localhost") or urllib.request.proxy_bypass(host):
        return ""
    known = urllib.request.getproxies()
    proxy = known.get(parts.scheme) or known.get("all") or ""
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _open_pool(proxy: str) -> urllib3.PoolManager:
    context = httpx.create_ssl_context()  # the certificates that every other request trusts
    if not proxy:
        return urllib3.PoolManager(maxsize=_KEPT, ssl_context=context)
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https"):
        raise LineError(
            ProxyError(
                f"glmdesk cannot use the proxy {parts.scheme}://{parts.hostname}. What is already here "
                "is kept. Name one that begins with http:// in HTTPS_PROXY."
            )
        )
    given = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    headers = urllib3.make_headers(proxy_basic_auth=given) if parts.username else {}
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return urllib3.ProxyManager(
        address,
        maxsize=_KEPT,
        ssl_context=context,
        proxy_headers=headers,
        proxy_ssl_context=context,
    )
