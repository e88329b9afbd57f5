"""The sampler on a real context, with logits that the tests write."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from llama_cpp import llama_cpp as llama

from glmdesk import paths
from glmdesk.engines.base import Request
from glmdesk.engines.llama.grammar import Constraint, read_constraint
from glmdesk.engines.llama.sampler import Sampler
from glmdesk.errors import EngineError
from glmdesk.sampling import GREEDY, Sampling
from tests import environment
from tests.engines.llama.bare import Bare

FLASH = Sampling(temperature=0.8, top_p=0.6, top_k=2, repeat_penalty=1.1, seed=5)
DIGITS = "root ::= [0-9]+"


@pytest.fixture(scope="module")
def opened() -> Iterator[Bare]:
    bare = Bare(paths.shipped("models") / "pico" / "pico-f16.gguf", n_ctx=64)
    yield bare
    bare.close()


@pytest.fixture
def bare(opened: Bare) -> Bare:
    """pico, with three rows of logits."""
    opened.read([5, 6, 7])
    return opened


def token_of(bare: Bare, text: str) -> int:
    ids: list[int] = bare.vocabulary.tokenize(text, special=True)
    assert len(ids) == 1
    return ids[0]


def draw(bare: Bare, sampling: Sampling, row: int = -1) -> int:
    sampler = Sampler(sampling, bare.vocabulary.size)
    token = sampler.sample(bare.context, row)
    sampler.close()
    return token


def greedy_of_llama_cpp(bare: Bare, row: int) -> int:
    sampler = llama.llama_sampler_init_greedy()
    token = int(llama.llama_sampler_sample(sampler, bare.context, row))
    llama.llama_sampler_free(sampler)
    return token


@pytest.mark.parametrize("row", [0, 1, 2, -1])
def test_greedy_is_that_of_llama_cpp(bare: Bare, row: int) -> None:
    assert draw(bare, GREEDY, row) == greedy_of_llama_cpp(bare, row)


def test_greedy_agrees_on_ties(bare: Bare) -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        bare.logits()[:] = random.integers(-4, 3, bare.vocabulary.size)
        assert draw(bare, GREEDY) == greedy_of_llama_cpp(bare, -1)


def test_rows_are_told_apart(bare: Bare) -> None:
    for row in range(3):
        bare.logits(row)[:] = 0
        bare.logits(row)[100 + row] = 9
    assert [draw(bare, GREEDY, row) for row in range(3)] == [100, 101, 102]


def test_a_row_that_is_not_there_does_not_end_the_process(bare: Bare) -> None:
    with pytest.raises(EngineError, match="no logits"):
        draw(bare, GREEDY, 40)


def test_a_seed_repeats_itself(bare: Bare) -> None:
    sampling = Sampling(temperature=1.5, top_p=1.0, top_k=0, seed=3)
    runs = []
    for _ in range(2):
        sampler = Sampler(sampling, bare.vocabulary.size)
        runs.append([sampler.sample(bare.context) for _ in range(10)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 1


def test_without_a_seed_answers_differ(bare: Bare) -> None:
    bare.logits()[:] = 0
    sampling = Sampling(temperature=1.0, top_p=1.0, top_k=0)
    assert len({draw(bare, sampling) for _ in range(10)}) > 1


def test_what_was_said_is_penalised(bare: Bare) -> None:
    """The prompt's end, tokens that were drawn, and tokens that were forced."""
    logits = bare.logits()
    logits[:] = -5
    logits[[10, 11, 12, 13]] = [5.0, 4.9, 4.8, 4.7]
    sampler = Sampler(Sampling(temperature=0, repeat_penalty=1.5), bare.vocabulary.size)
    sampler.remember([99, 10])
    assert sampler.sample(bare.context) == 11
    sampler.accept(12)
    assert sampler.sample(bare.context) == 13
    assert (
        sampler.sample(bare.context) == 10
    )  # all four are penalised now, so the best is best again
    assert list(logits[[10, 11, 12, 13]]) == pytest.approx([5.0, 4.9, 4.8, 4.7])
    sampler.close()


def test_the_penalty_forgets_what_is_long_ago(bare: Bare) -> None:
    logits = bare.logits()
    logits[:] = -5
    logits[[10, 11]] = [5.0, 4.9]
    sampling = Sampling(temperature=0, repeat_penalty=1.5, repeat_last_n=4)
    sampler = Sampler(sampling, bare.vocabulary.size)
    sampler.remember([10, 1, 2, 3, 4])
    assert sampler.sample(bare.context) == 10
    sampler.close()


class Guided:
    """A sampler with a grammar, on logits that prefer what a test says."""

    def __init__(self, bare: Bare, grammar: str, sampling: Sampling = GREEDY) -> None:
        self.bare = bare
        constraint = Constraint(bare.model, grammar)
        self.sampler = Sampler(sampling, bare.vocabulary.size, constraint)

    def prefer(self, *texts: str) -> None:
        logits = self.bare.logits()
        logits[:] = -10
        for place, text in enumerate(texts):
            logits[token_of(self.bare, text)] = 10 - place

    def sample(self, allow: frozenset[int] = frozenset()) -> str:
        token = self.sampler.sample(self.bare.context, -1, allow)
        return self.bare.vocabulary.piece(token).decode()


