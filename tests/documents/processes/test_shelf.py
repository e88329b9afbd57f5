import os
import shutil
import time
from pathlib import Path

import pytest

from glmdesk.documents.page import Document, Looks, Sheet
from glmdesk.documents.processes import records, shelf
from glmdesk.documents.processes.shelf import IN_USE_S, LOOK_AGAIN, Shelf
from glmdesk.documents.protocol import shown_path
from glmdesk.documents.sizes import PictureLimits
from tests.documents.samples import put

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)
DOCUMENT = Document(name="a", sheets=(Sheet(number=1, text="one"),), note="n", encoding="utf-8")


@pytest.fixture
def made(folder: Path) -> Path:
    """The folder of pictures in a cache."""
    (folder / "pictures").mkdir()
    return folder / "pictures"


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_a_picture_is_known_by_its_own_size(folder: Path, made: Path) -> None:
    shelf = Shelf(folder)
    assert shelf.picture("abc", LIMITS) is None
    shelf.remember("abc", (640, 400))
    assert shelf.picture("abc", LIMITS) is None
    put(made, "abc-560x336.rgb", bytes(560 * 336 * 3))
    known = shelf.picture("abc", LIMITS)
    assert known is not None
    assert (known.id, known.width, known.height) == ("abc-560x336", 560, 336)
    assert not list(made.glob("*.part"))


def test_half_the_pixels_are_none(folder: Path, made: Path) -> None:
    shelf = Shelf(folder)
    put(made, "abc-p2-56x28.rgb", bytes(56 * 28 * 3 - 1))
    assert shelf.drawn("abc", (2, 0), (56, 28)) is None
    put(made, "abc-p2-56x28.rgb", bytes(56 * 28 * 3))
    assert shelf.drawn("abc", (2, 0), (56, 28)) == shelf.named("abc", (2, 0), (56, 28))


@pytest.mark.parametrize("content", [b"", b"640", b"a b", b"640 400 1", b"\xff\xfe"])
def test_a_spoilt_size_is_forgotten(folder: Path, made: Path, content: bytes) -> None:
    put(made, "abc.size", content)
    assert Shelf(folder).picture("abc", LIMITS) is None


def test_a_document_is_there_after_a_restart(folder: Path) -> None:
    Shelf(folder).keep("abc", "", DOCUMENT)
    shelf = Shelf(folder)
    assert shelf.document("abc", "", "a") == DOCUMENT
    assert shelf.document("abc", "", "b") == Document(
        name="b", sheets=DOCUMENT.sheets, note="n", encoding="utf-8"
    )
    assert shelf.document("abc", "cp1252", "a") is None
    assert shelf.document("ab", "", "a") is None


def test_each_encoding_is_kept_by_itself(folder: Path) -> None:
    shelf = Shelf(folder)
    other = Document(name="a", sheets=(Sheet(number=1, text="two"),), encoding="../x")
    shelf.keep("abc", "", DOCUMENT)
    shelf.keep("abc", "../x", other)
    assert shelf.document("abc", "", "a") == DOCUMENT
    assert shelf.document("abc", "../x", "a") == other
    assert sorted(found.parent.name for found in folder.rglob("*.pages")) == ["documents"] * 2


@pytest.mark.parametrize("spoil", ["cut", "flipped", "empty", "older"])
def test_a_spoilt_document_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    shelf = Shelf(folder)
    if spoil == "older":
        monkeypatch.setattr(records, "VERSION", records.VERSION - 1)
    shelf.keep("abc", "", DOCUMENT)
    monkeypatch.undo()
    (path,) = folder.rglob("*.pages")
    data = path.read_bytes()
    changed = {"cut": data[:-9], "flipped": data[:9] + bytes(9) + data[18:], "empty": b""}
    path.write_bytes(changed.get(spoil, data))
    assert shelf.document("abc", "", "a") is None
    assert not path.exists()


