import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.documents.sizes import PATCH, PictureLimits, model_size


def tokens(width: int, height: int, limits: PictureLimits) -> int:
    wide, high = model_size(width, height, limits)
    assert wide % PATCH == 0
    assert high % PATCH == 0
    return (wide // PATCH) * (high // PATCH)


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
