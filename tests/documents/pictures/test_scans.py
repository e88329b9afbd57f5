from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from glmdesk.documents.pictures import scans
from glmdesk.errors import DocumentDamaged
from tests.documents.samples import noise, put, saved


def tiff(*pages: Image.Image, **options: object) -> bytes:
    return saved(pages[0], "TIFF", save_all=True, append_images=list(pages[1:]), **options)


def test_each_page_is_a_picture(folder: Path) -> None:
    pages = [noise(300, 400, 1), Image.new("L", (200, 100), "white"), noise(90, 90, 3)]
    with scans.opened(put(folder, "a.tif", tiff(*pages)), "a.tif") as book:
        assert (book.total, book.note, book.encoding) == (3, "", "")
        sheets = [book.sheet(number) for number in (3, 1, 2)]
        assert [sheet.pictures for sheet in sheets] == [((90, 90),), ((300, 400),), ((200, 100),)]
        assert all(sheet.whole and not sheet.text and not sheet.fault for sheet in sheets)
        assert [sheet.looks.ink for sheet in sheets] == [True, True, False]
        assert book.find(1, "x") == ()
        drawn = book.draw(3, 0, (90, 90))
        assert drawn.rgb == pages[2].tobytes()
        again = book.draw(1, 0, (30, 30))
        assert (again.width, again.height) == (30, 40)
        with pytest.raises(DocumentDamaged):
            book.draw(1, 1, (30, 30))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg", "group4"])
def test_every_compression(folder: Path, compression: str) -> None:
    mode = "1" if compression == "group4" else "RGB"
    pages = [noise(300, 200, seed).convert(mode) for seed in (1, 2)]
    data = tiff(*pages, compression=compression)
    with scans.opened(put(folder, "a.tif", data), "a.tif") as book:
        for number in (2, 1, 2):
            drawn = book.draw(number, 0, (300, 200))
            assert (drawn.width, drawn.height) == (300, 200)
            assert book.sheet(number).looks.ink


def test_a_page_that_lies_on_its_side_is_turned_once(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.new("RGB", (40, 80), "white")
    upright.paste("red", (0, 0, 40, 20))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    with scans.opened(put(folder, "a.tif", tiff(lying, lying, exif=exif)), "a.tif") as book:
        for _ in range(2):
            drawn = book.draw(1, 0, (40, 80))
            assert drawn.rgb == upright.tobytes()
        assert book.sheet(1).pictures == ((40, 80),)


def test_a_broken_page_leaves_the_others(folder: Path) -> None:
    pages = [noise(300, 300, seed) for seed in (1, 2, 3)]
    data = bytearray(tiff(*pages, compression="tiff_deflate"))
    with Image.open(put(folder, "whole.tif", bytes(data))) as image:
        image.seek(1)
        assert isinstance(image, TiffImageFile)
        start = image.tag_v2[0x0111][0]
    data[start : start + 40] = bytes(40)
    with scans.opened(put(folder, "a.tif", bytes(data)), "a.tif") as book:
        faults = [book.sheet(number).fault for number in (1, 2, 3)]
        assert [bool(fault) for fault in faults] == [False, True, False]
        assert faults[1].startswith("Page 2 of a.tif is damaged")
        with pytest.raises(DocumentDamaged):
            book.draw(2, 0, (30, 30))
        assert book.draw(3, 0, (300, 300)).rgb == pages[2].tobytes()


def test_a_page_too_narrow_says_so(folder: Path) -> None:
    data = tiff(noise(50, 50), Image.new("1", (5100, 100)))
    with scans.opened(put(folder, "a.tif", data), "a.tif") as book:
        assert "too narrow" in book.sheet(2).fault
        assert not book.sheet(1).fault


def test_smaller_copies_are_no_pages(folder: Path) -> None:
    pages = [noise(300, 300), noise(30, 30)]
    pages[1].encoderinfo = {"tiffinfo": {0x00FE: 1}}
    with scans.opened(put(folder, "a.tif", tiff(*pages)), "a.tif") as book:
        assert book.total == 1
        assert book.sheet(1).pictures == ((300, 300),)


def test_a_long_one_is_cut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MAX_PAGES", 2)
    data = tiff(*[noise(20, 20)] * 3)
    with scans.opened(put(folder, "a.tif", data), "a.tif") as book:
        assert (book.total, book.note) == (2, "Used the first 2 of 3 pages.")


@pytest.mark.parametrize("data", [b"II*\0junk", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\0"])
def test_no_tiff_at_all(folder: Path, data: bytes) -> None:
    path = put(folder, "a.tif", data)
    with pytest.raises(DocumentDamaged, match="a.tif is damaged"), scans.opened(path, "a.tif"):
        pass
