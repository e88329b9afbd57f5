"""Loops are noticed in time, and never in answers that repeat on purpose."""

import re
from collections.abc import Iterable

import pytest

from glmdesk.parsing.loops import Loop, LoopDetector
from tests.parsing import repetition

CUTS = {
    "long": r"\d{1,3}|[一-鿿]| ?[^\W\d一-鿿]+|\s+| ?[^\w\s]{1,8}",
    "short": r"\d|[一-鿿]| ?[^\W\d一-鿿]{1,6}|\s+| ?[^\w\s]{1,3}",
}
"""Two ways to cut a text into tokens, as vocabularies of different sizes would."""
RESTATING = repetition.restating()
PERIODS = repetition.periods()
FINE = repetition.fine()


def tokens(text: str, cut: str) -> list[int]:
    ids: dict[str, int] = {}
    return [ids.setdefault(word, len(ids)) for word in re.findall(CUTS[cut], text)]


def noticed(answer: Iterable[int]) -> tuple[Loop | None, int]:
    """The first thing the detector says, and after how many tokens."""
    detector, count = LoopDetector(), 0
    for count, token in enumerate(answer, 1):
        if found := detector.feed(token):
            return found, count
    return None, count


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", RESTATING)
def test_restating(name: str, cut: str) -> None:
    found, after = noticed(tokens(RESTATING[name], cut))
    assert found == "restating"
    assert after < 1500


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", PERIODS)
def test_periods(name: str, cut: str) -> None:
    found, after = noticed(tokens(PERIODS[name], cut))
    assert found == "period"
    assert after < 2600


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", FINE)
def test_repetition_that_is_meant(name: str, cut: str) -> None:
    assert noticed(tokens(FINE[name], cut))[0] is None


def test_ordinary_code(pytestconfig: pytest.Config) -> None:
    for path in sorted((pytestconfig.rootpath / "glmdesk").rglob("*.py")):
        assert noticed(tokens(path.read_text("utf-8"), "long"))[0] is None, path


@pytest.mark.parametrize("period", [1, 2, 3, 7, 12, 33, 64, 255, 256, 500, 1024])
@pytest.mark.parametrize("before", [0, 1, 63, 500, 5000])
def test_any_period_after_anything(period: int, before: int) -> None:
    """Found within a look of the time it is due, also when the memory has been cut in between."""
    needed = max(768 if period < 12 else 512, 3 * period)
    answer = [*range(10_000, 10_000 + before), *[at % period for at in range(6000)]]
    found, after = noticed(answer)
    assert found == "period"
    assert needed <= after - before <= needed + period + 64 + 6


@pytest.mark.parametrize("period", [8, 40, 300, 1000])
def test_a_period_that_ends_in_time(period: int) -> None:
    allowed = max(768 if period < 12 else 512, 3 * period) - 70
    answer = [at % period for at in range(period + allowed)]
    assert noticed([*answer, *range(10_000, 12_000)])[0] is None


def test_rows_with_the_same_beginnings() -> None:
    """Two rows of the same token within the period: no short distance may hide the long one."""
    row = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert noticed(row * 60)[0] == "period"


def test_what_is_long_past_does_not_count() -> None:
    once = list(range(900))
    answer = [
        token for part in range(8) for token in (*once, *range(5000 * part, 5000 * part + 4000))
    ]
    assert noticed(answer)[0] is None


def test_memory_is_bounded() -> None:
    detector = LoopDetector()
    for token in range(50_000):
        detector.feed(token)
    assert max(len(detector._tokens), len(detector._groups), len(detector._last)) <= 4096
