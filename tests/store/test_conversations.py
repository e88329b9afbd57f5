"""Round trips, order, ownership and recovery of chats, on a real database."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glmdesk.errors import StorageError
from glmdesk.messages import Attachment, Choice, Detail, SentPage, Timings, Usage
from glmdesk.store.conversations import Conversations, Outcome, Question, State
from glmdesk.store.database import Database

CAT = Attachment(
    sha256="a" * 64,
    name="Katze 🐈\u200d⬛ #1.png",
    kind="picture",
    media_type="image/png",
    size=2**33,
    note="first of 12 frames",
)
REPORT = replace(CAT, sha256="b" * 64, name="../../etc/passwd", kind="document", note="")
OUTCOME = Outcome(
    state="done",
    thinking="Hm, 让我想想 🤔",
    text="Hello\n    indented\n\n👩\u200d👩\u200d👧 done",
    think="on",
    usage=Usage(prompt_tokens=1, cached_tokens=2, image_tokens=3, completion_tokens=4),
    timings=Timings(
        first_token_s=0.1, prompt_tokens_per_s=1e9, tokens_per_s=12.5, thinking_s=1 / 3
    ),
    tokens=(0, 151_329, 2**31 - 1, -1),
    error="It broke.",
    note="Two turns were left out.",
)


def started(chats: Conversations, owner: str = "owner") -> tuple[str, int]:
    """A chat with a question and a running answer: the ids of the chat and the answer."""
    chat = chats.create(owner)
    _, answer = chats.ask(owner, chat.id, Question(text="hi"), "glm", "auto")
    return chat.id, answer.id


def test_a_new_chat_is_empty(chats: Conversations) -> None:
    chat = chats.create("owner", "off")
    assert (chat.owner, chat.title, chat.model, chat.think) == ("owner", "", "", "off")
    assert chat.context_start == 0
    assert len(chat.id) == 32
    assert chats.get("owner", chat.id) == chat
    assert chats.entries("owner", chat.id) == []


def test_a_question_keeps_every_field(chats: Conversations) -> None:
    chat = chats.create("owner")
    question = chats.add_user("owner", chat.id, "What is this? 🦊", (CAT, REPORT))
    assert chats.entries("owner", chat.id) == [question]
    assert (question.seq, question.role, question.state) == (1, "user", "done")
    assert question.text == "What is this? 🦊"
    assert question.attachments == (CAT, REPORT)
    assert question.conversation == chat.id


@pytest.mark.parametrize("detail", ["low", "normal", "high", 8, 1234])
def test_a_question_keeps_the_detail_of_its_pictures(chats: Conversations, detail: Detail) -> None:
    chat = chats.create("owner").id
    chats.ask("owner", chat, Question(text="x", detail=detail), "glm", "auto")
    question, answer = chats.entries("owner", chat)
    assert (question.detail, question.picture_limits) == (detail, {})
    assert answer.detail == "normal"


def test_how_large_pictures_were_sent_is_kept_for_each_model(chats: Conversations) -> None:
    chat = chats.create("owner").id
    for _ in range(2):
        chats.add_user("owner", chat, "look", (CAT,))
    limits = {"glm": (8, 2048), "/models/Katze 🐈.gguf": (1, 16)}
    chats.set_picture_limits("owner", chat, 1, limits)
    assert [entry.picture_limits for entry in chats.entries("owner", chat)] == [limits, {}]
    with pytest.raises(StorageError, match="no such message"):
        chats.set_picture_limits("owner", chat, 3, limits)


def test_the_pages_that_were_sent_are_remembered(chats: Conversations) -> None:
    chat = chats.create("owner").id
    for _ in range(2):
        chats.add_user("owner", chat, "look", (CAT,))
    sent = {
        "a" * 64: (
            SentPage(number=3, mode="both"),
            SentPage(number=9, mode="text", start=7, end=88),
        )
    }
    chats.set_sent("owner", chat, 1, sent)
    assert [entry.sent for entry in chats.entries("owner", chat)] == [sent, {}]
    with pytest.raises(StorageError, match="no such message"):
        chats.set_sent("owner", chat, 3, sent)


def test_how_a_document_was_to_be_sent_is_kept(chats: Conversations) -> None:
    chat = chats.create("owner").id
    choice = Choice(way="pages", pages="1-4, 9", modes=((2, "picture"), (3, "both")))
    chosen = replace(CAT, pages=12, encoding="cp1252", choice=choice)
    assert chats.add_user("owner", chat, "", (chosen,)).attachments == (chosen,)


def test_one_file_attached_twice_is_shown_twice(chats: Conversations) -> None:
    chat = chats.create("owner")
    assert chats.add_user("owner", chat.id, "", (CAT, CAT)).attachments == (CAT, CAT)


def test_an_answer_keeps_every_field(chats: Conversations) -> None:
    chat = chats.create("owner")
    answer = chats.begin_answer("owner", chat.id, "glm-4.6v", "auto")
    assert (answer.role, answer.state, answer.model, answer.think) == (
        "assistant",
        "running",
        "glm-4.6v",
        "auto",
    )
    chats.finish(answer.id, OUTCOME)
    (kept,) = chats.entries("owner", chat.id)
    for name, value in vars(OUTCOME).items():
        assert getattr(kept, name) == value
    assert (kept.id, kept.seq, kept.model) == (answer.id, 1, "glm-4.6v")
    assert chats.get("owner", chat.id).model == "glm-4.6v"


@pytest.mark.parametrize("state", ["done", "cancelled", "failed", "interrupted"])
def test_every_end_is_kept(chats: Conversations, state: State) -> None:
    chat, answer = started(chats)
    chats.finish(answer, replace(OUTCOME, state=state))
    assert chats.entries("owner", chat)[1].state == state


def test_a_megabyte_of_text(chats: Conversations) -> None:
    chat, answer = started(chats)
    text = "длинный текст 🐘 " * 40_000
    assert len(text.encode()) > 2**20
    tokens = tuple(range(200_000))
    chats.finish(answer, Outcome(state="done", text=text, thinking=text[::-1], tokens=tokens))
    kept = chats.entries("owner", chat)[1]
    assert (kept.text, kept.thinking, kept.tokens) == (text, text[::-1], tokens)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(Database(tmp_path_factory.mktemp("shared") / "glmdesk.db")) as opened:
        yield opened


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    words=text,
    name=text,
    tokens=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20),
    rate=st.floats(allow_nan=False),
)
def test_any_text_comes_back(
    shared: Database, words: str, name: str, tokens: list[int], rate: float
) -> None:
    chats = Conversations(shared)
    chat = chats.create("owner")
    asked = Question(text=words, attachments=(replace(CAT, name=name),))
    _, answer = chats.ask("owner", chat.id, asked, "glm", "auto")
    outcome = replace(
        OUTCOME, text=words, note=name, tokens=tuple(tokens), timings=Timings(tokens_per_s=rate)
    )
    chats.finish(answer.id, outcome)
    chats.rename("owner", chat.id, name)
    question, kept = chats.entries("owner", chat.id)
    assert (question.text, question.attachments) == (words, asked.attachments)
    assert (kept.text, kept.note, kept.tokens) == (words, name, tuple(tokens))
    assert kept.timings.tokens_per_s == rate
    assert chats.get("owner", chat.id).title == name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("half \ud83d", "half \ufffd"),
        ("\udc31 x", "\ufffd x"),
        ("pair \ud83d\udc31", "pair 🐱"),
        ("\ud83d\ud83d\udc31", "\ufffd🐱"),
    ],
)
def test_half_a_character_does_not_lose_the_message(
    chats: Conversations, sent: str, kept: str
) -> None:
    chat = chats.create("owner")
    entry = chats.add_user("owner", chat.id, sent, (replace(CAT, name=sent),))
    assert entry.text == kept
    assert entry.attachments[0].name == kept


def test_settings_of_a_chat(chats: Conversations) -> None:
    chat = chats.create("owner").id
    chats.rename("owner", chat, "Cats & '; DROP TABLE entry; --")
    chats.set_think("owner", chat, "on")
    chats.set_context_start("owner", chat, 7)
    changed = chats.get("owner", chat)
    assert changed.title == "Cats & '; DROP TABLE entry; --"
    assert (changed.think, changed.context_start) == ("on", 7)


def test_order_survives_a_clock_that_jumps_back(database: Database) -> None:
    times = itertools.cycle([1_800_000_000.0, 5.0, 1_700_000_000.0, 0.0])
    chats = Conversations(database, clock=lambda: next(times))
    first, second, third = (chats.create("owner").id for _ in range(3))
    texts = [str(number) for number in range(9)]
    for number in texts:
        chats.add_user("owner", second, number)
    assert [entry.text for entry in chats.entries("owner", second)] == texts
    assert [entry.seq for entry in chats.entries("owner", second)] == list(range(1, 10))
    assert [chat.id for chat in chats.list("owner")] == [second, third, first]


def test_renaming_does_not_move_a_chat_up(chats: Conversations) -> None:
    older, newer = chats.create("owner").id, chats.create("owner").id
    chats.rename("owner", older, "x")
    chats.set_think("owner", older, "on")
    assert [chat.id for chat in chats.list("owner")] == [newer, older]


METHODS: dict[str, Callable[[Conversations, str, str], object]] = {
    "get": lambda chats, owner, id: chats.get(owner, id),
    "rename": lambda chats, owner, id: chats.rename(owner, id, "mine now"),
    "delete": lambda chats, owner, id: chats.delete(owner, id),
    "entries": lambda chats, owner, id: chats.entries(owner, id),
    "add_user": lambda chats, owner, id: chats.add_user(owner, id, "x"),
    "begin_answer": lambda chats, owner, id: chats.begin_answer(owner, id, "m", "on"),
    "ask": lambda chats, owner, id: chats.ask(owner, id, Question(text="x"), "m", "on"),
    "set_context_start": lambda chats, owner, id: chats.set_context_start(owner, id, 3),
    "set_think": lambda chats, owner, id: chats.set_think(owner, id, "on"),
    "set_picture_limits": lambda chats, owner, id: chats.set_picture_limits(
        owner, id, 1, {"glm": (8, 256)}
    ),
    "set_sent": lambda chats, owner, id: chats.set_sent(owner, id, 1, {}),
}
"""Every method that takes a chat's id."""


