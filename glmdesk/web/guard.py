"""What stands in front of every route: who may speak to this server, and the headers it answers with.

A page on the web can make a browser send requests to this machine. It is kept out by the Host name
(DNS rebinding), by Origin and Sec-Fetch-Site (cross-site requests), and by headers that forbid frames
and foreign content. Programs without a browser send neither Origin nor Sec-Fetch-Site and pass.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Gradio's own scripts need 'unsafe-inline' and 'unsafe-eval'; nothing may come from, or go, elsewhere."""

HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), usb=()",
}

CLOSED = re.compile(
    r"/(gradio_api/)?(openapi\.json|docs|redoc|info|monitoring)(/.*)?|/gradio_api/(login|logout|vibe-.*)"
)
"""Routes of Gradio that describe or watch the server; the page needs none of them."""
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Where a server listens; only these names may be in a request's Host."""

    port: int
    names: tuple[str, ...] = field(default=("127.0.0.1", "localhost", "[::1]"))

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(f"{name}:{self.port}" for name in self.names)

    @property
    def url(self) -> str:
        return f"http://{self.names[0]}:{self.port}"


def refusal(method: str, headers: Headers, listener: Listener) -> str:
    """Why a request may not pass, in one sentence; empty when it may. Pure."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or hosts[0].lower() not in listener.hosts:
        return f"This server answers only to {listener.url}."
    for origin in headers.getlist("origin"):
        if not _same_origin(origin, hosts[0]):
            return "Another web page may not use this server."
    site = headers.get("sec-fetch-site", "none")
    if site not in ("same-origin", "none") and not _is_link(method, headers):
        return "Another web page may not use this server."
    return ""


def _same_origin(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "ws") and parts.netloc.lower() == host.lower()


def _is_link(method: str, headers: Headers) -> bool:
    """A person followed a link to the page: it is only shown, and cannot be read by the other site."""
    return (
        method in _SAFE
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


class Guard:
    """ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp, listener: Listener) -> None:
        self._app = app
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        reason = refusal(scope.get("method", "GET"), headers, self._listener)
        if not reason and CLOSED.fullmatch(scope["path"]):
            reason = "There is nothing here."
        if not reason:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _refuse(_with_headers(send), reason)


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            del headers["access-control-allow-origin"]
            del headers["access-control-allow-credentials"]
        await send(message)

    return wrapped


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"error": {"code": "refused", "message": reason}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
