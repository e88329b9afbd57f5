"""One turn: the stored conversation becomes a prompt, the engine's events become a stored answer."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glmdesk.chat import history
from glmdesk.chat.content import Contents, Sent, limits_of, with_sent
from glmdesk.chat.context import Fit, fit
from glmdesk.engines.base import Engine, ModelInfo, Request
from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Detail, Event, Message, Noted, Text, Think
from glmdesk.sampling import Sampling
from glmdesk.store.conversations import Entry


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a person wants the answer; what `Request` has under the same name is said there."""

    think: Think = "auto"
    system: str = ""
    sampling: Sampling | None = None
    """None takes what the model's makers recommend."""
    max_tokens: int = 0
    """0 takes the model's own limit."""
    conversation: str = ""
    thinking_budget: int = 0
    keep_thinking: bool = False
    stock_history: bool = False
    json_schema: Mapping[str, Any] | None = None
    grammar: str = ""
    prompt_lookup: bool = True
    detail: Detail = "normal"
    """How closely the model looks at the pictures of this turn."""


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
    remember_limits: Callable[[int, Sent], None] = field(default=lambda seq, sent: None)
    """How large each model was sent the pictures of a question."""


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
        sent = question.picture_limits
        limits = limits_of(info, question.detail, sent)
        message, note = tools.contents.question(
            question.text, attached, info, new=new, limits=limits
        )
        if attached and limits and info.id not in sent:
            tools.remember_limits(question.seq, with_sent(sent, info, limits))
        messages.append(history.as_sent(message, None if new else answer))
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


def run(  # noqa: PLR0913 - both flags are set while it runs, so they are no options
    engine: Engine,
    prepared: Prepared,
    tools: TurnTools,
    options: Options,
    stop: threading.Event,
    answer_now: threading.Event | None = None,
) -> Iterator[Event]:
    """Fit the prompt into the context, then stream the answer; `answer_now` ends its thinking.

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
    yield from engine.stream(request, stop, answer_now)


def _cut(messages: Sequence[Message], cut: Fit) -> tuple[Message, ...]:
    system = messages[:1] if messages[0].role == "system" else ()
    return (*system, *messages[cut.start :])


def _request(engine: Engine, messages: Sequence[Message], options: Options) -> Request:
    info = engine.info
    return Request(
        messages=tuple(messages),
        think=options.think if info.thinking else "auto",
        sampling=options.sampling or info.sampling,
        max_tokens=options.max_tokens or info.max_tokens,
        conversation=options.conversation,
        thinking_budget=options.thinking_budget,
        keep_thinking=options.keep_thinking,
        stock_history=options.stock_history,
        json_schema=options.json_schema,
        grammar=options.grammar,
        prompt_lookup=options.prompt_lookup,
    )
