"""From stored entries to a prompt: what is sent, what is left out, and what is said about it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.chat.content import UNSEEN, Contents
from glmdesk.chat.prompt import Options, Prepared, TurnTools, prepare, prepare_one
from glmdesk.chat.turn import run
from glmdesk.documents.reader import Reader
from glmdesk.engines.base import ModelInfo, Price, Request
from glmdesk.engines.scripted import INFO, ScriptedEngine
from glmdesk.errors import ContextFull, EngineError
from glmdesk.messages import (
    Answer,
    Attachment,
    Event,
    Finished,
    Message,
    Noted,
    Picture,
    Role,
    Text,
    Think,
    Thinking,
    Timings,
    Usage,
)
from glmdesk.paths import find
from glmdesk.store.conversations import Entry, State

PICTURE = Attachment(sha256="a" * 64, name="a.png", kind="picture", media_type="image/png", size=1)
SEEING = ModelInfo(
    id="v", name="V", n_ctx=4096, vision=True, image_min_tokens=8, image_max_tokens=16
)


def entry(
    seq: int,
    role: str,
    text: str,
    *,
    state: State = "done",
    attachments: tuple[Attachment, ...] = (),
    tokens: tuple[int, ...] = (),
    thinking: str = "",
    think: Think = "auto",
) -> Entry:
    return Entry(
        id=seq, conversation="c", seq=seq, role=role, text=text, attachments=attachments,  # type: ignore[arg-type]
        thinking=thinking, state=state, think=think, model="m", usage=Usage(), timings=Timings(),
        tokens=tokens, error="", note="", created=0.0,
    )  # fmt: skip


class FakeReader(Reader):
    """Gives every picture the same pixels, without a child process."""

    def __init__(self, folder: Path) -> None:
        super().__init__(find(folder))

    def picture(self, path: Path, sha256: str, limits: object, name: str = "") -> Picture:
        return Picture(id=sha256, width=84, height=84, path=path, name=name)


@pytest.fixture
def tools(tmp_path: Path) -> TurnTools:
    return TurnTools(
        contents=Contents(FakeReader(tmp_path)),
        find_file=lambda sha256: (tmp_path / sha256, PICTURE),
    )


def words(message: Message) -> str:
    return "".join(part.text if isinstance(part, Text) else "[picture]" for part in message.parts)


def test_a_conversation_becomes_messages(tools: TurnTools) -> None:
    entries = [
        entry(1, "user", "look", attachments=(PICTURE,)),
        entry(2, "assistant", "a cat", tokens=(7, 8)),
        entry(3, "user", "and now?"),
        entry(4, "assistant", "", state="running"),
    ]
    prepared = prepare(entries, ScriptedEngine(info=SEEING), tools, Options(system="Be brief."))
    roles: list[Role] = [message.role for message in prepared.messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert [words(message) for message in prepared.messages] == [
        "Be brief.", "[picture]look", "a cat", "and now?",
    ]  # fmt: skip
    assert prepared.messages[2].tokens == (7, 8)
    assert prepared.seqs == (0, 1, 2, 3)


def test_each_question_knows_the_switch_it_was_sent_with(tools: TurnTools) -> None:
    entries = [
        entry(1, "user", "q1"),
        entry(2, "assistant", "a1", think="off"),
        entry(3, "user", "q2"),
        entry(4, "assistant", "a2", think="on", thinking="because", state="cancelled"),
        entry(5, "user", "q3"),
        entry(6, "assistant", "", think="off", state="running"),
    ]
    prepared = prepare(entries, ScriptedEngine(info=INFO), tools, Options(think="off"))
    assert [message.think for message in prepared.messages] == ["off", None, "on", None, None]
    assert [message.thinking for message in prepared.messages] == ["", "", "", "because", ""]
    unanswered = prepare(entries[:1], ScriptedEngine(info=INFO), tools, Options(think="off"))
    assert unanswered.messages[0].think is None


def test_a_turn_that_failed_without_a_word_is_not_sent_again(tools: TurnTools) -> None:
    entries = [
        entry(1, "user", "too long"),
        entry(2, "assistant", "", state="failed"),
        entry(3, "user", "stopped"),
        entry(4, "assistant", "", state="cancelled"),
        entry(5, "user", "hello"),
        entry(6, "assistant", "", state="running"),
    ]
    prepared = prepare(entries, ScriptedEngine(info=INFO), tools, Options())
    assert [words(message) for message in prepared.messages] == ["stopped", "", "hello"]


def test_a_picture_for_a_model_without_eyes(tools: TurnTools) -> None:
    old = [
        entry(1, "user", "look", attachments=(PICTURE,)),
        entry(2, "assistant", "a cat"),
        entry(3, "user", "and now?"),
        entry(4, "assistant", "", state="running"),
    ]
    assert UNSEEN in words(prepare(old, ScriptedEngine(info=INFO), tools, Options()).messages[0])
    new = [old[0], entry(2, "assistant", "", state="running")]
    with pytest.raises(EngineError, match="cannot see pictures"):
        prepare(new, ScriptedEngine(info=INFO), tools, Options())


def _asked(text: str) -> Message:
    return Message(role="user", parts=(Text(text=text),))


def _prepared(text: str, tools: TurnTools) -> Prepared:
    return prepare_one(text, (), ScriptedEngine(), tools, Options())


def test_the_switch_is_only_passed_to_a_model_that_has_it(tools: TurnTools) -> None:
    seen: list[Think] = []

    def script(request: Request) -> list[Answer | Finished]:
        seen.append(request.think)
        return [Finished(reason="stop")]

    prepared = _prepared("x", tools)
    plain = ModelInfo(id="p", name="P", n_ctx=4096)
    for info in (INFO, plain):
        engine = ScriptedEngine(script, info)
        list(run(engine, prepared, tools, Options(think="on"), threading.Event()))
    assert seen == ["on", "auto"]


def _request_for(options: Options, info: ModelInfo = INFO) -> Request:
    requests: list[Request] = []

    def script(request: Request) -> list[Finished]:
        requests.append(request)
        return [Finished(reason="stop")]

    tools = TurnTools(contents=Contents(FakeReader(Path("nowhere"))))
    engine = ScriptedEngine(script, info)
    list(run(engine, _prepared("x", tools), tools, options, threading.Event()))
    return requests[0]


def test_what_is_asked_for_reaches_the_engine() -> None:
    plain = _request_for(Options())
    assert plain == Request(messages=(_asked("x"),))
    wanted = {
        "conversation": "c", "thinking_budget": 7, "keep_thinking": True, "stock_history": True,
        "json_schema": {"type": "object"}, "grammar": 'root ::= "x"', "prompt_lookup": False,
    }  # fmt: skip
    assert _request_for(Options(**wanted)) == Request(messages=(_asked("x"),), **wanted)  # type: ignore[arg-type]


def test_the_longest_answer_is_the_models_unless_said() -> None:
    limited = replace(INFO, max_tokens=50)
    assert _request_for(Options()).max_tokens == 0
    assert _request_for(Options(), limited).max_tokens == 50
    assert _request_for(Options(max_tokens=9), limited).max_tokens == 9


class Hasty(ScriptedEngine):
    """Thinks until it is told to answer."""

    def stream(
        self, request: Request, stop: threading.Event, answer_now: threading.Event | None = None
    ) -> Iterator[Event]:
        assert answer_now
        while not answer_now.is_set():
            yield Thinking(text="hm")
        yield Finished(reason="stop")


def test_thinking_can_be_ended(tools: TurnTools) -> None:
    options, now = Options(), threading.Event()
    prepared = _prepared("x", tools)
    events = run(Hasty(), prepared, tools, options, threading.Event(), now)
    assert next(events) == Thinking(text="hm")
    now.set()
    assert list(events) == [Finished(reason="stop")]


class Costly(ScriptedEngine):
    """Every message costs 1,000 cells."""

    def price(self, request: Request) -> Price:
        return Price(per_message=tuple(1000 for _ in request.messages))


def test_a_long_chat_is_cut_once_and_said(tools: TurnTools, tmp_path: Path) -> None:
    remembered: list[int] = []
    tools = TurnTools(contents=tools.contents, remember_start=remembered.append)
    entries = [entry(n, "user" if n % 2 else "assistant", f"m{n}") for n in range(1, 8)]
    prepared = prepare(entries, ScriptedEngine(info=INFO), tools, Options())
    sent: list[int] = []

    def script(request: Request) -> list[Finished]:
        sent.append(len(request.messages))
        return [Finished(reason="stop")]

    events = list(run(Costly(script), prepared, tools, Options(), threading.Event()))
    assert remembered == [7]
    assert sent == [1]
    assert isinstance(events[0], Noted)
    assert "first 6 messages" in events[0].text


def test_one_message_too_long(tools: TurnTools) -> None:
    prepared = _prepared("x" * 40_000, tools)
    with pytest.raises(ContextFull, match="Nothing is lost"):
        list(run(ScriptedEngine(), prepared, tools, Options(), threading.Event()))
