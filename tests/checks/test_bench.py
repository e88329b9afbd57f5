"""The measurements, on an engine that says what it is told and on the real worker."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from glmdesk.app import App
from glmdesk.chat.content import limits_of
from glmdesk.checks import bench
from glmdesk.checks.bench import Bench
from glmdesk.engines.base import ModelInfo, Request
from glmdesk.engines.scripted import INFO, ScriptedEngine
from glmdesk.errors import EngineError, ModelDamaged, ModelMissing
from glmdesk.messages import Answer, Event, Failed, Finished, Picture, Timings, Usage
from glmdesk.paths import find
from glmdesk.settings import Settings

SEEING = replace(INFO, vision=True, image_min_tokens=8, image_max_tokens=2048)


def tell(said: list[str]) -> bench.Say:
    return said.append


class Talker:
    """Writes `length` tokens an answer, or fewer when fewer are asked for, and keeps the requests."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> list[Event]:
        self.requests.append(request)
        written = min(self.length, request.max_tokens)
        return [
            Answer(text="x" * written),
            Finished(
                reason="length",
                usage=Usage(
                    prompt_tokens=500, completion_tokens=written, image_tokens=40, cached_tokens=60
                ),
                timings=Timings(prompt_tokens_per_s=100.0 * len(self.requests), tokens_per_s=50.0),
                tokens=(5,) * written,
            ),
        ]


def made(tmp_path: Path, script: Talker, info: ModelInfo = INFO) -> Bench:
    return Bench(engine=ScriptedEngine(script, info), folder=tmp_path, say=tell([]))


def test_the_median_of_five_prompts(tmp_path: Path) -> None:
    script = Talker(9)
    speed = made(tmp_path, script).prompt(512)
    assert speed.runs == (100.0, 200.0, 300.0, 400.0, 500.0)
    assert speed.tokens_per_s == 300.0
    assert len({request.messages for request in script.requests}) == 5
    assert {request.max_tokens for request in script.requests} == {1}
    assert not any(request.prompt_lookup or request.conversation for request in script.requests)


@pytest.mark.parametrize("length", [2, 9, 1000])
def test_writing_goes_on_until_there_are_enough_tokens(tmp_path: Path, length: int) -> None:
    speed = made(tmp_path, Talker(length)).decode()
    assert speed.tokens == (128 if length > 2 else bench.MOST_ANSWERS)
    assert speed.tokens_per_s == pytest.approx(50.0)


def test_a_model_that_says_nothing_has_no_speed(tmp_path: Path) -> None:
    speed = made(tmp_path, Talker(0)).decode()
    assert (speed.tokens, speed.tokens_per_s) == (0, 0.0)


def test_the_second_turn_repeats_the_first_and_its_answer(tmp_path: Path) -> None:
    script = Talker(9)
    limits = limits_of(SEEING)
    assert limits is not None
    turns = made(tmp_path, script, SEEING).picture(limits)
    assert (turns.image_tokens, turns.cached_tokens, turns.prompt_tokens) == (40, 60, 500)
    assert len(turns.runs) == 5
    first, second = script.requests[:2]
    assert second.messages[0] == first.messages[0]
    assert second.messages[1].tokens == (5,)
    pictures = [request.messages[0].parts[0] for request in script.requests[::2]]
    assert len({part.id for part in pictures if isinstance(part, Picture)}) == 5


def test_slow_runs_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LONG_S", 0.0)
    said: list[str] = []
    slow = Bench(engine=ScriptedEngine(Talker(9)), folder=tmp_path, say=tell(said))
    assert len(slow.prompt(512).runs) == 3
    assert said[-1] == "Reading 512 tokens, run 3 …"


def test_a_small_context_is_measured_with_a_small_prompt(tmp_path: Path) -> None:
    report = bench.report(made(tmp_path, Talker(9), replace(SEEING, n_ctx=400)), 1.5)
    assert len(report.prompt) == 1
    assert report.load_s == 1.5
    assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 136 * 28 * 28 * 3


def test_text_models_have_no_picture_and_scripts_no_memory(tmp_path: Path) -> None:
    report = bench.report(made(tmp_path, Talker(9)), 0.0)
    assert report.picture is None
    assert report.memory is None
    assert [speed.tokens for speed in report.prompt] == [500, 500]


def test_an_engine_that_fails_is_told(tmp_path: Path) -> None:
    def fail(request: Request) -> list[Event]:
        return [Failed(code="engine", message="It broke.")]

    broken = Bench(engine=ScriptedEngine(fail), folder=tmp_path, say=tell([]))
    with pytest.raises(EngineError, match="It broke"):
        broken.warm()


def test_an_engine_that_goes_silent_is_told(tmp_path: Path) -> None:
    silent = Bench(engine=ScriptedEngine(lambda request: []), folder=tmp_path, say=tell([]))
    with pytest.raises(EngineError, match="without an answer"):
        silent.warm()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(Settings(paths=find(tmp_path / "home"), n_ctx=1024))
    yield made
    made.close()


def test_pico(app: App) -> None:
    said: list[str] = []
    report = bench.measure(app, "pico", tell(said))
    assert said[0] == "Loading pico …"
    assert (report.model, report.n_ctx) == ("pico", 1024)
    assert report.load_s > 0
    (prompt,) = report.prompt
    assert 500 <= prompt.tokens <= 512
    assert min(prompt.runs) > 0
    assert report.decode.tokens >= 128
    assert report.decode.tokens_per_s > 0
    assert report.picture is not None
    assert report.picture.image_tokens == 12
    assert report.picture.cached_tokens > 12
    assert report.memory is not None
    assert report.memory.process_peak > 3e6
    assert json.loads(json.dumps(asdict(report)))["decode"]["tokens_per_s"] > 0
    with app._database.read() as connection:
        assert connection.execute("SELECT count(*) FROM conversation").fetchone()[0] == 0


def test_what_cannot_be_loaded_is_not_measured(app: App, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no model 'glm-99'"):
        bench.measure(app, "glm-99", tell([]))
    path = tmp_path / "words.gguf"
    path.write_bytes(b"only words" * 100)
    with pytest.raises(ModelDamaged, match="not a GGUF"):
        bench.measure(app, str(path), tell([]))
