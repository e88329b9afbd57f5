import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from glmdesk.documents.sizes import (
    LOW_TOKENS,
    PATCH,
    PictureLimits,
    limits_at,
    model_size,
    picture_tokens,
)
from glmdesk.messages import Detail

NORMAL = PictureLimits(min_tokens=8, max_tokens=2048)


def tokens(width: int, height: int, limits: PictureLimits) -> int:
    wide, high = model_size(width, height, limits)
    assert wide % PATCH == 0
    assert high % PATCH == 0
    cost = picture_tokens(width, height, limits)
    assert cost == (wide // PATCH) * (high // PATCH)
    return cost


@pytest.mark.parametrize(
    ("width", "height", "by_limit"),
    [
        (640, 400, (322, 322, 322)),
        (1024, 768, (999, 999, 999)),
        (1280, 720, (1196, 1196, 1008)),
        (1920, 1080, (2691, 1980, 1008)),
        (1240, 1754, (2772, 2014, 988)),
        (4032, 3024, (4015, 2028, 972)),
    ],
)
def test_tokens_are_those_of_the_publisher(
    width: int, height: int, by_limit: tuple[int, int, int]
) -> None:
    for most, expected in zip((4096, 2048, 1024), by_limit, strict=True):
        assert tokens(width, height, PictureLimits(min_tokens=8, max_tokens=most)) == expected


@pytest.mark.parametrize(
    ("given_size", "size"),
    [
        ((768, 768), (756, 756)),
        ((112, 112), (112, 112)),
        ((70, 700), (56, 700)),  # 2.5 patches round to the even number, as in Python
        ((98, 700), (112, 700)),
        ((20, 40), (56, 112)),
        ((1, 1), (84, 84)),
    ],
)
def test_size_is_rounded_to_patches(given_size: tuple[int, int], size: tuple[int, int]) -> None:
    assert model_size(*given_size, PictureLimits(min_tokens=8, max_tokens=4096)) == size


@pytest.mark.parametrize(
    ("detail", "most"),
    [("low", LOW_TOKENS), ("normal", 2048), ("high", 4096), (1000, 1000), (3000, 3000)],
)
def test_detail_is_how_many_tokens_a_picture_may_become(detail: Detail, most: int) -> None:
    assert limits_at(detail, NORMAL, 4096) == PictureLimits(min_tokens=8, max_tokens=most)


@pytest.mark.parametrize(
    ("detail", "most"), [(1, 16), (15, 16), (16, 16), (17, 17), (4097, 4096), (10**9, 4096)]
)
def test_a_number_is_brought_into_what_the_model_takes(detail: int, most: int) -> None:
    assert limits_at(detail, NORMAL, 4096).max_tokens == most


@pytest.mark.parametrize("detail", ["low", "normal", "high", 1, 16, 256, 4096])
def test_no_detail_is_above_the_ceiling(detail: Detail) -> None:
    small = PictureLimits(min_tokens=8, max_tokens=16)
    assert 8 <= limits_at(detail, small, 16).max_tokens <= 16
    assert limits_at(detail, NORMAL, 1024).max_tokens <= 1024


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 64), st.integers(1, 5000))
@example(2867, 2867, 2, 1)
def test_no_detail_gives_fewer_tokens_than_the_model_needs(
    width: int, height: int, least: int, detail: int
) -> None:
    assume(max(width, height) <= 50 * min(width, height))
    usual = PictureLimits(min_tokens=least, max_tokens=2048)
    limits = limits_at(detail, usual, 4096)
    assert least <= picture_tokens(width, height, limits) <= max(detail, 2 * least)


def test_more_detail_never_costs_fewer_tokens() -> None:
    limits = [limits_at(detail, NORMAL, 4096) for detail in ("low", "normal", "high")]
    costs = [picture_tokens(4032, 3024, one) for one in limits]
    assert costs == [234, 2028, 4015]


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 16), st.integers(12, 5000))
def test_result_is_within_limits_and_keeps_its_size(
    width: int, height: int, least: int, most: int
) -> None:
    limits = PictureLimits(min_tokens=least, max_tokens=max(most, 4 * least))
    size = model_size(width, height, limits)
    assert 1 <= tokens(width, height, limits) <= limits.max_tokens
    if max(width, height) <= 50 * min(width, height):
        assert tokens(width, height, limits) >= least
        assert model_size(*size, limits) == size
