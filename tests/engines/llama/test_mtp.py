"""Guesses of the NextN block: they change nothing that is answered, whatever happens to the chats."""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from llama_cpp import llama_cpp as llama
from llama_cpp import llama_cpp_ext as extension

from glmdesk.engines.llama.batch import TokenBatch
from glmdesk.engines.llama.cancel import CancelFlag
from glmdesk.engines.llama.mtp import Last, Mtp, check_block
from glmdesk.engines.llama.native import start_library
from glmdesk.errors import ModelUnsupported
from tests.tiny_models import WIDTH, write_deepseek2, write_glm4moe, write_llama

ROWS = 64
PROMPT = tuple(range(40, 75))
OTHERS = (tuple(range(300, 420)), (5, 6, 7), tuple(range(200, 290)))


@dataclass(kw_only=True)
class Chat:
    """A sequence, what it holds, and what was answered; the last token of it is not read yet."""

    sequence: int
    held: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    drafted: int = 0
    accepted: int = 0


class Target:
    """A context as the scheduler has it, without the scheduler."""

    def __init__(self, path: Path, n_ctx: int) -> None:
        start_library()
        self.flag = CancelFlag()
        settings = llama.llama_model_default_params()
        settings.load_mtp = True
        self.model = llama.llama_model_load_from_file(str(path).encode(), settings)
        assert self.model
        self.params = llama.llama_context_default_params()
        self.params.n_ctx, self.params.n_seq_max, self.params.kv_unified = n_ctx, 4, True
        self.params.n_batch = self.params.n_ubatch = ROWS
        self.params.n_threads = self.params.n_threads_batch = 1
        self.params.type_k = self.params.type_v = 0
        self.params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.params.abort_callback = self.flag.callback
        self.params.abort_callback_data = self.flag.data
        self.context = llama.llama_init_from_model(self.model, self.params)
        self.memory = llama.llama_get_memory(self.context)
        self.batch = TokenBatch(ROWS)
        self.greedy = llama.llama_sampler_init_greedy()

    def best(self, row: int) -> int:
        return int(llama.llama_sampler_sample(self.greedy, self.context, row))

    def decode(self) -> int:
        return int(llama.llama_decode(self.context, self.batch.native))

    def cut(self, chat: Chat, count: int) -> None:
        del chat.held[count:]
        llama.llama_memory_seq_rm(self.memory, chat.sequence, count, -1)

    def read(self, chat: Chat, prompt: Sequence[int], mtp: Mtp | None) -> None:
        """Read a prompt in pieces, and sample the first token of the answer."""
        for start in range(0, len(prompt), ROWS // 2):
            piece = prompt[start : start + ROWS // 2]
            self.batch.clear()
            row = self.batch.add(chat.sequence, piece, len(chat.held), 1)
            assert self.decode() == 0
            if mtp:
                mtp.observe(chat.sequence, piece, len(chat.held), row)
            chat.held += piece
        chat.answer.append(self.best(row + len(piece) - 1))

    def step(self, chats: Sequence[Chat], mtp: Mtp | None, count: int) -> int:
        """Decode every chat's last token and its guesses; keep what was right. Gives the code."""
        lasts = [
            Last(sequence=chat.sequence, token=chat.answer[-1], position=len(chat.held))
            for chat in chats
        ]
        drafts = mtp.draft(lasts, count) if mtp else [[] for _ in chats]
        self.batch.clear()
        rows = [
            self.batch.add(last.sequence, [last.token, *draft], last.position, 1 + len(draft))
            for last, draft in zip(lasts, drafts, strict=True)
        ]
        if code := self.decode():
            return code
        for chat, draft, row in zip(chats, drafts, rows, strict=True):
            self._accept(chat, draft, row, mtp)
        return 0

    def _accept(self, chat: Chat, draft: Sequence[int], row: int, mtp: Mtp | None) -> None:
        position, kept = len(chat.held), [chat.answer[-1]]
        for place in range(1 + len(draft)):
            chat.answer.append(self.best(row + place))
            if place == len(draft) or chat.answer[-1] != draft[place]:
                break
            kept.append(draft[place])
        chat.held += kept
        self.cut(chat, len(chat.held))
        chat.drafted, chat.accepted = chat.drafted + len(draft), chat.accepted + len(kept) - 1
        if mtp:
            mtp.observe(chat.sequence, kept, position, row)

    def close(self) -> None:
        llama.llama_sampler_free(self.greedy)
        llama.llama_free(self.context)
        llama.llama_model_free(self.model)

    def answer(self, prompt: Sequence[int], mtp: Mtp | None = None, count: int = 1) -> Chat:
        """A hundred tokens in an empty sequence."""
        chat = Chat(sequence=0)
        self.cut(chat, 0)
        if mtp:
            mtp.cut(0, 0)
        self.read(chat, prompt, mtp)
        while len(chat.answer) < 100:
            assert self.step([chat], mtp, count) == 0
        return chat


@contextmanager
def opened(path: Path, n_ctx: int = 768) -> Iterator[tuple[Target, Mtp]]:
    target = Target(path, n_ctx)
    mtp = Mtp(target.model, target.context, target.params)
    yield target, mtp
    mtp.close()
    target.close()


@pytest.fixture(scope="module")
def glm4moe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_glm4moe(tmp_path_factory.mktemp("glm4moe"), nextn=True)


@pytest.fixture
def parts(glm4moe: Path) -> Iterator[tuple[Target, Mtp]]:
    with opened(glm4moe) as parts:
        yield parts


# One chat


@pytest.mark.parametrize("write", [write_glm4moe, write_deepseek2])
def test_the_same_is_answered_in_fewer_steps(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(tmp_path, nextn=True)
    alone = Target(path, 768)
    plain = alone.answer(PROMPT).answer
    alone.close()
    with opened(path) as (target, mtp):
        for count in (1, 2, 3):
            chat = target.answer(PROMPT, mtp, count)
            assert chat.answer[:100] == plain
            assert 0.1 < chat.accepted / chat.drafted < 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_guesses_are_those_of_a_block_that_read_all_at_once(
    glm4moe: Path, parts: tuple[Target, Mtp], count: int
) -> None:
    """However its rows came to it: in pieces, waiting for others, kept from a guess, cut off."""
    target, mtp = parts
    chat = Chat(sequence=0)
    target.read(chat, PROMPT, mtp)
    with opened(glm4moe) as (fresh, _):
        for _ in range(40):
            last = Last(sequence=0, token=chat.answer[-1], position=len(chat.held))
            guesses = mtp.draft([last], count)[0]
            assert guesses == expected(fresh, [*chat.held, last.token], count)
            assert target.step([chat], mtp, count) == 0


def expected(target: Target, tokens: Sequence[int], count: int) -> list[int]:
    """Guesses by the book: row i has token i and the state before it; a guess goes on from its own."""
    target.params.ctx_type = llama.LLAMA_CONTEXT_TYPE_MTP
    block = llama.llama_init_from_model(target.model, target.params)
    target.params.ctx_type = llama.LLAMA_CONTEXT_TYPE_DEFAULT
    extension.llama_set_embeddings_nextn(block, True, False)
    llama.llama_memory_clear(target.memory, True)
    states = [[0.0] * WIDTH]
    for position, token in enumerate(tokens[:-1]):
        target.batch.clear()
        target.batch.add(0, [token], position, 1)
        assert target.decode() == 0
        states.append(extension.llama_get_embeddings_nextn(target.context)[:WIDTH])
    batch = TokenBatch(1)
    read, guesses = list(tokens), []
    for position in range(len(tokens) + count - 1):
        batch.clear()
        batch.add(0, [read[position]], position, 1)
        batch.native.embd = (ctypes.c_float * WIDTH)(*states[position])
        assert llama.llama_decode(block, batch.native) == 0
        if position >= len(tokens) - 1:
            guesses.append(int(llama.llama_sampler_sample(target.greedy, block, 0)))
            read.append(guesses[-1])
            states.append(extension.llama_get_embeddings_nextn(block)[:WIDTH])
    llama.llama_free(block)
    return guesses


def test_what_follows_a_cut_is_answered_the_same(parts: tuple[Target, Mtp]) -> None:
    target, mtp = parts
    question = (*PROMPT[:20], *OTHERS[0])
    plain = target.answer(question).answer
    chat = target.answer(PROMPT, mtp)
    target.cut(chat, 20)
    mtp.cut(0, 20)
    chat.answer.clear()
    target.read(chat, question[20:], mtp)
    drafted, accepted = chat.drafted, chat.accepted
    while len(chat.answer) < 100:
        assert target.step([chat], mtp, 1) == 0
    assert chat.answer[:100] == plain
    assert chat.drafted > drafted
    assert chat.accepted > accepted


def test_a_chat_whose_beginning_was_not_seen_is_guessed_too(parts: tuple[Target, Mtp]) -> None:
    """As after a state was restored: the target holds what the block has never read."""
    target, mtp = parts
    plain = target.answer((*PROMPT, *OTHERS[1])).answer
    chat = Chat(sequence=0)
    target.cut(chat, 0)
    target.read(chat, PROMPT, None)
    chat.answer.clear()
    target.read(chat, OTHERS[1], mtp)
    while len(chat.answer) < 100:
        assert target.step([chat], mtp, 1) == 0
    assert chat.answer[:100] == plain
    assert chat.accepted


def test_nothing_is_guessed_of_what_is_not_known(parts: tuple[Target, Mtp]) -> None:
    target, mtp = parts
    assert mtp.draft([Last(sequence=0, token=1, position=0)], 2) == [[]]
    chat = Chat(sequence=0)
    target.read(chat, PROMPT, mtp)
    assert mtp.draft([Last(sequence=0, token=1, position=len(PROMPT) + 1)], 2) == [[]]
    mtp.cut(0, 10)
    assert mtp.draft([Last(sequence=0, token=1, position=len(PROMPT))], 2) == [[]]
    assert mtp.draft([], 2) == []


# Several chats


@pytest.mark.parametrize("count", [1, 2])
def test_chats_do_not_disturb_each_other(parts: tuple[Target, Mtp], count: int) -> None:
    """Each is answered as if it were alone, also while another one's prompt is read."""
    target, mtp = parts
    plain = [target.answer(prompt).answer for prompt in OTHERS]
    target.cut(Chat(sequence=0), 0)
    chats: list[Chat] = []
    for number, prompt in enumerate(OTHERS):
        chats.append(Chat(sequence=number))
        target.read(chats[-1], prompt, mtp)
        for _ in range(5):
            assert target.step(chats, mtp, count) == 0
    while min(len(chat.answer) for chat in chats) < 100:
        assert target.step(chats, mtp, count) == 0
    for chat, alone in zip(chats, plain, strict=True):
        assert chat.answer[:100] == alone
        assert chat.accepted


def test_an_aborted_step_costs_nothing(parts: tuple[Target, Mtp]) -> None:
    """The guesses were made, the target was stopped, and both go on from where they were."""
    target, mtp = parts
    plain = target.answer(PROMPT).answer
    chat = Chat(sequence=0)
    target.cut(chat, 0)
    target.read(chat, PROMPT, mtp)
    while len(chat.answer) < 100:
        if len(chat.answer) % 3 == 0:
            target.flag.set()
            assert target.step([chat], mtp, 2) == 2
            target.flag.clear()
            target.cut(chat, len(chat.held))
        assert target.step([chat], mtp, 2) == 0
    assert chat.answer[:100] == plain
    assert chat.accepted


# Limits


def test_what_was_cut_makes_room(glm4moe: Path) -> None:
    with opened(glm4moe, n_ctx=256) as (target, mtp):
        for _ in range(4):
            chat = target.answer(OTHERS[0], mtp)
            assert chat.drafted > 40
            assert len(chat.held) > 200


def test_a_full_context_gives_no_guesses_and_heals(glm4moe: Path) -> None:
    """The target's last cells go to the answer; the block never takes it down."""
    with opened(glm4moe, n_ctx=256) as (target, mtp):
        chat = Chat(sequence=0)
        target.read(chat, OTHERS[0], mtp)
        while len(chat.held) < 253:
            assert target.step([chat], mtp, 1) == 0
        target.step([chat], mtp, 3)
        last = Last(sequence=0, token=chat.answer[-1], position=len(chat.held))
        assert len(mtp.draft([last], 40)[0]) < 40
        again = target.answer(PROMPT, mtp)
        assert again.answer[:100] == target.answer(PROMPT).answer
        assert again.accepted


# Files


def test_files_that_have_the_block(tmp_path: Path) -> None:
    check_block(write_glm4moe(tmp_path, nextn=True))
    check_block(write_deepseek2(tmp_path, nextn=True))


def test_the_block_lies_in_a_later_shard(tmp_path: Path) -> None:
    first = write_glm4moe(tmp_path, nextn=True, shard_tensors=30)
    assert "00001-of" in first.name
    check_block(first)
    with opened(first) as (target, mtp):
        assert target.answer(PROMPT, mtp).accepted


def test_files_that_lack_the_block_are_refused(tmp_path: Path) -> None:
    for path in (
        write_llama(tmp_path),
        write_deepseek2(tmp_path),
        write_glm4moe(tmp_path),
        write_glm4moe(tmp_path, claims_nextn=True),
    ):
        with pytest.raises(ModelUnsupported, match="no block that guesses ahead"):
            check_block(path)


def test_a_model_without_the_block_is_refused_and_goes_on(tmp_path: Path) -> None:
    target = Target(write_glm4moe(tmp_path), 256)
    with pytest.raises(ModelUnsupported, match="no block that guesses ahead"):
        Mtp(target.model, target.context, target.params)
    assert len(target.answer(PROMPT).answer) == 100
    target.close()
