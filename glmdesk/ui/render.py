"""From stored entries and running answers to what the Chatbot shows. Pure.

Content is always a list of typed parts: given a plain string, Gradio strips its indentation.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from glmdesk.chat.jobs import Snapshot
from glmdesk.messages import Attachment
from glmdesk.parsing import boxes, verbatim
from glmdesk.store.conversations import Entry
from glmdesk.ui import citing, grounding, text
from glmdesk.ui.citing import Edit

Bubble = dict[str, Any]
"""One Chatbot message."""

_SPECIAL = re.compile(r"_|[^\w\s,;:/%°…–—×·]")
PICTURE_SIDE = 640
"""Pixels of the longer side of an attached picture."""
COVER_SIDE = 160
DRAWN = ("application/pdf", "application/epub+zip")
"""Documents whose first page stands beside their name."""


def bubbles(
    entries: Sequence[Entry], *, running: bool = False, before: Sequence[Entry] = ()
) -> list[Bubble]:
    """All finished messages; while an answer is `running`, it is left to `live`.

    `before` are older ones that are not shown: answers may cite what was sent with them.
    """
    shown: list[Bubble] = []
    every = (*before, *entries)
    for index, entry in enumerate(entries, len(before)):
        if entry.role == "user":
            shown.append(_user(entry))
        elif entry.state != "running" or not running:
            shown += _answer(entry, every[:index])
    return shown


def live(now: Snapshot, before: Sequence[Entry] = ()) -> list[Bubble]:
    """An answer under way; `before` are the messages of its chat."""
    shown = []
    if now.thinking:
        done = bool(now.text) or not now.running
        shown.append(_thinking(now.thinking, now.thinking_s, done=done))
    if now.text:
        shown.append(_said(now.text, before, growing=now.running))
    return shown


def status(now: Snapshot) -> str:
    """What the answer is doing, while it has not said anything yet."""
    if not now.running:
        return ""
    if now.position:
        return text.waiting(now.position)
    if now.to_read and not now.thinking and not now.text:
        return text.reading(now.read, now.to_read)
    return "" if now.text or now.thinking else text.STARTING


def refusal(words: str) -> str:
    """Why something was not done, as HTML that is read out."""
    return f'<p class="refusal" role="alert">{html.escape(words)}</p>'


def meter(used: int, total: int) -> str:
    """How full the context is, as HTML."""
    if not total:
        return ""
    percent = min(100, round(100 * used / total))
    words = text.METER.format(used=f"{used:,}", total=f"{total:,}")
    return f'<div class="meter" title="{words}"><i style="width:{percent}%"></i></div><span>{words}</span>'


def empty_chat() -> str:
    """What stands in a chat without messages, as HTML."""
    hints = "".join(f"<li>{html.escape(hint)}</li>" for hint in text.EMPTY_HINTS)
    return f"<h2>{html.escape(text.EMPTY_TITLE)}</h2><ul>{hints}</ul>"


def _user(entry: Entry) -> Bubble:
    parts = [_attachment(attachment) for attachment in entry.attachments]
    if entry.text:
        parts.append(typed(entry.text))
    return _bubble("user", "\n\n".join(parts))


def _attachment(attachment: Attachment) -> str:
    name, address = plain(attachment.name), f"/files/{attachment.sha256}"
    note = f" *{plain(attachment.note)}*" if attachment.note else ""
    if attachment.kind == "picture":
        return f"![{name}]({address}/pages/0?side={PICTURE_SIDE}){note}"
    cover = f"[![]({address}/pages/1?side={COVER_SIDE})]({address}/pages/1) "
    return f"{cover if attachment.media_type in DRAWN else ''}[{name}]({address}){note}"


def plain(words: str) -> str:
    """Words as Markdown that shows exactly them, on one line.

    Entities, not backslashes: a backslash before a bracket would begin a formula.
    """
    return _entities(" ".join(words.split()))


def typed(words: str) -> str:
    """What a person typed, line by line, as Markdown that shows exactly that."""
    return "<br>".join(_line(line) for line in words.split("\n"))


def _line(line: str) -> str:
    inner = line.replace("\t", "    ").lstrip(" ")
    indent = len(line.replace("\t", "    ")) - len(inner)
    return "&nbsp;" * indent + _entities(inner)


def _entities(words: str) -> str:
    """Every sign that Markdown or HTML could read as its own; marks of direction are dropped."""
    return _SPECIAL.sub(
        lambda found: "" if unicodedata.category(found[0]) == "Cf" else f"&#{ord(found[0])};", words
    )


def without_tags(words: str) -> str:
    """A model's Markdown in which no HTML is left outside code; formulas keep their "less than"."""
    words = boxes.without_markers(words)
    return _edited(words, _tags(words))


def _tags(words: str) -> Iterator[Edit]:
    """Every "<" that Markdown could take for the beginning of HTML."""
    literal = verbatim.find(words)
    at = words.find("<")
    while at >= 0:
        part = verbatim.touched(literal, at, at + 1)
        if part is None:
            yield at, at + 1, "&lt;"
        elif part.kind == "formula":
            yield at, at + 1, "\\lt "
        at = words.find("<", at + 1)


def _edited(words: str, edits: Iterator[Edit] | Sequence[Edit]) -> str:
    pieces, done = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [words[done:start], new]
        done = end
    return "".join([*pieces, words[done:]])


def _said(
    words: str, before: Sequence[Entry], endings: Sequence[str] = (), *, growing: bool = False
) -> Bubble:
    """An answer with links to the pages it cites, and the pictures in which it has found something.

    A part of its own for what is not the model's: code that it leaves open would swallow the rest.
    """
    words = boxes.without_markers(words)
    links = citing.edits(words, citing.sources(before), growing=growing)
    marked = _edited(words, [*_tags(words), *links])
    figures = grounding.figures(words, before)
    if not figures:
        return _bubble("assistant", "\n\n".join(filter(None, (marked, *endings))))
    return _bubble("assistant", marked, "\n\n".join([*figures, *endings]))


def _answer(entry: Entry, before: Sequence[Entry]) -> list[Bubble]:
    shown = []
    if entry.thinking:
        shown.append(_thinking(entry.thinking, entry.timings.thinking_s, done=True))
    endings = _endings(entry)
    if entry.text or endings:
        shown.append(_said(entry.text, before, endings))
    return shown


def _endings(entry: Entry) -> list[str]:
    """What should be said about how the answer came to be and ended."""
    endings = [f"*{plain(entry.note)}*"] if entry.note else []
    if entry.state == "running":
        endings.append(f"*{plain(text.NOT_SAVED)}*")
    if entry.state == "cancelled":
        endings.append(f"*{text.STOPPED}*")
    if entry.state == "interrupted":
        endings.append(f"*{plain(text.INTERRUPTED)}*")
    if entry.state == "done" and not entry.text:
        endings.append(f"*{text.NO_ANSWER}*")
    if entry.error:
        endings.append(f"> {plain(entry.error)}")
    return endings


def is_thinking(now: Snapshot) -> bool:
    """Whether the model is thinking, and has not begun to answer."""
    return now.running and bool(now.thinking) and not now.text


def _thinking(words: str, seconds: float, *, done: bool) -> Bubble:
    bubble = _bubble("assistant", without_tags(words))
    title = text.thought_for(seconds) if done else text.THINKS
    bubble["metadata"] = {"title": title, "status": "done" if done else "pending"}
    return bubble


def _bubble(role: str, *parts: str) -> Bubble:
    return {"role": role, "content": [{"type": "text", "text": words} for words in parts]}
