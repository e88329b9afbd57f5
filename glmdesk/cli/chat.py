"""`glmdesk chat`: one turn in the terminal, streamed."""

import argparse
import dataclasses
import getpass
import json
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from glmdesk import settings
from glmdesk.cli import kinds
from glmdesk.errors import DocumentLocked, UsageError, rebuild
from glmdesk.messages import Answer, Choice, Event, Failed, Finished, Noted, Thinking
from glmdesk.sampling import Sampling

if TYPE_CHECKING:
    from glmdesk.app import App
    from glmdesk.chat.prompt import Options


def add(chat: argparse.ArgumentParser) -> None:
    chat.add_argument("prompt", metavar="PROMPT")
    chat.add_argument("--image", action="append", default=[], metavar="F", help="a picture; repeat")
    chat.add_argument("--file", action="append", default=[], metavar="F", help="a document; repeat")
    chat.add_argument(
        "--pages", default="", metavar="P", help='pages of the documents that are sent, as "1-4, 9"'
    )
    chat.add_argument(
        "--detail", type=kinds.detail, default="normal", metavar="D",
        help="how closely pictures are looked at: low, normal, high or a number of tokens",
    )  # fmt: skip
    chat.add_argument("--think", choices=("auto", "on", "off"), default="auto")
    chat.add_argument(
        "--budget", type=kinds.positive, default=0, metavar="N", help="think for at most N tokens"
    )
    chat.add_argument("--model", default="", metavar="ID", help="a model's id, or a .gguf file")
    chat.add_argument("--system", default="", metavar="S", help="a system prompt")
    chat.add_argument("--max-tokens", type=kinds.positive, default=0, metavar="N")
    chat.add_argument("--seed", type=kinds.seed, metavar="N")
    chat.add_argument("--temperature", type=kinds.temperature, metavar="T", help="0 is greedy")
    chat.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run(parsed: argparse.Namespace) -> int:
    from glmdesk.app import App, Draft

    files = [_existing(name) for name in (*parsed.image, *parsed.file)]
    if not parsed.prompt.strip() and not files:
        raise UsageError("The prompt is empty. Write what you want to ask.")
    app = App(settings.read())
    app.supply.warm()
    try:
        with tempfile.TemporaryDirectory() as folder:
            opened = [unlocked(app, path, Path(folder)) for path in files]
            draft = Draft(
                text=parsed.prompt,
                files=tuple((path, file.name) for path, file in zip(opened, files, strict=True)),
                choice=Choice(pages=parsed.pages),
            )
            events = app.answer_once(draft, _options(parsed, app), parsed.model, threading.Event())
            return _print_json(events) if parsed.json else _print(events)
    finally:
        app.close()


def _options(parsed: argparse.Namespace, app: "App") -> "Options":
    from glmdesk.chat.prompt import Options

    return Options(
        think=parsed.think,
        system=parsed.system,
        max_tokens=parsed.max_tokens,
        thinking_budget=parsed.budget,
        detail=parsed.detail,
        sampling=_sampling(parsed, app.sampling(parsed.model)),
    )


def unlocked(app: "App", path: Path, folder: Path) -> Path:
    """The file, or a copy of it in `folder` that needs no password; it is asked for at the terminal.

    Raises DocumentLocked when it is wrong, or nobody is there to be asked.
    """
    try:
        app.reader.inspect(path, path.name)
    except DocumentLocked:
        if not sys.stdin.isatty():
            raise
        password = getpass.getpass(f"Password of {path.name}: ")
        copy = folder / f"{len(list(folder.iterdir()))}"
        app.reader.unlock(path, path.name, password, copy)
        return copy
    return path


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
