import zipfile
from pathlib import Path

import pytest

from glmdesk.documents.office import docx, odt, pptx, xlsx, zipped
from glmdesk.errors import DocumentDamaged, DocumentError, DocumentTooLarge, DocumentUnsupported
from tests.documents.office import making

BOMB = 101 * 2**20


def opening(path: Path) -> None:
    with zipped.opened(path, path.name):
        pass


def test_what_is_sound_opens(tmp_path: Path) -> None:
    path = making.zipped(tmp_path, "a.zip", {"one": b"1" * 70_000, "two/three": b""})
    with zipped.opened(path, "a.zip") as archive:
        assert archive.members == ("one", "two/three")
        assert archive.read("one") == b"1" * 70_000
        assert archive.read("nothing") == b""


def test_a_bomb_that_says_so_is_refused(tmp_path: Path) -> None:
    path = making.lying(tmp_path, "a.docx", BOMB, BOMB)
    assert path.stat().st_size < 2**19
    with pytest.raises(DocumentTooLarge, match=r"a\.docx unpacks to more than 100 MB; refused"):
        opening(path)


def test_a_bomb_that_lies_in_its_list_is_refused(tmp_path: Path) -> None:
    path = making.lying(tmp_path, "a.docx", BOMB, 1_000)
    with pytest.raises(DocumentTooLarge, match="unpacks to more than 100 MB; refused"):
        opening(path)


def test_a_small_lie_is_refused_as_well(tmp_path: Path) -> None:
    with pytest.raises(DocumentDamaged, match="not as long as it says"):
        opening(making.lying(tmp_path, "a.docx", 2**20, 1_000))


def test_entries_that_share_their_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentDamaged, match="lie over one another"):
        opening(making.overlapping(tmp_path, "a.docx", 1_500))


def test_a_crowd_of_members_is_refused(tmp_path: Path) -> None:
    path = making.zipped(tmp_path, "a.pptx", {f"m{place}": b"" for place in range(2_001)})
    with pytest.raises(DocumentTooLarge, match="more than 2,000 parts"):
        opening(path)


def test_many_members_that_together_are_a_bomb_are_refused(tmp_path: Path) -> None:
    path = making.zipped(tmp_path, "a.docx", {f"m{place}": bytes(2**20) for place in range(101)})
    with pytest.raises(DocumentTooLarge, match="unpacks to more than 100 MB"):
        opening(path)


def test_a_zip_inside_is_never_opened(tmp_path: Path) -> None:
    inner = making.zipped(tmp_path, "inner.zip", {"bomb": bytes(BOMB)})
    path = making.zipped(tmp_path, "a.docx", {"word/embeddings/a.zip": inner.read_bytes()})
    with zipped.opened(path, "a.docx") as archive:
        assert len(archive.read("word/embeddings/a.zip")) == inner.stat().st_size


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_that_unfold_are_refused(tmp_path: Path, encoding: str) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    markup = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'
    path = making.zipped(tmp_path, "a.docx", {"word/document.xml": markup.encode(encoding)})
    with pytest.raises(DocumentDamaged, match="made to unfold without end"):
        opening(path)


def test_an_encrypted_member_is_said_to_be_one(tmp_path: Path) -> None:
    path = making.zipped(tmp_path, "a.zip", {"one": b"words"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DocumentUnsupported, match="protected with a password"):
        opening(path)


@pytest.mark.parametrize("reader", [docx, pptx, xlsx, odt])
def test_every_reader_goes_through_it(tmp_path: Path, reader: object) -> None:
    path = making.lying(tmp_path, "renamed.doc", 2**20, 1_000)
    opened = reader.opened(path, "renamed.doc")  # type: ignore[attr-defined]
    with pytest.raises(DocumentDamaged, match="not as long as it says"), opened:
        pass


def test_no_cut_of_a_file_raises_anything_else(tmp_path: Path) -> None:
    whole = making.zipped(
        tmp_path, "whole.docx", {"word/document.xml": b"<x/>" * 500, "b": b"2" * 99}
    )
    data = whole.read_bytes()
    path = tmp_path / "cut.docx"
    for end in range(0, len(data), 7):
        path.write_bytes(data[:end])
        with pytest.raises(DocumentError):
            opening(path)


def test_no_other_compression_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("word/document.xml", bytes(10_000))
    with pytest.raises(DocumentDamaged):
        opening(path)


def test_a_part_too_long_for_a_tree_is_refused(tmp_path: Path) -> None:
    path = making.zipped(tmp_path, "a.docx", {"word/document.xml": b"<a>" + bytes(49 * 2**20)})
    with pytest.raises(DocumentTooLarge, match="49 MB in one part"), docx.opened(path, "a.docx"):
        pass


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3 * 2**20 + 5])
@pytest.mark.parametrize("byte", [b"\0", b"<a>"])
def test_every_byte_of_a_sound_member_is_counted(tmp_path: Path, size: int, byte: bytes) -> None:
    path = making.zipped(tmp_path, "a.zip", {"one": (byte * size)[:size], "two": b"2"})
    with zipped.opened(path, "a.zip") as archive:
        assert len(archive.read("one")) == size