@pytest.mark.parametrize("sampling", [GREEDY, FLASH, Sampling(top_k=0, seed=1)])
def test_the_constraint_begins_when_it_is_told_to(bare: Bare, sampling: Sampling) -> None:
    guided = Guided(bare, DIGITS, sampling)
    assert not guided.sampler.constraining
    guided.sampler.accept(token_of(bare, "x"))
    guided.prefer("a")
    assert guided.sample() == "a"
    guided.sampler.constrain()
    assert guided.sampler.constraining
    guided.prefer("a", "7")
    assert guided.sample() == "7"
    guided.sampler.close()


def test_a_free_choice_that_fits_is_kept(bare: Bare) -> None:
    guided = Guided(bare, DIGITS)
    guided.sampler.constrain()
    guided.prefer("8", "7")
    assert guided.sample() == "8"
    guided.sampler.close()


def test_what_fits_is_found_far_down(bare: Bare) -> None:
    """No token among the best fits: the whole vocabulary is held against the grammar."""
    guided = Guided(bare, DIGITS)
    guided.sampler.constrain()
    guided.prefer("7")
    assert guided.sample() == "7"
    bare.logits()[:] = np.linspace(5, 0, bare.vocabulary.size, dtype=np.float32)
    ends = [t for t in range(bare.vocabulary.size) if llama.llama_vocab_is_eog(bare.vocab, t)]
    bare.logits()[ends] = -20
    bare.logits()[[token_of(bare, str(number)) for number in range(10)]] = -20
    bare.logits()[token_of(bare, "3")] = -19
    assert guided.sample() == "3"
    guided.sampler.close()


def test_only_the_end_is_left_at_the_end(bare: Bare) -> None:
    guided = Guided(bare, 'root ::= "7"')
    guided.sampler.constrain()
    guided.prefer("7")
    assert guided.sample() == "7"
    token = guided.sampler.sample(bare.context)
    assert llama.llama_vocab_is_eog(bare.vocab, token)
    guided.sampler.close()


def test_a_forced_token_that_does_not_fit_is_an_error_with_words(bare: Bare) -> None:
    guided = Guided(bare, DIGITS)
    guided.sampler.constrain()
    with pytest.raises(EngineError, match="format"):
        guided.sampler.accept(token_of(bare, "a"))
    guided.sampler.close()


def test_the_model_may_think_first(bare: Bare) -> None:
    allow = frozenset({token_of(bare, "<think>"), token_of(bare, "\n")})
    guided = Guided(bare, DIGITS)
    guided.prefer("\n", "7")
    assert guided.sample(allow) == "\n"
    guided.prefer("<think>", "7")
    assert guided.sample(allow) == "<think>"
    assert not guided.sampler.constraining
    guided.sampler.close()


@pytest.mark.parametrize(("wish", "result"), [("a", "7"), ("7", "7")])
def test_what_is_no_thinking_begins_the_constraint(bare: Bare, wish: str, result: str) -> None:
    allow = frozenset({token_of(bare, "<think>")})
    guided = Guided(bare, DIGITS)
    guided.prefer(wish, "7", "<think>")
    assert guided.sample(allow) == result
    assert guided.sampler.constraining
    guided.sampler.close()


def test_nothing_to_constrain(bare: Bare) -> None:
    sampler = Sampler(GREEDY, bare.vocabulary.size)
    sampler.constrain()
    assert not sampler.constraining
    assert sampler.sample(bare.context, -1, frozenset({1})) == greedy_of_llama_cpp(bare, -1)
    sampler.close()


def test_no_token_fits(bare: Bare) -> None:
    guided = Guided(bare, DIGITS)
    guided.sampler.constrain()
    bare.logits()[:] = -np.inf
    bare.logits()[token_of(bare, "a")] = 1.0
    with pytest.raises(EngineError, match="no token"):
        guided.sampler.sample(bare.context)
    guided.sampler.close()


@pytest.mark.model
@pytest.mark.parametrize("sampling", [GREEDY, Sampling(temperature=1.2, top_k=0, seed=2), FLASH])
def test_a_language_model_answers_in_the_form_asked_for(sampling: Sampling) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 20},
            "size": {"enum": ["small", "large"]},
            "old": {"type": "boolean"},
        },
        "required": ["city", "size", "old"],
    }
    bare = Bare(environment.smollm2_path(), n_ctx=256)
    prompt = "<|im_start|>user\nDescribe Paris.<|im_end|>\n<|im_start|>assistant\n"
    tokens = bare.vocabulary.tokenize(prompt, special=True)
    constraint = read_constraint(Request(messages=(), json_schema=schema), bare.model)
    sampler = Sampler(sampling, bare.vocabulary.size, constraint)
    sampler.constrain()
    written: list[int] = []
    bare.read(tokens)
    while len(written) < 80:
        token = sampler.sample(bare.context)
        if bare.vocabulary.is_stop(token):
            break
        bare.read([token], len(tokens) + len(written))
        written.append(token)
    sampler.close()
    answer = json.loads(bare.vocabulary.text(tuple(written)))
    assert list(answer) == ["city", "size", "old"]
    assert answer["size"] in ("small", "large")
    bare.close()
