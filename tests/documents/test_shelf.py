import os
import time
from pathlib import Path

from glmdesk.documents.page import Document, Page
from glmdesk.documents.shelf import REMEMBERED, Shelf
from glmdesk.documents.sizes import PictureLimits
from glmdesk.messages import Picture
from tests.documents.samples import put

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)


def test_a_picture_is_known_by_its_own_size(folder: Path) -> None:
    shelf = Shelf(folder)
    assert shelf.picture("abc", LIMITS) is None
    shelf.remember("abc", (640, 400))
    assert shelf.picture("abc", LIMITS) is None
    put(folder, "abc-560x336.rgb", b"pixels")
    known = shelf.picture("abc", LIMITS)
    assert known is not None
    assert (known.id, known.width, known.height) == ("abc-560x336", 560, 336)
    assert not list(folder.glob("*.part"))


def test_a_spoilt_size_is_forgotten(folder: Path) -> None:
    shelf = Shelf(folder)
    for content in (b"", b"640", b"a b", b"640 400 1", b"\xff\xfe"):
        put(folder, "abc.size", content)
        assert shelf.picture("abc", LIMITS) is None


def test_paths_are_made_here(folder: Path) -> None:
    picture = Picture(id="x", width=56, height=56, path=Path("elsewhere"))
    page = Shelf(folder).own(Page(number=3, text="", picture=picture), "abc")
    assert page.picture is not None
    assert page.picture.path == folder / "abc-p3-56x56.rgb"
    assert page.picture.id == "abc-p3-56x56"


def test_only_some_documents_are_kept(folder: Path) -> None:
    shelf = Shelf(folder)
    document = Document(name="a", pages=())
    for number in range(REMEMBERED + 1):
        shelf.keep((str(number), None), document)
        assert shelf.document(("0", None)) or number == REMEMBERED + 1
    assert shelf.document(("1", None)) is None
    assert shelf.document((str(REMEMBERED), None)) is document


def test_a_document_whose_pixels_are_gone_is_read_again(folder: Path) -> None:
    shelf = Shelf(folder)
    picture = shelf.named("abc", (56, 56), 1)
    shelf.keep(
        ("abc", LIMITS), Document(name="a", pages=(Page(number=1, text="", picture=picture),))
    )
    assert shelf.document(("abc", LIMITS)) is None


def test_what_was_left_half_written_is_swept(folder: Path) -> None:
    old, new = put(folder, "old.part", b"x"), put(folder, "new.part", b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    Shelf(folder)
    assert not old.exists()
    assert new.exists()
