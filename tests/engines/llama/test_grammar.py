"""A constraint in llama.cpp: it holds, it allows white space first, and nothing ends the process."""

from collections.abc import Iterator

import numpy as np
import pytest
from llama_cpp import llama_cpp as llama

from glmdesk import paths
from glmdesk.engines.base import Request
from glmdesk.engines.llama.grammar import Constraint, read_constraint
from glmdesk.errors import EngineError
from tests.engines.llama.bare import Bare


@pytest.fixture(scope="module")
def words() -> Iterator[Bare]:
    """pico's vocabulary, without its weights."""
    bare = Bare(paths.shipped("models") / "pico" / "pico-f16.gguf")
    yield bare
    bare.close()


def follow(bare: Bare, constraint: Constraint, text: str) -> bool:
    for token in bare.vocabulary.tokenize(text, special=False):
        if not constraint.fits(token):
            return False
        constraint.accept(token)
    return True


def test_nothing_asked_for(words: Bare) -> None:
    assert read_constraint(Request(messages=()), words.model) is None
    assert read_constraint(Request(messages=(), grammar=" \n"), words.model) is None


def test_a_grammar_is_followed_to_its_end(words: Bare) -> None:
    constraint = read_constraint(Request(messages=(), grammar='root ::= "yes" | "no"'), words.model)
    assert constraint
    assert follow(words, constraint, "n")
    assert not constraint.fits(words.eos)
    assert follow(words, constraint, "o")
    assert constraint.fits(words.eos)
    constraint.accept(words.eos)
    constraint.close()


def test_an_empty_schema_is_any_json(words: Bare) -> None:
    constraint = read_constraint(Request(messages=(), json_schema={}), words.model)
    assert constraint
    assert follow(words, constraint, '{"a": [1]}')
    constraint.close()


@pytest.mark.parametrize(("before", "fits"), [("\n", True), ("\n\n  ", True), ("\n" * 40, False)])
def test_white_space_may_come_first_but_not_for_ever(words: Bare, before: str, fits: bool) -> None:
    constraint = Constraint(words.model, 'root ::= "yes"')
    assert follow(words, constraint, before) is fits
    constraint.close()


def test_a_token_that_does_not_fit_is_an_error_with_words(words: Bare) -> None:
    """llama.cpp itself would end the process here."""
    constraint = Constraint(words.model, 'root ::= "yes"')
    for token in (words.eos, words.vocabulary.tokenize("x", special=False)[0]):
        with pytest.raises(EngineError, match="format"):
            constraint.accept(token)
    assert follow(words, constraint, "yes")
    constraint.close()


def test_tokens_of_the_template_are_no_text(words: Bare) -> None:
    """A grammar of any text takes <|user|> for seven characters; a reader would see none of them."""
    constraint = Constraint(words.model, "root ::= [^x]*")
    size = words.vocabulary.size
    control = [
        token
        for token in range(size)
        if llama.llama_vocab_get_attr(words.vocab, token) & llama.LLAMA_TOKEN_ATTR_CONTROL
    ]
    hidden = [token for token in control if not llama.llama_vocab_is_eog(words.vocab, token)]
    assert hidden
    assert constraint.allowed(np.array(hidden)).any()
    assert not any(map(constraint.fits, hidden))
    assert constraint.fits(words.eos)
    constraint.close()


def test_many_are_judged_as_each_is(words: Bare) -> None:
    constraint = Constraint(words.model, "root ::= [0-9]+")
    ids = np.arange(words.vocabulary.size)
    together = constraint.allowed(ids)
    assert together.any()
    assert not together.all()
    for token in ids[::7]:
        assert constraint.allowed(np.array([token]))[0] == together[token]
    constraint.close()


@pytest.mark.parametrize(
    "grammar",
    ['root ::= ("a" | "")* "b"', 'root ::= "\\q"', "root ::= <no such token>", 'root ::= "\\xZZ"'],
)
def test_what_llama_cpp_refuses_is_an_error_with_words(words: Bare, grammar: str) -> None:
    with pytest.raises(EngineError, match="does not understand"):
        Constraint(words.model, grammar)


def test_closing_twice_does_no_harm(words: Bare) -> None:
    constraint = Constraint(words.model, 'root ::= "yes"')
    constraint.close()
    constraint.close()
