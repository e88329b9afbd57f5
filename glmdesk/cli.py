"""The command line: parse, then call. Nothing heavy is imported before a command needs it."""

import argparse
import dataclasses
import json
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import glmdesk
from glmdesk import settings
from glmdesk.errors import UsageError, rebuild
from glmdesk.messages import Answer, Detail, Event, Failed, Finished, Noted, Thinking
from glmdesk.sampling import Sampling


def run(arguments: Sequence[str] | None = None) -> int:
    """Raises GlmdeskError; argparse itself exits with 2."""
    parsed = _parser().parse_args(arguments)
    command = parsed.command or "open"
    return {"open": _open, "serve": _serve, "chat": _chat, "bench": _bench}[command](parsed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glmdesk",
        description="Chat with GLM models on your own machine. Without a command: open the app.",
    )
    parser.add_argument("--version", action="version", version=f"glmdesk {glmdesk.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("open", help="open the app; a second start shows the one that runs")
    serve = commands.add_parser("serve", help="serve the page on this machine")
    serve.add_argument("--port", type=_port, help="the port; default: 7860, or the next free one")
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.add_argument("--model", default="", metavar="ID", help="the model to load at the start")
    _add_chat(commands.add_parser("chat", help="ask once, in the terminal"))
    _add_bench(commands.add_parser("bench", help="measure how fast a model runs here"))
    return parser


def _add_chat(chat: argparse.ArgumentParser) -> None:
    chat.add_argument("prompt", metavar="PROMPT")
    chat.add_argument("--image", action="append", default=[], metavar="F", help="a picture; repeat")
    chat.add_argument("--file", action="append", default=[], metavar="F", help="a document; repeat")
    chat.add_argument(
        "--detail", type=_detail, default="normal", metavar="D",
        help="how closely pictures are looked at: low, normal, high or a number of tokens",
    )  # fmt: skip
    chat.add_argument("--think", choices=("auto", "on", "off"), default="auto")
    chat.add_argument(
        "--budget", type=_positive, default=0, metavar="N", help="think for at most N tokens"
    )
    chat.add_argument("--model", default="", metavar="ID", help="a model's id, or a .gguf file")
    chat.add_argument("--system", default="", metavar="S", help="a system prompt")
    chat.add_argument("--max-tokens", type=_positive, default=0, metavar="N")
    chat.add_argument("--seed", type=_seed, metavar="N")
    chat.add_argument("--temperature", type=_temperature, metavar="T", help="0 is greedy")
    chat.add_argument("--json", action="store_true", help="print one JSON object at the end")


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.description = "Measure one model on this machine: speed, a picture's second turn, memory."
    bench.add_argument("--model", default="", metavar="ID", help="a model's id, or a .gguf file")
    bench.add_argument("--json", action="store_true", help="print one JSON object")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens")
    return int(text)


def _detail(text: str) -> Detail:
    match text:
        case "low" | "normal" | "high":
            return text
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a detail (low, normal, high or a number of tokens)"
        )
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed (0 to {2**32 - 1})")
    return int(text)


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a temperature (0 to 5)")
    return value


def _open(parsed: argparse.Namespace) -> int:
    from glmdesk.desktop import instance

    values = settings.read()
    if url := instance.running(values.paths):
        print(f"glmdesk is already running at {url}")
        instance.show(url)
        return 0
    return _serve_page(values, port=None, browser=True)


def _serve(parsed: argparse.Namespace) -> int:
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


def _chat(parsed: argparse.Namespace) -> int:
    from glmdesk.app import App, Draft
    from glmdesk.chat.turn import Options

    files = [_existing(name) for name in (*parsed.image, *parsed.file)]
    if not parsed.prompt.strip() and not files:
        raise UsageError("The prompt is empty. Write what you want to ask.")
    draft = Draft(text=parsed.prompt, files=tuple((path, path.name) for path in files))
    app = App(settings.read())
    try:
        options = Options(
            think=parsed.think,
            system=parsed.system,
            max_tokens=parsed.max_tokens,
            thinking_budget=parsed.budget,
            detail=parsed.detail,
            sampling=_sampling(parsed, app.sampling(parsed.model)),
        )
        events = app.answer_once(draft, options, parsed.model, threading.Event())
        return _print_json(events) if parsed.json else _print(events)
    finally:
        app.close()


def _existing(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {name}. Nothing was sent.")
    return path


def _sampling(parsed: argparse.Namespace, recommended: Sampling) -> Sampling | None:
    given: dict[str, Any] = {}
    if parsed.temperature is not None:
        given["temperature"] = parsed.temperature
    if parsed.seed is not None:
        given["seed"] = parsed.seed
    return replace(recommended, **given) if given else None


def _print(events: Iterable[Event]) -> int:
    """Thinking and notes go to stderr, the answer to stdout, so that only the answer is piped on."""
    thinking = False
    for event in events:
        if isinstance(event, Thinking):
            thinking = True
            _dim(event.text)
        elif isinstance(event, Answer):
            if thinking:
                print("\n", file=sys.stderr, flush=True)
                thinking = False
            print(event.text, end="", flush=True)
        elif isinstance(event, Noted):
            print(f"\n({event.text})", file=sys.stderr, flush=True)
        elif isinstance(event, Failed):
            print()
            raise rebuild(event.code, event.message)
    print()
    return 0


def _dim(text: str, stream: IO[str] | None = None) -> None:
    stream = stream or sys.stderr
    print(f"\x1b[2m{text}\x1b[0m" if stream.isatty() else text, end="", file=stream, flush=True)


def _say(line: str) -> None:
    """Progress: in a terminal each line takes the place of the one before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line, file=sys.stderr, flush=True)


def _print_json(events: Iterable[Event]) -> int:
    thinking = answer = ""
    for event in events:
        if isinstance(event, Thinking):
            thinking += event.text
        elif isinstance(event, Answer):
            answer += event.text
        elif isinstance(event, Failed):
            raise rebuild(event.code, event.message)
        elif isinstance(event, Finished):
            shown = ("first_token_s", "prompt_tokens_per_s", "tokens_per_s")
            timings = {name: round(getattr(event.timings, name), 4) for name in shown}
            result = {
                "thinking": thinking,
                "answer": answer,
                "finish_reason": event.reason,
                "usage": dataclasses.asdict(event.usage),
                "timings": timings,
            }
            print(json.dumps(result, ensure_ascii=False))
    return 0


def _bench(parsed: argparse.Namespace) -> int:
    from glmdesk.app import App
    from glmdesk.checks import bench, table

    app = App(settings.read())
    try:
        report = bench.measure(app, parsed.model, _say)
        _say("")
    finally:
        app.close()
    if parsed.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False, default=str))
    else:
        print(table.draw(report))
    return 0
