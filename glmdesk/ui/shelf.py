"""The models panel as HTML: a card for each model, its verdict, its download, the memory bar. Pure."""

import html
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from glmdesk.library.transfers.progress import Progress
from glmdesk.sizes import duration, size
from glmdesk.supply import Row
from glmdesk.ui import text

TONES = {"gpu": "good", "experts": "good", "cpu": "good", "slow": "fair", "lacks": "bad", "": ""}
_MOVING = ("waiting", "checking", "downloading", "verifying")
_STOPPED = ("paused", "failed")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of the memory bar."""

    name: str
    size: int


def draw(rows: Sequence[Row], machine: str, hopeless: Collection[str] = ()) -> str:
    """All cards; those that are here or on their way come first. `hopeless` are ids of downloads that
    would most likely stop again for the same reason."""
    here = [row for row in rows if row.installed or row.progress]
    others = [row for row in rows if not (row.installed or row.progress)]
    parts = [f'<p class="machine">{html.escape(machine)}</p>']
    for title, some in ((text.HERE, here), (text.OFFERED, others)):
        if some:
            parts.append(f"<h2>{title}</h2>")
            parts += [_card(row, hopeless=row.id in hopeless) for row in some]
    return "".join(parts)


def _card(row: Row, *, hopeless: bool) -> str:
    verdict = (
        f'<span class="pill {TONES[row.tone]}">{html.escape(row.verdict)}</span>'
        if row.verdict
        else ""
    )
    facts = [
        fact for fact in (row.variant, size(row.size) if row.installed else "", *row.facts) if fact
    ]
    lines = [
        f"<header><h3>{html.escape(row.name)}</h3>{verdict}</header>",
        f"<p>{html.escape(row.summary)}</p>" if row.summary else "",
        f'<p class="facts">{html.escape(" · ".join(facts))}</p>' if facts else "",
        f'<p class="problem">{html.escape(row.problem)}</p>' if row.problem else "",
        _progress(row.progress) if row.progress else "",
        f'<div class="actions">{"".join(_buttons(row, hopeless=hopeless))}</div>',
    ]
    return f'<article class="model" data-model="{html.escape(row.id)}">{"".join(lines)}</article>'


def _buttons(row: Row, *, hopeless: bool) -> Iterable[str]:
    state = row.progress.state if row.progress else ""
    if state in _MOVING:
        yield _button("pause", row, text.PAUSE)
        yield _button("cancel", row, text.CANCEL)
    elif state in _STOPPED and hopeless:
        yield _button("cancel", row, text.GIVE_UP)
        yield _button("resume", row, text.TRY_AGAIN)
    elif state in _STOPPED:
        yield _button("resume", row, text.RESUME, primary=True)
        yield _button("cancel", row, text.CANCEL)
    elif row.installed:
        if not row.problem:
            yield _button("use", row, text.CHAT_WITH, primary=True)
        if row.removable:
            yield _button("verify", row, text.VERIFY)
            yield _button("remove", row, text.REMOVE.format(size=size(row.size)))
    elif row.variant and not state:
        yield _button(
            "pull", row, text.DOWNLOAD.format(size=size(row.size)), primary=row.tone != "lacks"
        )
    yield _button("details", row, text.DETAILS)


def _button(do: str, row: Row, label: str, *, primary: bool = False) -> str:
    kind = "primary" if primary else "plain"
    question = text.SURE[do].format(name=row.name) if do in text.SURE else ""
    ask = f' data-ask="{html.escape(question)}"' if question else ""
    return (
        f'<button type="button" class="{kind}" data-do="{do}" data-model="{html.escape(row.id)}"{ask}>'
        f"{html.escape(label)}</button>"
    )


def _progress(progress: Progress) -> str:
    share = 100 * progress.done / progress.total if progress.total else 0.0
    reason = progress.note if progress.state in _STOPPED else ""
    line = progress_line(replace(progress, note="") if reason else progress)
    return (
        f'<div class="bar" role="progressbar" aria-valuenow="{share:.0f}" aria-valuemin="0" '
        f'aria-valuemax="100"><i style="width:{share:.1f}%"></i></div>'
        f'<p class="facts" role="status">{html.escape(line)}</p>'
        + (f'<p class="problem">{html.escape(reason)}</p>' if reason else "")
    )


def progress_line(progress: Progress) -> str:
    """ "Downloading: 1.2 of 7.1 GB, 48 MB/s, 2 min left" and the like."""
    if progress.state == "elsewhere" and progress.note:
        return f"{progress.note}."
    said = [text.STATES[progress.state]]
    if progress.total:
        said.append(f"{size(progress.done)} of {size(progress.total)}")
    if progress.state == "downloading" and progress.bytes_per_s:
        said.append(f"{size(int(progress.bytes_per_s))}/s")
    if progress.state == "downloading" and progress.seconds_left is not None:
        said.append(f"{duration(progress.seconds_left)} left")
    line = ", ".join(said)
    return f"{line}. {progress.note}" if progress.note else line


def memory_bar(parts: Sequence[Part], total: int) -> str:
    """Weights, cache, compute, pictures and what stays free, of `total` bytes."""
    whole = max(total, sum(part.size for part in parts), 1)
    pieces = "".join(
        f'<i class="{html.escape(part.name)}" style="width:{100 * part.size / whole:.2f}%" '
        f'title="{html.escape(part.name)}: {size(part.size)}"></i>'
        for part in parts
        if part.size
    )
    legend = "".join(
        f'<li><i class="{html.escape(part.name)}"></i>{html.escape(part.name)} {size(part.size)}</li>'
        for part in parts
        if part.size
    )
    return f'<div class="memory">{pieces}</div><ul class="legend">{legend}</ul>'
