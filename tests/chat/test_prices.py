"""What pages cost: counted once by the model, estimated without one."""

from collections.abc import Sequence

import pytest

from glmdesk.chat.prices import AROUND_PICTURE, Prices, estimate, pictures_cost
from glmdesk.documents.page import Sheet
from glmdesk.documents.sizes import PictureLimits

SHEETS = [Sheet(number=number, text="word " * number) for number in range(1, 151)]


def test_every_page_is_counted_once_with_its_label() -> None:
    asked: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        asked.extend(texts)
        return [len(text.split()) for text in texts]

    prices = Prices()
    first = prices.texts(("a", "glm"), SHEETS[:100], count)
    assert prices.texts(("a", "glm"), SHEETS, count) == {n: n + 2 for n in range(1, 151)}
    assert first == {n: n + 2 for n in range(1, 101)}
    assert len(asked) == 150
    assert asked[1] == "[page 2]\nword word \n"


def test_each_model_counts_for_itself() -> None:
    prices = Prices()
    prices.texts(("a", "one"), SHEETS[:1], lambda texts: [7 for _ in texts])
    assert prices.texts(("a", "other"), SHEETS[:1], lambda texts: [9 for _ in texts]) == {1: 9}
    assert prices.texts(("a", "one"), SHEETS[:1], None) == {1: 7}


def test_an_estimate_is_not_remembered() -> None:
    prices = Prices()
    assert prices.texts(("a", ""), SHEETS[:1], None) == {1: estimate("[page 1]\nword \n")}
    assert prices.texts(("a", ""), SHEETS[:1], lambda texts: [7 for _ in texts]) == {1: 7}


@pytest.mark.parametrize(
    ("text", "least", "most"), [("", 0, 0), ("word " * 70, 70, 110), ("文档" * 50, 50, 100)]
)
def test_estimates(text: str, least: int, most: int) -> None:
    assert least <= estimate(text) <= most


def test_pictures_cost_what_the_formula_says() -> None:
    limits = PictureLimits(min_tokens=8, max_tokens=2048)
    assert pictures_cost([(280, 280), (560, 280)], limits) == 100 + 200 + 2 * AROUND_PICTURE
