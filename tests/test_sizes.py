"""Bytes and seconds as a person reads them."""

import pytest

from glmdesk.sizes import duration, size


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 kB"),
        (999, "1 kB"),
        (12_345, "12 kB"),
        (999_999, "1000 kB"),
        (10**6, "1.0 MB"),
        (2_960_800, "3.0 MB"),
        (950_000_000, "950 MB"),
        (10**9, "1.0 GB"),
        (6_166_577_888, "6.2 GB"),
        (102_000_000_000, "102 GB"),
        (1_234_000_000_000, "1234 GB"),
    ],
)
def test_size(number: int, words: str) -> None:
    assert size(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (39.6, "40 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (720, "12 min"),
        (3500, "58 min"),
        (3600, "1 h 0 min"),
        (11_100, "3 h 5 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words
