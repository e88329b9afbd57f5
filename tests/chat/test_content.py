"""How large a model sees what was attached, now and in later turns."""

from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.chat.content import Contents, limits_of, with_sent
from glmdesk.documents.page import Document, Page
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.engines.base import ModelInfo
from glmdesk.messages import Attachment, Detail, Picture
from glmdesk.paths import find

GLM = ModelInfo(
    id="glm",
    name="GLM",
    n_ctx=16384,
    vision=True,
    image_min_tokens=8,
    image_max_tokens=2048,
    image_ceiling_tokens=4096,
)
PICO = replace(GLM, id="pico", image_max_tokens=16, image_ceiling_tokens=16)
PHOTO = (4032, 3024)
PICTURE = Attachment(sha256="a" * 64, name="a.png", kind="picture", media_type="image/png", size=1)
SCAN = Attachment(
    sha256="b" * 64, name="b.pdf", kind="document", media_type="application/pdf", size=1
)


class PhotoReader(Reader):
    """Every file is the same photo, or one page of it; only its size is worked out."""

    def picture(self, path: Path, sha256: str, limits: PictureLimits, name: str = "") -> Picture:
        width, height = model_size(*PHOTO, limits)
        return Picture(id=sha256, width=width, height=height, path=path, name=name)

    def document(
        self, path: Path, name: str, sha256: str, limits: PictureLimits | None
    ) -> Document:
        picture = self.picture(path, sha256, limits) if limits else None
        return Document(name=name, pages=(Page(number=1, text="", picture=picture),))


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    return Contents(PhotoReader(find(tmp_path)))


def sizes(
    contents: Contents, info: ModelInfo, limits: PictureLimits | None
) -> list[tuple[int, int]]:
    attached = [(Path("a"), PICTURE), (Path("b"), SCAN)]
    message, _ = contents.question("look", attached, info, new=True, limits=limits)
    return [(part.width, part.height) for part in message.parts if isinstance(part, Picture)]


@pytest.mark.parametrize(
    ("detail", "size"),
    [("low", (504, 364)), ("normal", (1456, 1092)), ("high", (2044, 1540)), (100, (308, 224))],
)
def test_pictures_and_scanned_pages_have_the_detail_of_their_question(
    contents: Contents, detail: Detail, size: tuple[int, int]
) -> None:
    assert sizes(contents, GLM, limits_of(GLM, detail)) == [size, size]


def test_without_limits_the_detail_is_normal(contents: Contents) -> None:
    assert sizes(contents, GLM, None) == sizes(contents, GLM, limits_of(GLM))


@pytest.mark.parametrize("detail", ["low", "normal", "high", 3000])
def test_a_model_that_takes_little_is_never_sent_more(detail: Detail) -> None:
    assert limits_of(PICO, detail) == PictureLimits(min_tokens=8, max_tokens=16)


def test_a_model_that_names_no_ceiling_takes_what_is_normal() -> None:
    quiet = replace(GLM, image_ceiling_tokens=0)
    assert limits_of(quiet, "high") == limits_of(quiet)


def test_a_blind_model_has_no_limits() -> None:
    assert limits_of(replace(GLM, vision=False), "high", {"glm": (8, 256)}) is None


@pytest.mark.parametrize("now", ["low", "high", 700])
def test_what_was_sent_keeps_its_size(now: Detail) -> None:
    first = limits_of(GLM, "normal")
    assert first is not None
    sent = with_sent({}, GLM, first)
    later = replace(GLM, image_min_tokens=16, image_max_tokens=1024)
    assert limits_of(later, now, sent) == first


def test_each_model_has_its_own_size_and_keeps_the_first() -> None:
    first, other = limits_of(GLM, "low"), limits_of(PICO, "low")
    assert first is not None
    assert other is not None
    sent = with_sent(with_sent({}, GLM, first), PICO, other)
    again = limits_of(GLM, "high")
    assert again is not None
    sent = with_sent(sent, GLM, again)
    assert limits_of(GLM, "high", sent) == first
    assert limits_of(PICO, "high", sent) == other


def test_a_lower_ceiling_wins_over_what_was_sent() -> None:
    low = replace(GLM, image_max_tokens=512, image_ceiling_tokens=1024)
    assert limits_of(low, "normal", {"glm": (8, 4096)}) == PictureLimits(
        min_tokens=8, max_tokens=1024
    )
