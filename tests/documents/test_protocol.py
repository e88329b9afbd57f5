from pathlib import Path

import pytest

from glmdesk.documents.page import Inspected, Sheet
from glmdesk.documents.protocol import (
    Crop,
    Done,
    Drawn,
    DrawPages,
    Fault,
    Find,
    Found,
    Inspect,
    Opened,
    ReadDocument,
    ReadPicture,
    Request,
    ends,
    picture_id,
    pixels_path,
    shown_path,
)
from glmdesk.documents.sizes import PictureLimits

HERE = Path("a")
LIMITS = PictureLimits(min_tokens=8, max_tokens=256)
DRAWN = Drawn(source=(1, 1), width=1, height=1)
READ = ReadDocument(path=HERE, name="a")
PICTURE = ReadPicture(path=HERE, name="a", sha256="b", limits=LIMITS, folder=HERE)
DRAW = DrawPages(path=HERE, name="a", sha256="b", wanted=(), folder=HERE)
CROP = Crop(path=HERE, name="a", page=1, box=(0, 0, 1, 1), target=HERE)


def test_names_of_pixels() -> None:
    assert picture_id("abc", 56, 84) == "abc-56x84"
    assert picture_id("abc", 56, 84, (12, 0)) == "abc-p12-56x84"
    assert picture_id("abc", 56, 84, (12, 3)) == "abc-p12.3-56x84"
    assert pixels_path(Path("cache"), "abc-56x84") == Path("cache/abc-56x84.rgb")
    assert shown_path(Path("cache"), "abc", (2, 1), 160) == Path("cache/abc-p2.1-160.webp")


@pytest.mark.parametrize(
    ("request_", "answer", "over"),
    [
        (READ, Opened(pages=3), False),
        (READ, Sheet(number=1, text=""), False),
        (READ, Done(), True),
        (READ, Fault(code="document", message="x"), True),
        (DRAW, DRAWN, False),
        (DRAW, Done(), True),
        (PICTURE, DRAWN, True),
        (CROP, DRAWN, True),
        (Inspect(path=HERE, name="a"), Inspected(kind="picture", media_type="image/png"), True),
        (Find(path=HERE, name="a", page=1, words="x"), Found(boxes=()), True),
        (READ, "what is no answer", False),
    ],
)
def test_the_last_answer(request_: Request, answer: object, over: bool) -> None:
    assert ends(request_, answer) is over
