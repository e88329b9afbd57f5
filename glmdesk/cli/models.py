"""`glmdesk models`: what there is, what fits, and getting, checking, taking in and removing it."""

import argparse
import dataclasses
import json
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glmdesk import settings
from glmdesk.cli import draw, kinds
from glmdesk.errors import ModelError
from glmdesk.library.transfers.downloads import Status
from glmdesk.sizes import size
from glmdesk.supply import Fit, Supply
from glmdesk.supply.presence import called

_PATIENCE_S = 2.0
"""How long a list may take for the headers that no list has read yet."""
_NAME = "a model's id, with :VARIANT for one file; or hf:OWNER/REPOSITORY[:QUANT|FILE], or ms:…"


def add(models: argparse.ArgumentParser) -> None:
    models.description = "The models that glmdesk knows, those that are here, and what fits."
    commands = models.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, run, help in (
        ("list", _list, "all models: what is here, what there is, and what runs on this machine"),
        ("show", _show, "everything that is known of one model"),
        ("fit", _fit, "whether a model runs, here or on a machine that you describe"),
        ("pull", _pull, "download a model; what is there already is not fetched again"),
        ("verify", _verify, "compare a model's files with what was downloaded"),
        ("import", _import, "take in a file that is on this computer"),
        ("remove", _remove, "delete a model's files"),
        ("path", _path, "print where a model's file is"),
    ):
        command = commands.add_parser(name, help=help)
        command.set_defaults(models=run)
        _add_arguments(name, command)


def _add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    if name == "import":
        command.add_argument(
            "file", metavar="FILE", help="a .gguf file; of several parts the first"
        )
        how = command.add_mutually_exclusive_group()
        for kind, help in (
            ("copy", "copy it; the default"),
            ("move", "move it"),
            ("link", "leave it where it is, and link to it"),
        ):
            how.add_argument(
                f"--{kind}", dest="how", action="store_const", const=kind, default="copy", help=help
            )
        command.add_argument("--name", default="", metavar="ID", help="what to call it here")
    elif name != "list":
        command.add_argument(
            "model", metavar="ID", nargs="?" if name == "fit" else None, help=_NAME
        )
    if name == "fit":
        command.add_argument("--n-ctx", type=kinds.positive, default=0, metavar="N")
        command.add_argument(
            "--memory", type=kinds.gigabytes, metavar="GB", help="as if the machine had so much"
        )
        other = command.add_mutually_exclusive_group()
        other.add_argument(
            "--gpu",
            type=kinds.gigabytes,
            metavar="GB",
            help="as if it had a GPU with so much; 0: none",
        )
        other.add_argument(
            "--unified", action="store_true", help="as if the GPU used the machine's memory (a Mac)"
        )
    if name == "verify":
        command.add_argument(
            "--repair", action="store_true", help="fetch what is damaged, and nothing else"
        )
    if name == "remove":
        command.add_argument("--yes", action="store_true", help="do not ask")
    if name not in ("path", "remove"):
        command.add_argument("--json", action="store_true", help="print JSON")


def run(parsed: argparse.Namespace) -> int:
    command: Callable[[Supply, argparse.Namespace], int] = parsed.models
    supply = Supply.open(settings.read())
    try:
        return command(supply, parsed)
    finally:
        supply.close()


def _list(supply: Supply, parsed: argparse.Namespace) -> int:
    supply.warm()
    supply.library.settle(_PATIENCE_S)
    rows = supply.rows()
    if tidied := supply.tidy():
        print(tidied, file=sys.stderr)
    if parsed.json:
        _print_json([dataclasses.asdict(row) for row in rows])
    else:
        draw.rows(rows, supply.machine_line())
    return 0


def _show(supply: Supply, parsed: argparse.Namespace) -> int:
    shown = supply.show(parsed.model)
    if parsed.json:
        _print_json(dataclasses.asdict(shown))
    else:
        draw.details(shown)
    return 0


