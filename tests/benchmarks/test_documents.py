"""A short form of the figures about documents."""

from benchmarks import page_routing, retrieval
from benchmarks.figure import Options
from benchmarks.stage import Stage


def test_pages_are_routed_as_they_were_made(stage: Stage) -> None:
    (figure,) = page_routing.measure(stage, Options(seed=20261101, n=60))
    assert (figure.value or 0) >= 93, figure.note


def test_seeds_that_were_looked_at_are_refused(stage: Stage) -> None:
    (figure,) = page_routing.measure(stage, Options(seed=1))
    assert figure.value is None
    assert "the seed 1 was looked at" in figure.note


def test_the_right_pages_of_a_handbook_are_sent(stage: Stage) -> None:
    own_words, paraphrased = retrieval.measure(stage, Options(seed=20261101, n=20))
    assert (own_words.value or 0) >= 95, own_words.note
    assert (paraphrased.value or 0) >= 60, paraphrased.note
