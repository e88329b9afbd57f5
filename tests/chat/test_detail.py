"""The detail of a question's pictures, from the question to the tokens of later turns: the real app."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.app import App, Draft, load_spec
from glmdesk.chat.prompt import Options
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import Engine
from glmdesk.engines.llama.host import LlamaEngine
from glmdesk.engines.pool import Progress
from glmdesk.messages import Detail
from glmdesk.paths import find
from glmdesk.settings import Settings
from glmdesk.store.conversations import Entry
from tools.pico.scenes import scene

NORMAL = PictureLimits(min_tokens=8, max_tokens=64)
HIGH = 144


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image, _ = scene(random.Random(3), n=1, sizes=((112, 112),))
    path = tmp_path / "large.png"
    image.resize((1024, 1024)).save(path)
    return path


class Opened:
    """An app whose pico takes larger pictures than it was trained for, in a home that stays."""

    def __init__(self, home: Path, normal: PictureLimits = NORMAL, ceiling: int = HIGH) -> None:
        self._normal, self._ceiling = normal, ceiling
        self.app = App(Settings(paths=find(home), n_ctx=2048), load=self._load)

    def _load(self, model: str, progress: Progress) -> Engine:
        spec = load_spec(self.app.library.find(model), self.app.settings)
        spec = replace(
            spec,
            image_min_tokens=self._normal.min_tokens,
            image_max_tokens=self._normal.max_tokens,
            image_ceiling_tokens=self._ceiling,
        )
        return LlamaEngine(spec, self.app.paths.log, progress)

    def ask(self, detail: Detail, *files: Path, chat: str = "") -> Entry:
        draft = Draft(text="What is it?", files=tuple((file, file.name) for file in files))
        options = Options(think="off", max_tokens=4, detail=detail)
        job = self.app.ask("owner", chat, draft, options, "pico")
        now = job.snapshot
        while now.running:
            now = job.wait(now.version, 10)
        answer = self.app.conversations.entries("owner", job.conversation)[-1]
        assert answer.error == ""
        return answer


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path / "home")
    yield made
    made.app.close()


@pytest.mark.parametrize(
    ("detail", "tokens"),
    [("low", 64), ("normal", 64), ("high", 144), (30, 25), (9, 16), (9999, 144)],
)
def test_a_picture_costs_what_its_detail_says(
    opened: Opened, picture: Path, detail: Detail, tokens: int
) -> None:
    assert opened.ask(detail, picture).usage.image_tokens == tokens


def test_a_later_turn_with_another_detail_reads_no_picture_again(
    opened: Opened, picture: Path
) -> None:
    first = opened.ask("high", picture)
    second = opened.ask("low", chat=first.conversation)
    assert second.usage.image_tokens == 144
    assert second.usage.cached_tokens >= first.usage.prompt_tokens
    third = opened.ask(20, picture, chat=first.conversation)
    assert third.usage.image_tokens == 144 + 16
    assert third.usage.cached_tokens >= second.usage.prompt_tokens
    question = opened.app.conversations.entries("owner", first.conversation)[0]
    assert (question.detail, question.picture_limits) == ("high", {"pico": (8, 144)})


@pytest.mark.parametrize(("ceiling", "tokens"), [(HIGH, 64), (36, 36)])
def test_new_limits_of_a_model_change_no_picture_that_it_was_sent(
    tmp_path: Path, picture: Path, ceiling: int, tokens: int
) -> None:
    before = Opened(tmp_path / "home")
    chat = before.ask("normal", picture).conversation
    before.app.close()
    limits = PictureLimits(min_tokens=16, max_tokens=25)
    after = Opened(tmp_path / "home", limits, ceiling)
    try:
        assert after.ask("normal", chat=chat).usage.image_tokens == tokens
        assert after.ask("normal", picture).usage.image_tokens == 25
    finally:
        after.app.close()
