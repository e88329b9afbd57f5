"""One turn: the stored conversation becomes a prompt, the engine's events become a stored answer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from glmdesk.chat import history
from glmdesk.chat.content import Contents
from glmdesk.chat.context import Fit, fit
from glmdesk.engines.base import Engine, ModelInfo, Request
from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Event, Message, Noted, Text, Think
from glmdesk.sampling import Sampling
from glmdesk.store.conversations import Entry


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a person wants the answer. `sampling` None takes what the model's makers recommend."""

    think: Think = "auto"
    system: str = ""
    sampling: Sampling | None = None
    max_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The messages of a prompt; `seqs` are the entries they came from (0 for none)."""

    messages: tuple[Message, ...]
    seqs: tuple[int, ...]
    note: str = ""


FindFile = Callable[[str], tuple[Path, Attachment]]
"""Where the file of a sha256 lies, and what it is. Raises StorageError."""


def _no_file(sha256: str) -> tuple[Path, Attachment]:
    raise StorageError("There is no such file.")


@dataclass(frozen=True, kw_only=True)
class TurnTools:
    """What a turn needs from the rest: how to read files, where they lie, where a cut is remembered."""

    contents: Contents
    find_file: FindFile = field(default=_no_file)
    remember_start: Callable[[int], None] = field(default=lambda seq: None)


def prepare(
    entries: Sequence[Entry], info: ModelInfo, tools: TurnTools, options: Options
) -> Prepared:
    """Read the attachments of `entries` into one prompt. Raises DocumentError or EngineError."""
    messages = _system(options)
    seqs = [0 for _ in messages]
    note = ""
    for question, answer in history.turns(entries):
        if not history.worth_sending(question, answer):
            continue
        attached = [tools.find_file(one.sha256) for one in question.attachments]
        new = answer is None or answer.state == "running"
        message, note = tools.contents.question(question.text, attached, info, new=new)
        messages.append(message)
        seqs.append(question.seq)
        if answer and not new:
            messages.append(history.answer_message(answer))
            seqs.append(answer.seq)
    return Prepared(messages=tuple(messages), seqs=tuple(seqs), note=note)


def prepare_one(message: Message, note: str, options: Options) -> Prepared:
    """A prompt of a single question."""
    messages = (*_system(options), message)
    return Prepared(messages=messages, seqs=tuple(0 for _ in messages), note=note)


def _system(options: Options) -> list[Message]:
    if not options.system:
        return []
    return [Message(role="system", parts=(Text(text=options.system),))]


def run(
    engine: Engine, prepared: Prepared, tools: TurnTools, options: Options, stop: threading.Event
) -> Iterator[Event]:
    """Fit the prompt into the context, then stream the answer.

    Yields Noted for what a person should know, then the engine's events.
    Raises ContextFull, EngineError.
    """
    if prepared.note:
        yield Noted(text=prepared.note)
    request = _request(engine, prepared.messages, options)
    price = engine.price(request)
    cut = fit(price.per_message, [m.role for m in prepared.messages], engine.info.n_ctx)
    if cut.start:
        tools.remember_start(prepared.seqs[cut.start])
        request = replace(request, messages=_cut(prepared.messages, cut))
        yield Noted(
            text=f"This chat is longer than the model can see: its first {cut.dropped} messages are "
            "no longer included."
        )
    yield from engine.stream(request, stop)


def _cut(messages: Sequence[Message], cut: Fit) -> tuple[Message, ...]:
    system = messages[:1] if messages[0].role == "system" else ()
    return (*system, *messages[cut.start :])


def _request(engine: Engine, messages: Sequence[Message], options: Options) -> Request:
    info = engine.info
    return Request(
        messages=tuple(messages),
        think=options.think if info.thinking else "auto",
        sampling=options.sampling or info.sampling,
        max_tokens=options.max_tokens,
    )
