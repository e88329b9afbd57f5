"""Serve the page: one FastAPI app behind the guard, with Gradio mounted in it."""

import os
import signal
import socket
import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

import glmdesk
from glmdesk.app import App
from glmdesk.errors import ServerError
from glmdesk.identity import OWNER
from glmdesk.web import attachments, pages
from glmdesk.web.guard import Guard, Listener

HOST = "127.0.0.1"
TRIED_PORTS = 20


class PageServer:
    """The server in a thread of its own. `port` None takes the set port, or the next free one."""

    def __init__(self, app: App, port: int | None) -> None:
        """Raises ServerError when the port cannot be had."""
        self._socket = _bind(port, app.settings.port)
        self.listener = Listener(port=self._socket.getsockname()[1])
        config = uvicorn.Config(
            build(app, self.listener),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="page", daemon=True
        )

    def start(self) -> str:
        """Serve; returns the address of the page once it answers."""
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            if not self._thread.is_alive():
                raise ServerError("The page could not be started; the log has the details.")
        return self.listener.url

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


LOOK_S = 0.5
"""A signal that comes just before the wait begins does not end it, so it must be short."""


def serve(app: App, port: int | None, ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end (Ctrl+C, SIGTERM). Call it from the main thread."""
    server = PageServer(app, port)
    ending = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: ending.set())
    try:
        url = server.start()
        app.warm()
        ready(url)
        while not ending.wait(LOOK_S):
            pass
    finally:
        server.stop()


def build(app: App, listener: Listener) -> ASGIApp:
    """The whole ASGI app: guard, our routes, and the page at "/"."""
    _quiet_gradio(app)
    import gradio

    from glmdesk.ui import build as page
    from glmdesk.ui.taking import LARGEST_MB

    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="glmdesk")

    @api.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": glmdesk.__version__}

    api.include_router(attachments.router(app.files, lambda request: OWNER))
    api.include_router(
        pages.router(app.papers, lambda request: OWNER, lambda: app.pool.status.model)
    )
    blocks = page.build(app, lambda request: OWNER)
    mounted = gradio.mount_gradio_app(
        api,
        blocks,
        path="/",
        server_name=HOST,
        server_port=listener.port,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        show_error=False,
        max_file_size=f"{LARGEST_MB}mb",
        ssr_mode=False,
        mcp_server=False,
        blocked_paths=[str(app.paths.files), str(app.paths.models), str(app.paths.database)],
        **page.dress(),
    )
    return Guard(mounted, listener)


def _quiet_gradio(app: App) -> None:
    """Gradio reads these when it is imported and when a file comes in."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(app.paths.uploads)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _bind(wanted: int | None, usual: int) -> socket.socket:
    tried = [wanted] if wanted else [*range(usual, usual + TRIED_PORTS), 0]
    for port in tried:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
            sock.listen(128)
            return sock
        except OSError:
            sock.close()
    raise ServerError(
        f"Port {wanted or usual} is in use by another program. Nothing was started. "
        "Choose another with --port, or leave it out to take the next free one."
    )
