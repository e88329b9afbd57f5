"""A short form of each figure of accuracy, and of how figures are found and printed."""

import json
from collections.abc import Iterator
from contextlib import closing
from statistics import mean

import pytest

from benchmarks import __main__, registry
from benchmarks.figure import Figure, Measure, Options
from benchmarks.greedy_identity import EXCUSED, Identity
from benchmarks.pico_accuracy import table
from benchmarks.stage import Stage
from tools.pico.tasks import TASKS


def measured(stage: Stage, name: str, n: int) -> list[Figure]:
    return list(registry.find(name)(stage, Options(n=n)))


@pytest.mark.parametrize("name", registry.NAMES)
def test_every_figure_is_found(name: str) -> None:
    assert callable(registry.find(name))


def test_the_table_names_every_task() -> None:
    assert table().keys() == {(task, think) for task in TASKS for think in (False, True)}


@pytest.mark.model
def test_pico_is_about_as_good_as_its_table(stage: Stage) -> None:
    *tasks, total = measured(stage, "pico-accuracy", n=4)
    assert len(tasks) == 2 * len(TASKS)
    assert mean(task.value or 0 for task in tasks) > 85
    assert total.name == "pico-accuracy"


@pytest.mark.model
def test_a_shared_reused_and_restored_cache_changes_no_answer(stage: Stage) -> None:
    with closing(Identity(stage, Options())) as identity:
        judged = list(identity.answers(20))
    assert [one for one in judged if one.margin is not None and one.margin > EXCUSED] == []
    assert sum(one.heard.usage.cached_tokens for one in judged) > 1000
    assert any(one.restored for one in judged)
    assert identity.restarts > 0
    assert identity.answers_of_others > 0


@pytest.mark.model
def test_pages_are_read_like_small_pictures(stage: Stage) -> None:
    (figure,) = measured(stage, "page-number-reading", n=20)
    assert figure.value is not None
    assert figure.value >= 60


@pytest.mark.model
def test_whatever_the_engine_did_before_changes_no_answer(stage: Stage) -> None:
    figure, *_ = measured(stage, "greedy-identity", n=4)
    assert figure.value == 0, figure.note


def test_a_second_question_reuses_the_picture(stage: Stage) -> None:
    pytest.importorskip("gguf")
    from benchmarks.second_turn_picture import ask_twice, draw_picture
    from benchmarks.stage import PICO_LIMITS

    with stage.engine(stage.pico()) as engine:
        turns = ask_twice(engine, draw_picture(1, stage, PICO_LIMITS, 112))
    assert turns.usage.cached_tokens >= turns.usage.image_tokens == 16


def steady(stage: Stage, options: Options) -> Iterator[Figure]:
    yield Figure(name="one", value=1234.5, unit="ms", target="<= 1", met=False, note="why")
    yield Figure(name="two", value=None, unit="ms", note=f"seed {options.seed}")


@pytest.fixture
def steady_figures(monkeypatch: pytest.MonkeyPatch) -> Measure:
    monkeypatch.setattr(registry, "find", lambda name: steady)
    return steady


@pytest.mark.usefixtures("steady_figures")
def test_a_missed_target_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["worker-kills", "--seed", "5"]) == 1
    heading, one, two = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["name", "value", "unit"]
    assert one.split() == ["one", "1,234", "ms", "<=", "1", "NO", "why"]
    assert two.split()[:3] == ["two", "not", "measured"]


@pytest.mark.usefixtures("steady_figures")
def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    __main__.main(["worker-kills", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == ["one", "two"]
    assert lines[0].keys() == {"name", "value", "unit", "target", "peer", "met", "note"}


def test_an_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        __main__.main(["no-such-figure"])
    assert end.value.code == 2
    assert "no-such-figure" in capsys.readouterr().err
