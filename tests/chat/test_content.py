"""How large a model sees what was attached, now and in later turns."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.chat.content import CITE, Attached, Contents, check_eyes, limits_of, with_sent
from glmdesk.documents.page import Document, Place, Sheet, Size
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits, model_size
from glmdesk.engines.base import ModelInfo
from glmdesk.errors import EngineError
from glmdesk.messages import Attachment, Detail, Message, Picture, SentPage, Text
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
SENT = (SentPage(number=1, mode="picture"),)


class PhotoReader(Reader):
    """Every file is the same photo, or one page of it; only its size is worked out."""

    def picture(self, path: Path, sha256: str, limits: PictureLimits, name: str = "") -> Picture:
        width, height = model_size(*PHOTO, limits)
        return Picture(id=sha256, width=width, height=height, path=path, name=name)

    def document(self, path: Path, name: str, sha256: str, encoding: str = "") -> Document:
        scan = Sheet(number=1, text="", pictures=(PHOTO,), whole=True)
        words = Sheet(number=2, text="Page two.", pictures=(PHOTO, (9, 9)))
        return Document(name=name, sheets=(scan, words))

    def draw(
        self, path: Path, name: str, sha256: str, wanted: Mapping[Place, Size]
    ) -> dict[Place, Picture]:
        return {
            place: Picture(id=f"{sha256}{place}", width=size[0], height=size[1], path=path)
            for place, size in wanted.items()
        }


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    return Contents(PhotoReader(find(tmp_path)))


def asked(
    contents: Contents,
    info: ModelInfo,
    limits: PictureLimits | None,
    *sent: SentPage,
    cite: bool = False,
) -> Message:
    files = (
        Attached(path=Path("a"), attachment=PICTURE),
        Attached(path=Path("b"), attachment=SCAN, sent=sent or SENT),
    )
    return contents.question("look", files, info, limits, cite=cite)


def sizes(
    contents: Contents, info: ModelInfo, limits: PictureLimits | None
) -> list[tuple[int, int]]:
    parts = asked(contents, info, limits).parts
    return [(part.width, part.height) for part in parts if isinstance(part, Picture)]


def words(message: Message) -> str:
    return "".join(part.text if isinstance(part, Text) else "<picture>" for part in message.parts)


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


def test_pages_are_sent_in_order_each_in_its_mode(contents: Contents) -> None:
    both = SentPage(number=2, mode="both")
    assert words(asked(contents, GLM, None, *SENT, both)) == (
        '<picture><document name="b.pdf" pages="2">\n[page 1]\n<picture>\n'
        "[page 2]\nPage two.\n<picture>\n</document>\n\nlook"
    )


def test_a_passage_is_a_part_of_its_page(contents: Contents) -> None:
    passage = SentPage(number=2, mode="text", start=5, end=8)
    assert "[page 2]\ntwo\n</document>" in words(asked(contents, GLM, None, passage))


def test_a_blind_model_gets_the_texts(contents: Contents) -> None:
    blind = replace(GLM, vision=False)
    both = SentPage(number=2, mode="both")
    shown = words(asked(contents, blind, None, *SENT, both))
    assert "<picture>" not in shown
    assert "[page 2]\nPage two.\n</document>" in shown


def test_pages_are_asked_for_only_of_models_that_need_it(contents: Contents) -> None:
    assert CITE in words(asked(contents, GLM, None, cite=True))
    assert CITE not in words(asked(contents, GLM, None))
    bare = contents.question("look", [Attached(path=Path("a"), attachment=PICTURE)], GLM, cite=True)
    assert CITE not in words(bare)


def test_a_file_that_was_removed_is_named(contents: Contents) -> None:
    gone = Attached(path=None, attachment=replace(SCAN, name='a"b.pdf'), sent=SENT)
    assert words(contents.question("look", [gone], GLM)) == "[a'b.pdf was removed]\nlook"


def test_a_page_that_is_no_longer_there_is_left_out(contents: Contents) -> None:
    assert "page 7" not in words(asked(contents, GLM, None, SentPage(number=7, mode="both")))


def test_only_pictures_need_eyes() -> None:
    blind = replace(GLM, vision=False)
    check_eyes([SCAN], blind)
    check_eyes([PICTURE, SCAN], GLM)
    with pytest.raises(EngineError, match="cannot see pictures"):
        check_eyes([SCAN, PICTURE], blind)
