"""The command line: parse, then call. Nothing heavy is imported before a command needs it."""

import argparse
from collections.abc import Callable, Sequence

import glmdesk
from glmdesk.cli import bench, chat, doctor, models, serve

_Command = Callable[[argparse.Namespace], int]


def run(arguments: Sequence[str] | None = None) -> int:
    """Raises GlmdeskError; argparse itself exits with 2."""
    parsed = _parser().parse_args(arguments)
    command: _Command = parsed.run
    return command(parsed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glmdesk",
        description="Chat with GLM models on your own machine. Without a command: open the app.",
    )
    parser.add_argument("--version", action="version", version=f"glmdesk {glmdesk.__version__}")
    parser.set_defaults(run=serve.open_app)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("open", help="open the app; a second start shows the one that runs")
    for module, name, help in (
        (serve, "serve", "serve the page on this machine"),
        (chat, "chat", "ask once, in the terminal"),
        (models, "models", "which models there are, what fits, and getting them"),
        (doctor, "doctor", "what this installation stands on, and what is wrong with it"),
        (bench, "bench", "measure how fast a model runs here"),
    ):
        command = commands.add_parser(name, help=help)
        module.add(command)
        command.set_defaults(run=module.run)
    return parser
