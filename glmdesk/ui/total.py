"""What all files of a question take together, against the model's context, as HTML. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from glmdesk.chat.papers import Room, Strip
from glmdesk.messages import Detail
from glmdesk.ui import text


@dataclass(frozen=True, kw_only=True)
class Sum:
    """All files together."""

    detail: Detail = "normal"
    prices: Mapping[str, int] = field(default_factory=dict)
    """Tokens of all pictures by detail; empty where there is nothing to choose."""
    room: Room | None = None
    said: str = ""


def draw(known: Sequence[Strip], total: Sum) -> str:
    """`known` are the files that could be read."""
    if not known:
        return ""
    detail = _detail(total) if total.prices else ""
    attached = sum(strip.tokens for strip in known)
    return f'<div class="sum">{detail}{_room(attached, known, total.room)}</div>'


def _room(attached: int, known: Sequence[Strip], room: Room | None) -> str:
    exact = all(strip.exact for strip in known)
    words = text.FILES_TAKE.format(tokens=text.tokens(attached, exact=exact))
    if room is None or not room.total:
        return f'<span class="facts">{words}</span>'
    used, share = (100 * min(1, part / room.total) for part in (room.used, room.attached))
    words += " " + text.OF_CONTEXT.format(used=f"{room.used:,}", total=f"{room.total:,}")
    warning = over(room)
    return (
        f'<div class="meter"><i class="used" style="width:{used:.1f}%"></i>'
        f'<i class="attached{" over" if warning else ""}" style="width:{share:.1f}%"></i></div>'
        f'<span class="facts">{words}</span>'
        + (f'<p class="warning" role="status">{warning}</p>' if warning else "")
    )


def over(room: Room) -> str:
    """What will happen when these files are sent as they are; "" when they fit beside the chat."""
    if room.attached >= room.total:
        return text.TOO_LONG.format(tokens=f"{room.attached:,}", total=f"{room.total:,}")
    return text.CHAT_GIVES_WAY if room.used + room.attached > room.total else ""


def _detail(total: Sum) -> str:
    options = "".join(
        f'<label><input type="radio" name="detail" data-do="detail" value="{value}"'
        f"{' checked' if value == total.detail else ''}>{words}"
        f"<small>{total.prices[value]:,}</small></label>"
        for value, words in text.DETAILS_OF_PICTURES
    )
    return (
        f'<fieldset class="detail" title="{text.DETAIL_HINT}"><legend>{text.DETAIL}</legend>'
        f"{options}</fieldset>"
    )
