"""The files of a question as HTML before they are sent: how each is sent, its notes and its price. Pure."""

import codecs
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from glmdesk.chat.papers import Strip
from glmdesk.messages import Attachment
from glmdesk.sizes import size
from glmdesk.ui import cards, text, total
from glmdesk.ui.total import Sum
from glmdesk.ui.tray import Item


@dataclass(frozen=True, kw_only=True)
class Row:
    """One file; `strip` is what is known of it, or `said` why nothing is."""

    item: Item
    strip: Strip | None = None
    said: str = ""


def draw(rows: Sequence[Row], summed: Sum) -> str:
    """Everything; "" when there is nothing."""
    said = f'<p class="wrong" role="alert">{html.escape(summed.said)}</p>' if summed.said else ""
    if not rows:
        return said
    known = [row.strip for row in rows if row.strip]
    files = "".join(_file(row) for row in rows)
    return f'<div class="files" role="list">{files}</div>{said}{total.draw(known, summed)}'


def _file(row: Row) -> str:
    item, known = row.item, row.strip
    here = item.attachment is not None and known is not None
    kind = item.attachment.kind if here and item.attachment else item.state
    inner = _known(item, known) if here and known else _unknown(item, row.said)
    remove = (
        f'<button type="button" class="remove" data-do="remove" title="{text.ATTACHED_REMOVE}" '
        f'aria-label="{html.escape(text.ATTACHED_REMOVE_NAME.format(name=item.name))}">×</button>'
    )
    return (
        f'<article class="file {kind}" role="listitem" data-key="{html.escape(item.key)}" '
        f'data-sha256="{item.sha256}">{inner}{remove}</article>'
    )


def _unknown(item: Item, said: str) -> str:
    """A file that is on its way, locked, or not to be had."""
    name = f'<b class="name" title="{html.escape(item.name)}">{html.escape(item.name)}</b>'
    if item.state == "locked":
        return f'<div class="about">{name}{_password(item)}</div>'
    words = said or item.said
    if words:
        return (
            f'<div class="about">{name}<p class="wrong" role="alert">{html.escape(words)}</p></div>'
        )
    busy = text.ATTACHED_COMING if item.state == "coming" else text.ATTACHED_TAKING
    return f'<div class="about">{name}<p class="facts busy" role="status">{busy}</p></div>'


def _password(item: Item) -> str:
    wrong = f'<p class="wrong" role="alert">{html.escape(item.said)}</p>' if item.said else ""
    label = html.escape(text.PASSWORD_FOR.format(name=item.name))
    return (
        f'<p class="facts">{text.LOCKED}</p><form data-do="unlock">'
        f'<input type="password" autocomplete="off" placeholder="{text.PASSWORD}" aria-label="{label}">'
        f'<button type="submit">{text.UNLOCK}</button></form>{wrong}'
    )


def _known(item: Item, known: Strip) -> str:
    attachment = known.attachment
    name = (
        f'<b class="name" title="{html.escape(attachment.name)}">{html.escape(attachment.name)}</b>'
    )
    facts = f'<span class="facts">{html.escape(" · ".join(_facts(known)))}</span>'
    notes = _notes(known)
    if attachment.kind == "picture":
        thumb = cards.thumbnail(attachment, 0, text.LOOK_AT.format(name=attachment.name))
        return f'{thumb}<div class="about">{name}{facts}{notes}</div>'
    about = f'<div class="about">{name}{facts}{_controls(item, known)}{notes}</div>'
    return about + cards.row(known, item.first)


def _facts(known: Strip) -> Iterable[str]:
    attachment = known.attachment
    yield kind_of(attachment)
    if attachment.kind == "picture":
        if known.sees != (0, 0):
            yield f"{known.sees[0]:,} × {known.sees[1]:,}, {text.tokens(known.tokens, exact=known.exact)}"
        return
    if known.total:
        yield text.pages_of(known.total)
    if known.total > len(known.pages):
        yield text.PAGES_READ.format(read=f"{len(known.pages):,}")
    sent = text.tokens(known.tokens, exact=known.exact)
    yield text.UP_TO.format(tokens=sent) if known.way == "search" else sent


def _notes(known: Strip) -> str:
    note = f'<p class="note">{html.escape(known.note)}</p>' if known.note else ""
    warning = (
        f'<p class="warning" role="status">{html.escape(known.warning)}</p>'
        if known.warning
        else ""
    )
    return note + warning


def _controls(item: Item, known: Strip) -> str:
    choice = known.attachment.choice
    came = text.WAYS_AUTO.format(way=text.WAYS[known.way].lower())
    ways = [("auto", came if choice.way == "auto" else text.WAYS["auto"])]
    ways += [(way, text.WAYS[way]) for way in ("whole", "pages", "search")]
    parts = [_menu("way", text.WAY, ways, choice.way)]
    if choice.way == "pages":
        wrong = f'<span class="wrong" role="alert">{html.escape(item.wrong)}</span>'
        invalid = ' aria-invalid="true"' if item.wrong else ""
        parts.append(
            f'<label class="choice"><span>{text.PAGES}</span><input type="text" data-do="pages" '
            f'value="{html.escape(item.typed)}" placeholder="1-4, 9"{invalid}></label>'
            f"{wrong if item.wrong else ''}"
        )
    if known.encoding:
        parts.append(_encoding(known))
    return f'<div class="controls">{"".join(parts)}</div>'


def _encoding(known: Strip) -> str:
    found = text.ENCODING_FOUND.format(encoding=_called(known.encoding))
    chosen = known.attachment.encoding
    first = ("", found if not chosen else text.ENCODING_AUTO)
    return _menu("encoding", text.ENCODING, [first, *text.ENCODINGS], chosen)


def _called(encoding: str) -> str:
    """What people call a codec, whichever of its names it has here."""
    names = {_codec(name): words for name, words in text.ENCODINGS}
    return names.get(_codec(encoding)) or encoding.upper().replace("_", "-")


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name


def _menu(do: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{html.escape(words)}</option>'
        for value, words in choices
    )
    return (
        f'<label class="choice"><span>{label}</span><select data-do="{do}" data-value="{chosen}">'
        f"{options}</select></label>"
    )


def kind_of(attachment: Attachment) -> str:
    """PDF, Word document, JPEG picture and the like, with its size."""
    kind = text.KINDS.get(attachment.media_type)
    ending = PurePath(attachment.name).suffix.lstrip(".").upper()[:8]
    usual = text.PICTURE if attachment.kind == "picture" else text.DOCUMENT
    return f"{kind or ending or usual}, {size(attachment.size)}"
