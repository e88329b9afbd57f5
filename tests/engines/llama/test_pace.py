"""How much is read while others wait."""

from glmdesk.engines.llama.pace import FIRST, PATIENCE_S, REST, SMALLEST, Pace


def test_alone_everything_goes() -> None:
    assert Pace(512).rows(alone=True) == 512


def test_before_anything_is_known() -> None:
    assert Pace(512).rows(alone=False) == FIRST


def test_a_slow_machine_reads_little_at_a_time() -> None:
    pace = Pace(512)
    for _ in range(20):
        pace.learn(100, 1.0)
    assert pace.rows(alone=False) == SMALLEST
    assert pace.rows(alone=True) == 512


def test_a_fast_machine_reads_all() -> None:
    pace = Pace(512)
    pace.learn(512, 0.01)
    assert pace.rows(alone=False) == 512


def test_between_a_step_takes_what_others_can_wait_for() -> None:
    pace = Pace(512)
    for _ in range(30):
        pace.learn(200, 0.4)
    assert abs(pace.rows(alone=False) * 0.002 - PATIENCE_S) < 0.01


def test_a_few_rows_teach_nothing() -> None:
    pace = Pace(512)
    pace.learn(1, 5.0)
    assert pace.rows(alone=False) == FIRST


def test_after_a_step_of_reading_the_others_have_their_time() -> None:
    pace = Pace(512)
    assert pace.may_read(10.0)
    pace.rest(10.0, 0.4)
    assert not pace.may_read(10.0 + 0.39 * REST)
    assert pace.may_read(10.0 + 0.41 * REST)
