"""Text to ids and back with pico's and SmolLM2's own tokenizers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glmdesk.engines.llama.vocabulary import Vocabulary
from tests.engines.llama.inside import Inside

SAMPLES = ["", "Hello", " two  spaces ", "你好 👋😀", "a\n\nb\tc", "née Ångström", "\x00\x01", "<|user|>", "|>", "1234567890"]  # fmt: skip
ROLES = ["<|user|>", "<|system|>", "<|assistant|>", "<|observation|>", "<|endoftext|>", "<|begin_of_image|>"]  # fmt: skip

TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<arg_key>", "</arg_value>"]  # fmt: skip


@pytest.fixture
def vocabulary(pico: Inside) -> Vocabulary:
    return pico.model.vocabulary


def single(vocabulary: Vocabulary, text: str) -> int:
    ids = vocabulary.tokenize(text, special=True)
    assert len(ids) == 1
    return ids[0]


@pytest.mark.parametrize("text", SAMPLES)
def test_there_and_back(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.text(tuple(vocabulary.tokenize(text, special=False))) == text


@given(st.text(st.characters(codec="utf-8"), max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_there_and_back(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.text(tuple(vocabulary.tokenize(text, special=False))) == text


@pytest.mark.model
@pytest.mark.parametrize("text", SAMPLES)
def test_there_and_back_with_smollm2(smollm2: Inside, text: str) -> None:
    vocabulary = smollm2.model.vocabulary
    assert vocabulary.text(tuple(vocabulary.tokenize(text, special=False))) == text


@pytest.mark.parametrize("role", [*ROLES, *TAGS])
def test_a_role_or_a_tag_is_one_token_only_when_special(vocabulary: Vocabulary, role: str) -> None:
    token = single(vocabulary, role)
    plain = vocabulary.tokenize(role, special=False)
    assert len(plain) > 1
    assert token not in plain


def test_tags_in_a_row_stay_text(vocabulary: Vocabulary) -> None:
    text = "<think></think><<think>>a<tool_call></think"
    ids = vocabulary.tokenize(text, special=False)
    assert vocabulary.text(tuple(ids)) == text
    assert not {single(vocabulary, tag) for tag in TAGS} & set(ids)


def test_the_switch_that_people_type_works(vocabulary: Vocabulary) -> None:
    """GLM's users may write /nothink themselves."""
    assert vocabulary.tokenize("/nothink", special=False) == [single(vocabulary, "/nothink")]


def test_long_text_and_lone_surrogates(vocabulary: Vocabulary) -> None:
    assert vocabulary.text(tuple(vocabulary.tokenize("é" * 20_000, special=False))) == "é" * 20_000
    assert vocabulary.text(tuple(vocabulary.tokenize("a\ud800b", special=False))) == "a?b"


@pytest.mark.parametrize("word", ["<|user|>", "<|observation|>", "<|endoftext|>", "<|system|>", "<|assistant|>"])  # fmt: skip
def test_where_an_answer_ends(vocabulary: Vocabulary, word: str) -> None:
    """pico's file, like GLM-4.6V-Flash's, does not mark <|observation|> as an end."""
    assert vocabulary.is_stop(single(vocabulary, word))


def test_where_it_does_not(vocabulary: Vocabulary) -> None:
    for text in ("<think>", "</think>", "<tool_call>", "/nothink"):
        assert not vocabulary.is_stop(single(vocabulary, text))
    for token in vocabulary.tokenize("Hello <|user|>", special=False):
        assert not vocabulary.is_stop(token)


def test_pieces(vocabulary: Vocabulary) -> None:
    for control in ROLES:
        assert vocabulary.piece(single(vocabulary, control)) == b""
    for shown in ("<think>", "</think>", "<|begin_of_box|>", "<|end_of_box|>", "<tool_call>"):
        assert vocabulary.piece(single(vocabulary, shown)) == shown.encode()


def test_opening(vocabulary: Vocabulary) -> None:
    """pico's template writes its own beginning."""
    assert vocabulary.opening(None) == []
    assert vocabulary.size == 929