def test_the_matrix_is_complete() -> None:
    public = {name for name in vars(Conversations) if not name.startswith("_")}
    assert public - {"create", "list", "ids", "save_draft", "finish", "recover"} == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_the_owner_is_let_in(chats: Conversations, method: str) -> None:
    chat, _ = started(chats)
    METHODS[method](chats, "owner", chat)


@pytest.mark.parametrize("owner", ["visitor", "", "OWNER", "owner ", "%", "owner' OR '1'='1"])
@pytest.mark.parametrize("method", METHODS)
def test_another_owner_finds_nothing(chats: Conversations, method: str, owner: str) -> None:
    chat, _ = started(chats)
    before = chats.get("owner", chat), chats.entries("owner", chat)
    with pytest.raises(StorageError, match=r"^There is no such chat\.$"):
        METHODS[method](chats, owner, chat)
    assert (chats.get("owner", chat), chats.entries("owner", chat)) == before
    assert chats.list(owner) == []


@pytest.mark.parametrize("id", ["", "0" * 32, "%", "\0", "\ud800", "x" * 100_000])
@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_id_finds_nothing(chats: Conversations, method: str, id: str) -> None:
    started(chats)
    with pytest.raises(StorageError):
        METHODS[method](chats, "owner", id)


def test_owners_have_their_own_lists(chats: Conversations) -> None:
    mine, _ = started(chats, "owner")
    theirs, _ = started(chats, "visitor")
    assert [chat.id for chat in chats.list("owner")] == [mine]
    assert [chat.id for chat in chats.list("visitor")] == [theirs]


