"""From stored entries and running answers to what the Chatbot shows. Pure.

Content is always a list of typed parts: given a plain string, Gradio strips its indentation.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from glmdesk.chat.jobs import Snapshot
from glmdesk.messages import Attachment
from glmdesk.store.conversations import Entry
from glmdesk.ui import text

Bubble = dict[str, Any]
"""One Chatbot message."""

_SPECIAL = re.compile(r"_|[^\w\s,;:/%°…–—×·]")
_TAG = re.compile(
    r"(?P<code>^ {0,3}(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<formula>\$\$.{0,2000}?\$\$|\\\[.{0,2000}?\\\]|\\\(.{0,2000}?\\\))|<",
    re.DOTALL | re.MULTILINE,
)


def bubbles(entries: Sequence[Entry], *, running: bool = False) -> list[Bubble]:
    """All finished messages; while an answer is `running`, it is left to `live`."""
    shown: list[Bubble] = []
    for entry in entries:
        if entry.role == "user":
            shown.append(_user(entry))
        elif entry.state != "running" or not running:
            shown += _answer(entry)
    return shown


def live(now: Snapshot) -> list[Bubble]:
    """An answer under way."""
    shown = []
    if now.thinking:
        done = bool(now.text) or not now.running
        shown.append(_thinking(now.thinking, now.thinking_s, done=done))
    if now.text:
        shown.append(_bubble("assistant", without_tags(now.text)))
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
        return f"![{name}]({address}){note}"
    return f"[{name}]({address}){note}"


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
    return _TAG.sub(_without_tag, words)


def _without_tag(found: "re.Match[str]") -> str:
    if found["code"]:
        return found[0]
    return found[0].replace("<", "\\lt ") if found["formula"] else found[0].replace("<", "&lt;")


def _answer(entry: Entry) -> list[Bubble]:
    shown = []
    if entry.thinking:
        shown.append(_thinking(entry.thinking, entry.timings.thinking_s, done=True))
    words = "\n\n".join(filter(None, (without_tags(entry.text), *_endings(entry))))
    if words:
        shown.append(_bubble("assistant", words))
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


def _bubble(role: str, words: str) -> Bubble:
    return {"role": role, "content": [{"type": "text", "text": words}]}
