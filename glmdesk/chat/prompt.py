"""The prompt of a turn: stored entries and their files become messages, ready to be priced and sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glmdesk.chat import history
from glmdesk.chat.content import Contents, Sent, check_eyes, limits_of, with_sent
from glmdesk.chat.context import answer_room
from glmdesk.chat.earlier import Earlier
from glmdesk.chat.prices import Prices
from glmdesk.chat.selection import room_for_documents
from glmdesk.chat.sources import FindFile, Gathered, Reading, Search, SentPages, Sought, Sources
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import Engine, Request
from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Detail, Message, SentPage, Text, Think
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
    cite: bool = False
    """Ask for the pages behind each statement, of a model that does not name them by itself."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The messages of a prompt; `seqs` are the entries they came from (0 for none)."""

    messages: tuple[Message, ...]
    seqs: tuple[int, ...]
    note: str = ""


def _no_file(sha256: str) -> tuple[Path, Attachment]:
    raise StorageError("There is no such file.")


def _no_search(sought: Sought) -> tuple[SentPage, ...]:
    raise StorageError("Documents cannot be searched here. Choose pages of them instead.")


@dataclass(frozen=True, kw_only=True)
class TurnTools:
    """What a turn needs from the rest: how to read files, where they lie, where a cut is remembered."""

    contents: Contents
    prices: Prices = field(default_factory=Prices)
    search: Search = field(default=_no_search)
    find_file: FindFile = field(default=_no_file)
    remember_start: Callable[[int], None] = field(default=lambda seq: None)
    remember_limits: Callable[[int, Sent], None] = field(default=lambda seq, sent: None)
    """How large each model was sent the pictures of a question."""
    remember_sent: Callable[[int, SentPages], None] = field(default=lambda seq, sent: None)
    """Which pages of documents went with a question."""

    @property
    def sources(self) -> Sources:
        return Sources(self.contents, self.prices, self.search)


def prepare(
    entries: Sequence[Entry], engine: Engine, tools: TurnTools, options: Options
) -> Prepared:
    """Read the attachments of `entries` into one prompt. Raises DocumentError or EngineError."""
    maker = _Maker(engine, tools, options)
    messages = _system(options)
    seqs = [0 for _ in messages]
    notes: list[str] = []
    for question, answer in history.turns(entries):
        if not history.worth_sending(question, answer):
            continue
        new = answer is None or answer.state == "running"
        message, note = maker.question(question, messages, new=new)
        notes.append(note)
        messages.append(history.as_sent(message, None if new else answer))
        seqs.append(question.seq)
        if answer and not new:
            messages.append(history.answer_message(answer))
            seqs.append(answer.seq)
    told = " ".join(dict.fromkeys(filter(None, notes)))
    return Prepared(messages=tuple(messages), seqs=tuple(seqs), note=told)


def prepare_one(
    question: str,
    attachments: Sequence[Attachment],
    engine: Engine,
    tools: TurnTools,
    options: Options,
) -> Prepared:
    """A prompt of a single question that is not stored. Raises DocumentError or EngineError."""
    maker, messages = _Maker(engine, tools, options), _system(options)
    check_eyes(attachments, engine.info)
    limits = limits_of(engine.info, options.detail)
    gathered = maker.gather(question, attachments, limits, messages)
    message = tools.contents.question(
        question, gathered.attached, engine.info, limits, cite=options.cite
    )
    messages.append(message)
    return Prepared(messages=tuple(messages), seqs=tuple(0 for _ in messages), note=gathered.note)


class _Maker:
    """Makes the messages of a chat's questions, one after the other, for one engine."""

    def __init__(self, engine: Engine, tools: TurnTools, options: Options) -> None:
        self._engine, self._tools, self._options = engine, tools, options
        self._earlier = Earlier()

    def question(
        self, question: Entry, before: Sequence[Message], *, new: bool
    ) -> tuple[Message, str]:
        """The question with its attachments; what it is sent with is remembered, and kept later."""
        info, tools = self._engine.info, self._tools
        if new:
            check_eyes(question.attachments, info)
        limits = limits_of(info, question.detail, question.picture_limits)
        gathered = self._gathered(question, limits, before, new=new)
        self._earlier = self._earlier.after(question.attachments, gathered.sent)
        message = tools.contents.question(
            question.text, gathered.attached, info, limits, cite=self._options.cite
        )
        if gathered.attached and limits and info.id not in question.picture_limits:
            sent = with_sent(question.picture_limits, info, limits)
            tools.remember_limits(question.seq, sent)
        return message, gathered.note

    def _gathered(
        self,
        question: Entry,
        limits: PictureLimits | None,
        before: Sequence[Message],
        *,
        new: bool,
    ) -> Gathered:
        tools, attachments = self._tools, question.attachments
        searched = self._earlier.searched(attachments) if new else ()
        documents = any(one.kind == "document" for one in attachments)
        if question.sent or not (documents or searched):
            files = self._earlier.named(attachments, question.sent)
            return tools.sources.again(files, question.sent, tools.find_file)
        try:
            gathered = self.gather(question.text, attachments, limits, before, searched)
        except StorageError:
            if new:
                raise
            return tools.sources.again(attachments, question.sent, tools.find_file)
        tools.remember_sent(question.seq, gathered.sent)
        return gathered

    def gather(
        self,
        text: str,
        attachments: Sequence[Attachment],
        limits: PictureLimits | None,
        before: Sequence[Message],
        searched: Sequence[Attachment] = (),
    ) -> Gathered:
        """Choose the pages of a new question's documents for this engine, and of those that were
        `searched` for an earlier one."""
        files = (*attachments, *searched)
        documents = any(one.kind == "document" for one in files)
        reading = Reading(
            model=self._engine.info.id,
            limits=limits,
            room=self._room(before) if documents else 0,
            count=self._engine.count,
            earlier={one.sha256: self._earlier.sent[one.sha256] for one in searched},
        )
        return self._tools.sources.gather(files, text, self._tools.find_file, reading)

    def _room(self, before: Sequence[Message]) -> int:
        n_ctx = self._engine.info.n_ctx
        used = 0
        if before:
            used = self._engine.price(request_of(self._engine, before, self._options)).total
        return room_for_documents(n_ctx, answer_room(n_ctx), used)


def _system(options: Options) -> list[Message]:
    if not options.system:
        return []
    return [Message(role="system", parts=(Text(text=options.system),))]


def request_of(engine: Engine, messages: Sequence[Message], options: Options) -> Request:
    """What the engine is asked: `options`, and where they leave something open, the model's own."""
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