def test_ask_stores_both_or_neither(chats: Conversations, database: Database) -> None:
    chat = chats.create("owner").id
    with database.transaction() as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON entry WHEN new.role = 'assistant'"
            " BEGIN SELECT raise(ABORT, 'refused'); END"
        )
    with pytest.raises(StorageError, match="refused"):
        chats.ask("owner", chat, Question(text="x", attachments=(CAT,)), "glm", "on")
    assert chats.entries("owner", chat) == []
    assert chats.delete("owner", chat) == []


def test_a_draft_is_kept_until_the_answer_ends(chats: Conversations) -> None:
    chat, answer = started(chats)
    chats.save_draft(answer, "Let me", "")
    chats.save_draft(answer, "Let me see", "It is")
    draft = chats.entries("owner", chat)[1]
    assert (draft.thinking, draft.text, draft.state) == ("Let me see", "It is", "running")
    chats.finish(answer, OUTCOME)
    with pytest.raises(StorageError, match="no longer being written"):
        chats.save_draft(answer, "", "late")
    assert chats.entries("owner", chat)[1].text == OUTCOME.text


def test_an_answer_in_a_deleted_chat_says_so(chats: Conversations) -> None:
    chat, answer = started(chats)
    chats.delete("owner", chat)
    with pytest.raises(StorageError, match="no longer being written"):
        chats.save_draft(answer, "", "x")
    with pytest.raises(StorageError, match="no such chat"):
        chats.finish(answer, OUTCOME)


