"""`glmdesk` and `glmdesk serve`: the page, in a window or on its own."""

import argparse
import sys
from dataclasses import replace

from glmdesk import settings
from glmdesk.cli import kinds


def add(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--port", type=kinds.port, help="the port; default: 7860, or the next free one"
    )
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.add_argument("--model", default="", metavar="ID", help="the model to load at the start")


def open_app(parsed: argparse.Namespace) -> int:
    from glmdesk.desktop import instance

    values = settings.read()
    if url := instance.running(values.paths):
        print(f"glmdesk is already running at {url}")
        instance.show(url)
        return 0
    return _serve_page(values, port=None, browser=True)


def run(parsed: argparse.Namespace) -> int:
    values = settings.read()
    if parsed.model:
        values = replace(values, model=parsed.model)
    return _serve_page(values, port=parsed.port, browser=not parsed.no_browser)


def _serve_page(values: settings.Settings, *, port: int | None, browser: bool) -> int:
    from glmdesk import paths
    from glmdesk.desktop import instance

    paths.prepare(values.paths)
    with instance.hold(values.paths) as held:
        from glmdesk.app import App
        from glmdesk.web import server

        print("glmdesk is starting …", file=sys.stderr, flush=True)
        app = App(values)
        app.supply.warm()
        try:
            if values.model:
                app.library.find(values.model)
            app.recover()

            def ready(url: str) -> None:
                held.announce(url)
                print(f"glmdesk is ready at {url}", flush=True)
                if browser:
                    instance.show(url)

            server.serve(app, port, ready)
        finally:
            app.close()
    return 0