def test_everything_of_one_file_is_counted_and_forgotten(folder: Path, made: Path) -> None:
    shelf = Shelf(folder)
    shelf.keep("abc", "", DOCUMENT)
    shelf.keep("abc", "cp1252", DOCUMENT)
    shelf.remember("abc", (640, 400))
    put(made, "abc-p1-28x28.rgb", bytes(100))
    put(made, shown_path(made, "abc", (1, 0), 160).name, bytes(50))
    other = put(made, "abcd-28x28.rgb", bytes(7))
    size = shelf.size("abc")
    assert size > 150 + len("640 400")
    assert shelf.forget("abc") == size
    assert shelf.size("abc") == 0
    assert [found for found in folder.rglob("*") if found.is_file()] == [other]


def test_what_was_used_longest_ago_gives_way(folder: Path, made: Path) -> None:
    shelf = Shelf(folder, most=250)
    old = aged(put(made, "a-28x28.rgb", bytes(100)), 3 * IN_USE_S)
    older = aged(put(made, "b-28x28.rgb", bytes(100)), 4 * IN_USE_S)
    shelf.keep("c", "", DOCUMENT)
    (pages,) = folder.rglob("*.pages")
    aged(pages, 5 * IN_USE_S)
    fresh = put(made, "d-28x28.rgb", bytes(140))
    shelf.grown(LOOK_AGAIN)
    assert [path.exists() for path in (pages, older, old, fresh)] == [False, False, True, True]


def test_use_keeps_it(folder: Path, made: Path) -> None:
    shelf = Shelf(folder, most=10)
    path = aged(put(made, shown_path(made, "a", (1, 0), 160).name, bytes(100)), 2 * IN_USE_S)
    assert shelf.shown("a", (1, 0), 160) == path
    shelf.grown(LOOK_AGAIN)
    assert path.exists()


def test_what_an_answer_may_be_about_to_read_stays(folder: Path, made: Path) -> None:
    shelf = Shelf(folder, most=0)
    path = aged(put(made, "a-28x28.rgb", bytes(100)), IN_USE_S / 2)
    shelf.grown(LOOK_AGAIN)
    assert path.exists()


def test_a_full_disk_makes_it_smaller(
    folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearly_full(path: Path) -> object:
        return type("Usage", (), {"free": shelf.SPARED - 50})

    paths = [aged(put(made, f"{n}-1x1.rgb", bytes(30)), (9 - n) * IN_USE_S) for n in range(4)]
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    Shelf(folder).grown(LOOK_AGAIN)
    assert [path.exists() for path in paths] == [False, False, True, True]


def test_it_is_not_looked_through_for_every_file(folder: Path, made: Path) -> None:
    shelf = Shelf(folder, most=0)
    shelf.grown(1)
    path = aged(put(made, "a-28x28.rgb", bytes(100)), 2 * IN_USE_S)
    shelf.grown(LOOK_AGAIN - 2)
    assert path.exists()
    shelf.grown(2)
    assert not path.exists()


def test_what_was_left_half_written_is_swept(folder: Path, made: Path) -> None:
    old, new = aged(put(made, "old.part", b"x"), 2 * IN_USE_S), put(made, "new.part", b"x")
    Shelf(folder).grown(LOOK_AGAIN)
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_cannot_be_written_costs_only_time(folder: Path) -> None:
    put(folder, "documents", b"a file where the folder should be")
    shelf = Shelf(folder)
    shelf.keep("abc", "", DOCUMENT)
    assert shelf.document("abc", "", "a") is None


def test_a_record_keeps_everything() -> None:
    looks = Looks(letters=9, garbled=0.25, images=0.5, drawings=3, drawn=0.1, tables=1, ink=True)
    sheets = (
        Sheet(number=1, text="a\ud800\x00\n😀", pictures=((1, 2), (3, 4)), whole=True, looks=looks),
        Sheet(number=2, text="", label="Täbelle", fault="Page 2 is damaged."),
    )
    document = Document(name="x", sheets=sheets, note="n", encoding="cp1252")
    assert records.unpack(records.pack(document), "x") == document


def test_a_record_with_a_gap_is_none() -> None:
    gap = Document(name="x", sheets=(Sheet(number=2, text=""),))
    assert records.unpack(records.pack(gap), "x") is None
    assert records.unpack(records.pack(Document(name="x", sheets=())), "x") is None
