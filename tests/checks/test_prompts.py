from pathlib import Path
from random import Random

import pytest

from glmdesk.checks import prompts
from glmdesk.documents.sizes import PictureLimits, picture_tokens
from glmdesk.messages import Message, Text


def words(message: Message) -> list[str]:
    (part,) = message.parts
    assert isinstance(part, Text)
    return part.text.split()


@pytest.mark.parametrize(("glue", "each"), [(0, 1), (10, 1), (10, 2), (7, 3)])
def test_a_text_takes_what_was_wanted(glue: int, each: int) -> None:
    def price(message: Message) -> int:
        return glue + each * len(words(message))

    found = prompts.text_of(512, price, Random(1))
    assert 512 - each < price(found) <= 512


def test_a_text_has_a_word_even_where_none_fits() -> None:
    assert len(words(prompts.text_of(5, lambda message: 100, Random(1)))) == 1


def test_two_texts_share_nothing() -> None:
    rng = Random(1)
    first, second = (words(prompts.text_of(200, lambda m: len(words(m)), rng)) for _ in range(2))
    assert first[:8] != second[:8]


def test_noise_has_the_size_of_a_photo(tmp_path: Path) -> None:
    limits = PictureLimits(min_tokens=8, max_tokens=2048)
    rng = Random(1)
    first, second = (prompts.noise(tmp_path, limits, rng) for _ in range(2))
    assert (first.width // 28) * (first.height // 28) == picture_tokens(1024, 768, limits) == 999
    assert first.path.stat().st_size == first.width * first.height * 3
    assert first.id != second.id
    assert first.path.read_bytes() != second.path.read_bytes()