def _fit(supply: Supply, parsed: argparse.Namespace) -> int:
    machine = supply.machine_like(memory=parsed.memory, gpu=parsed.gpu, unified=parsed.unified)
    names = [parsed.model] if parsed.model else supply.catalogue_names()
    asks = bool(parsed.model)
    fits, unfit = [], []
    for name in names:
        try:
            fits.append(supply.fit(name, n_ctx=parsed.n_ctx, machine=machine, ask=asks))
        except ModelError as error:  # of all, one may be here and damaged
            if parsed.model:
                raise
            unfit.append(error.message)
    if parsed.json:
        _print_json([_as_json(fit) for fit in fits])
    elif parsed.model:
        draw.fit(fits[0], parsed.n_ctx)
    else:
        draw.fits(fits, parsed.n_ctx, unfit)
    return 0


def _as_json(fit: Fit) -> dict[str, Any]:
    """Without what the plan was searched in: every tensor's size."""
    hidden = ("search", "placement", "first")
    plan = {name: value for name, value in vars(fit.plan).items() if name not in hidden}
    plan["memory"] = [dataclasses.asdict(share) for share in fit.plan.memory]
    return {**vars(fit), "plan": plan}


def _pull(supply: Supply, parsed: argparse.Namespace) -> int:
    before = {model.model: _state(model.files) for model in supply.library.models()}
    with draw.progress(quiet=parsed.json) as show:
        path = supply.pull_now(parsed.model, show)
    model = supply.library.find(str(path))
    if parsed.json:
        _print_json({"path": str(path)})
    elif before.get(path) == _state(model.files):
        print(f"{called(model)} is here already: {path}")
    else:
        print(f"Complete: {path}")
    return 0


def _state(files: Sequence[Path]) -> list[tuple[Path, int]]:
    """Differs when anything was fetched."""
    return [(path, path.stat().st_mtime_ns) for path in files if path.exists()]


def _verify(supply: Supply, parsed: argparse.Namespace) -> int:
    model = supply.here(parsed.model)
    stop = threading.Event()
    with draw.progress(quiet=parsed.json) as show:
        look = supply.keeping.repair if parsed.repair else supply.keeping.verify
        found = look(model.id, stop, show)
    if parsed.json:
        _print_json({"sound": found.is_sound, "says": found.sentence})
    else:
        print(found.sentence)
    return 0 if found.is_sound else 1


def _import(supply: Supply, parsed: argparse.Namespace) -> int:
    stop = threading.Event()
    try:
        with draw.progress(quiet=parsed.json) as show:
            model = supply.keeping.take_in(Path(parsed.file), parsed.how, parsed.name, stop, show)
    except KeyboardInterrupt:
        raise ModelError("The import was stopped. Your files are safe; start it again.") from None
    if parsed.json:
        tower = str(model.mmproj) if model.mmproj else None
        _print_json({"model": model.id, "path": str(model.model), "mmproj": tower})
    else:
        print(f"{model.name} is here as {model.id}: {model.model}")
        if model.mmproj:
            print(f"Its vision projector came with it: {model.mmproj.name}")
        if model.notice:
            print(model.notice)
    return 0


def _remove(supply: Supply, parsed: argparse.Namespace) -> int:
    if begun := supply.begun(parsed.model):
        return _give_up(supply, begun, sure=parsed.yes)
    model = supply.here(parsed.model)
    removal = supply.keeping.removal(model.id)
    if supply.is_loaded_elsewhere(model.id):
        raise ModelError(
            f"{model.id} is loaded by a glmdesk that is running. Nothing was removed. Choose another model "
            "there, or close it, then try again."
        )
    _check_sure(removal.sentence, sure=parsed.yes)
    print(supply.keeping.remove(model.id, supply.is_loaded_elsewhere))
    return 0


def _give_up(supply: Supply, begun: Status, *, sure: bool) -> int:
    """Remove what came of a model that is not complete."""
    came = f"{size(begun.progress.done)} of {size(begun.progress.total)}"
    _check_sure(f"{begun.id} is not complete: {came} came.", sure=sure)
    supply.downloads.cancel(begun.id)
    print(f"What came of {begun.id} was removed.")
    return 0


def _check_sure(sentence: str, *, sure: bool) -> None:
    """Raises ModelError when the person is not."""
    if not sure:
        print(f"{sentence} Remove it? [y/N] ", end="", flush=True)
        if _answer() not in ("y", "yes"):
            raise ModelError("Nothing was removed.")


def _answer() -> str:
    try:
        return input().strip().lower()
    except EOFError:
        return ""


def _path(supply: Supply, parsed: argparse.Namespace) -> int:
    print(supply.here(parsed.model).model)
    return 0


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))
