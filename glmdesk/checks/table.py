"""A bench report as a table for people. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from glmdesk.checks.bench import PictureTurns, Report, Speed
from glmdesk.checks.memory import Memory


@dataclass(frozen=True, kw_only=True)
class _Row:
    what: str
    value: str
    unit: str
    note: str = ""


def draw(report: Report) -> str:
    """Lines with the values aligned at the right."""
    rows = list(_rows(report))
    what, value, unit = (
        max(len(getattr(row, name)) for row in rows) for name in ("what", "value", "unit")
    )
    lines = [
        f"{row.what:<{what}}  {row.value:>{value}} {row.unit:<{unit}}  {row.note}".rstrip()
        for row in rows
    ]
    return "\n".join([_title(report), "", *lines])


def _title(report: Report) -> str:
    threads = report.details.get("threads")
    used = f", {threads} thread{'s' if threads != 1 else ''}" if isinstance(threads, int) else ""
    return f"{report.name}: {report.n_ctx:,} tokens of context{used}"


def _rows(report: Report) -> Iterator[_Row]:
    yield _Row(what="load", value=_shown(report.load_s), unit="s")
    for speed in report.prompt:
        yield _speed("prompt", speed)
    yield _speed("decode", report.decode)
    if report.picture:
        yield from _turns(report.picture)
    if report.memory:
        yield from _memory(report.memory)


def _speed(what: str, speed: Speed) -> _Row:
    note = f"median of {len(speed.runs)}, {_shown(min(speed.runs))} to {_shown(max(speed.runs))}"
    return _Row(
        what=f"{what}, {speed.tokens:,} tokens",
        value=_shown(speed.tokens_per_s) if speed.tokens_per_s else "–",
        unit="tokens/s",
        note=note if speed.tokens_per_s else "the model stopped at once",
    )


def _turns(turns: PictureTurns) -> Iterator[_Row]:
    yield _Row(
        what="picture, first token",
        value=_shown(1000 * turns.first_s),
        unit="ms",
        note=f"median of {len(turns.runs)}; the picture is {turns.image_tokens:,} tokens",
    )
    share = f"{turns.second_s / turns.first_s:.2f} of the first; " if turns.first_s else ""
    yield _Row(
        what="picture, second turn",
        value=_shown(1000 * turns.second_s),
        unit="ms",
        note=f"{share}{turns.cached_tokens:,} of {turns.prompt_tokens:,} tokens reused",
    )


def _memory(memory: Memory) -> Iterator[_Row]:
    for part, size in memory.parts.items():
        yield _Row(what=f"memory, {part}", value=_shown(size / 1e6), unit="MB")
    yield _Row(what="memory, process", value=_shown(memory.process / 1e6), unit="MB")
    yield _Row(what="memory, process peak", value=_shown(memory.process_peak / 1e6), unit="MB")


def _shown(value: float) -> str:
    """Three digits, or all of those before the point."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"