def test_finish_does_not_touch_a_question(chats: Conversations) -> None:
    chat = chats.create("owner").id
    question = chats.add_user("owner", chat, "x")
    with pytest.raises(StorageError):
        chats.finish(question.id, OUTCOME)
    assert chats.entries("owner", chat) == [question]


def test_recover_keeps_the_draft_of_an_earlier_process(tmp_path: Path) -> None:
    path = tmp_path / "glmdesk.db"
    with closing(Database(path)) as database:
        chats = Conversations(database)
        cut, answer = started(chats)
        chats.save_draft(answer, "Let me see", "It is a f")
        whole, other = started(chats, "visitor")
        chats.finish(other, OUTCOME)
    with closing(Database(path)) as database:
        chats = Conversations(database)
        assert chats.recover() == 1
        entry = chats.entries("owner", cut)[1]
        assert (entry.state, entry.thinking, entry.text) == (
            "interrupted",
            "Let me see",
            "It is a f",
        )
        assert chats.entries("visitor", whole)[1].state == "done"
        assert chats.recover() == 0


def test_delete_returns_the_files_that_no_one_uses(chats: Conversations) -> None:
    first, second = chats.create("owner").id, chats.create("owner").id
    foreign = chats.create("visitor").id
    only = replace(CAT, sha256="c" * 64)
    chats.add_user("owner", first, "", (CAT, REPORT, only))
    chats.add_user("owner", first, "", (only,))
    chats.add_user("owner", second, "", (CAT,))
    chats.add_user("visitor", foreign, "", (REPORT,))
    assert chats.delete("owner", first) == [only.sha256]
    assert chats.delete("owner", second) == [CAT.sha256]
    assert chats.delete("visitor", foreign) == [REPORT.sha256]
    assert chats.list("owner") == []


def test_deleted_words_are_gone_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "glmdesk.db"
    with closing(Database(path)) as database:
        chats = Conversations(database)
        chat = chats.create("owner").id
        chats.add_user("owner", chat, "a secret that nobody may read" * 50)
        chats.delete("owner", chat)
    assert b"a secret that nobody" not in path.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["glmdesk.db"]


def test_four_threads_write_and_read(chats: Conversations) -> None:
    shared = chats.create("owner").id
    names = [f"user {number}" for number in range(4)]

    def work(name: str) -> None:
        own = chats.create(name).id
        for number in range(25):
            _, answer = chats.ask(name, own, Question(text=str(number)), "glm", "auto")
            chats.finish(answer.id, Outcome(state="done", text=name))
            chats.add_user("owner", shared, f"{name} {number}")
            assert len(chats.entries(name, own)) == 2 * (number + 1)
            seqs = [entry.seq for entry in chats.entries("owner", shared)]
            assert seqs == list(range(1, len(seqs) + 1))

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(work, names))
    entries = chats.entries("owner", shared)
    assert [entry.seq for entry in entries] == list(range(1, 101))
    for name in names:
        mine = [entry.text for entry in entries if entry.text.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(25)]
