"""The library of documents as HTML: each with its size, the chats that use it, and what it frees. Pure."""

import html
from collections.abc import Iterable, Sequence

from glmdesk.chat.papers import Shelved
from glmdesk.sizes import size
from glmdesk.ui import cards, strip, text


def draw(shelved: Sequence[Shelved]) -> str:
    """All documents; a sentence when there are none."""
    if not shelved:
        return f'<p class="facts">{text.DOCUMENTS_NONE}</p>'
    return "".join(_document(one) for one in shelved)


def _document(one: Shelved) -> str:
    attachment = one.attachment
    name = html.escape(attachment.name)
    page = 0 if attachment.kind == "picture" else 1
    thumb = cards.thumbnail(attachment, page, text.LOOK_AT.format(name=attachment.name))
    note = f'<p class="note">{html.escape(attachment.note)}</p>' if attachment.note else ""
    return (
        f'<article class="paper" data-sha256="{attachment.sha256}">{thumb}'
        f'<div class="about"><h3 title="{name}">{name}</h3>'
        f'<p class="facts">{html.escape(" · ".join(_facts(one)))}</p>{note}'
        f'<div class="actions">{_buttons(one)}</div></div></article>'
    )


def _facts(one: Shelved) -> Iterable[str]:
    yield strip.kind_of(one.attachment)
    if one.attachment.pages:
        yield text.pages_of(one.attachment.pages)
    if one.chats:
        yield text.IN_CHATS.format(chats=text.chats_of(one.chats))
    if one.cached:
        yield text.MADE_OF_IT.format(size=size(one.cached))


def _buttons(one: Shelved) -> str:
    frees = text.REMOVE_DOCUMENT.format(size=size(one.attachment.size + one.cached))
    sure = text.SURE_USED_DOCUMENT if one.chats else text.SURE_DOCUMENT
    question = sure.format(name=one.attachment.name, chats=text.chats_of(one.chats))
    sha256 = f'data-sha256="{one.attachment.sha256}"'
    pressed, keep = ("true", "loose") if one.kept else ("false", "keep")
    return (
        f'<button type="button" class="primary" data-do="use" {sha256}>{text.USE_HERE}</button>'
        f'<button type="button" class="plain" data-do="{keep}" {sha256} aria-pressed="{pressed}" '
        f'title="{text.KEEP_HINT}">{text.KEEP_DOCUMENT}</button>'
        f'<button type="button" class="plain" data-do="remove" {sha256} '
        f'data-ask="{html.escape(question)}">{frees}</button>'
    )
