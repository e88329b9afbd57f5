"""`glmdesk bench`: how fast a model runs here."""

import argparse
import dataclasses
import json

from glmdesk import settings
from glmdesk.cli import lines


def add(bench: argparse.ArgumentParser) -> None:
    bench.description = "Measure one model on this machine: speed, a picture's second turn, memory."
    bench.add_argument("--model", default="", metavar="ID", help="a model's id, or a .gguf file")
    bench.add_argument("--json", action="store_true", help="print one JSON object")


def run(parsed: argparse.Namespace) -> int:
    from glmdesk.app import App
    from glmdesk.checks import bench, table

    app = App(settings.read())
    app.supply.warm()
    try:
        report = bench.measure(app, parsed.model, lines.say)
        lines.say("")
    finally:
        app.close()
    if parsed.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False, default=str))
    else:
        print(table.draw(report))
    return 0
