"""Tables, details and progress bars of `glmdesk models` in a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from glmdesk.library.transfers.progress import Progress as Done
from glmdesk.sizes import duration, size
from glmdesk.supply import Details, Fit, Row
from glmdesk.supply.rows import memory_lines

_COLOURS = {
    "gpu": "green",
    "experts": "green",
    "cpu": "green",
    "slow": "yellow",
    "lacks": "red",
    "": "",
}

Show = Callable[[Done], None]


def rows(rows: Sequence[Row], machine: str) -> None:
    """All models: what is here first."""
    table = Table(box=None, pad_edge=False)
    for name in ("id", "file", "size", "here", "on this machine"):
        table.add_column(name, justify="right" if name == "size" else "left", no_wrap=name == "id")
    for row in sorted(rows, key=lambda row: not row.installed):
        table.add_row(
            row.id,
            row.variant,
            size(row.size) if row.size else "",
            row.source if row.installed else _moving(row),
            Text(row.problem or row.verdict, style=_COLOURS["lacks" if row.problem else row.tone]),
        )
    _console().print(table)
    for line in ("", *_reasons(rows), machine):
        print(line)


def _console() -> Console:
    """As wide as the terminal; what is piped on is not folded."""
    return Console(width=None if sys.stdout.isatty() else 160)


def _moving(row: Row) -> str:
    if row.progress is None:
        return ""
    share = row.progress.done / row.progress.total if row.progress.total else 0.0
    return f"{_state(row.progress)}, {share:.0%}"


def _state(done: Done) -> str:
    return "with another glmdesk" if done.state == "elsewhere" else done.state


def _reasons(rows: Sequence[Row]) -> Iterator[str]:
    """Why what is on its way does not move, and what is odd about what is here."""
    for row in rows:
        if row.progress and row.progress.note:
            yield f"{row.id}: {row.progress.note.rstrip('.')}."
        if row.notice and not row.problem:
            yield f"{row.id}: {row.notice}"


def fits(fits: Sequence[Fit], n_ctx: int, unfit: Sequence[str]) -> None:
    """One line a model. `n_ctx` was asked for, in tokens; `unfit` is said of models that cannot be judged."""
    table = Table(box=None, pad_edge=False)
    for name in ("id", "file", "size", "verdict", "context", "speed"):
        right = name in ("size", "context")
        table.add_column(name, justify="right" if right else "left", no_wrap=name == "id")
    for one in fits:
        table.add_row(
            one.id,
            one.variant,
            size(one.size),
            Text(one.plan.verdict, style=_COLOURS[one.tone]),
            f"{one.plan.n_ctx:,}" if one.plan.fits else "",
            one.plan.speed if one.plan.fits else "",
        )
    _console().print(table)
    if not all(one.exact for one in fits):
        print(
            "Sizes of files that are not here yet are estimates; `fit ID` reads a file's own header."
        )
    for line in (*filter(None, (_too_long(one, n_ctx) for one in fits)), *unfit):
        print(line)


def _too_long(fit: Fit, n_ctx: int) -> str:
    """Said when the model cannot have the context that was asked for, whatever the machine."""
    if n_ctx <= fit.plan.n_ctx:
        return ""
    return (
        f"{fit.name} has no context of {n_ctx:,} tokens: this is for {fit.plan.n_ctx:,}, the most that it can "
        "have."
    )


def fit(fit: Fit, n_ctx: int) -> None:
    """The whole plan of one model; a context of `n_ctx` tokens was asked for, if it is not 0."""
    size = "" if fit.variant in fit.name else f" {fit.variant}"
    print(f"{fit.name}{size}: {fit.plan.verdict}")
    print(fit.plan.sentence)
    if said := _too_long(fit, n_ctx):
        print(said)
    for line in memory_lines(fit.plan):
        print(f"  {line}")
    if fit.plan.n_ctx_largest:
        print(f"The largest context that fits so: {fit.plan.n_ctx_largest:,} tokens.")
    if not fit.exact:
        print(f"An estimate: the header of the file could not be read yet. {fit.reason}".rstrip())


def details(shown: Details) -> None:
    for line in shown.lines:
        print(line)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Show]:
    """Bars on stderr, one a file; lines instead where there is no terminal; nothing when `quiet`."""
    if quiet:
        yield lambda done: None
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bars(bars).show
    else:
        yield _Lines().show


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        console=Console(stderr=True),
    )


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, done: Done) -> None:
        for file in done.files:
            self._update(file.name, file.done, file.total, "checked" if file.verified else "")
        self._update("all", done.done, done.total, _said(done))

    def _update(self, name: str, done: int, total: int, said: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None, said="")
        self._bars.update(
            self._tasks[name], completed=done, total=total or None, said=said or _of(done, total)
        )


class _Lines:
    """A line whenever another tenth is there, or something happened."""

    def __init__(self) -> None:
        self._last: tuple[str, int, str] | None = None

    def show(self, done: Done) -> None:
        tenth = 10 * done.done // done.total if done.total else 0
        if (done.state, tenth, done.note) != self._last:
            self._last = (done.state, tenth, done.note)
            print(_said(done), file=sys.stderr, flush=True)


def _said(done: Done) -> str:
    said = [_state(done), _of(done.done, done.total)]
    if done.bytes_per_s:
        said.append(f"{size(int(done.bytes_per_s))}/s")
    if done.seconds_left is not None:
        said.append(f"{duration(done.seconds_left)} left")
    line = ", ".join(filter(None, said))
    return f"{line}. {done.note}" if done.note else line


def _of(done: int, total: int) -> str:
    return f"{size(done)} of {size(total)}" if total else ""
