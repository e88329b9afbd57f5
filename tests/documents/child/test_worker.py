from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from glmdesk.documents.child import formats, worker
from glmdesk.documents.child.errands import Errands
from glmdesk.documents.page import Inspected, Sheet
from glmdesk.documents.pictures import pictures
from glmdesk.documents.protocol import (
    Answer,
    Crop,
    Done,
    Drawn,
    DrawPages,
    Fault,
    Find,
    Found,
    Inspect,
    LetGo,
    Opened,
    ReadDocument,
    ReadPicture,
    Request,
    ShowPages,
    Unlock,
    shown_path,
)
from glmdesk.documents.sizes import PictureLimits
from tests.documents.samples import damaged_pdf, noise, put, saved, scanned_pdf, sentence, text_pdf

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)


def answers(request: Request, errands: Errands | None = None) -> list[Answer]:
    return list(worker.answers(request, errands or Errands()))


def read(path: Path, first: int = 1, last: int = 0) -> list[Answer]:
    return answers(ReadDocument(path=path, name=path.name, first=first, last=last))


def pages(found: list[Answer]) -> list[Sheet]:
    return [answer for answer in found if isinstance(answer, Sheet)]


def show(path: Path, *places: tuple[int, int], side: int = 160) -> list[Answer]:
    folder = path.parent / "cache"
    request = ShowPages(
        path=path, name=path.name, sha256="abc", places=places, side=side, folder=folder
    )
    return answers(request)


def test_inspect_pdf_called_png(folder: Path) -> None:
    path = put(folder, "scan.png", text_pdf(3))
    (answer,) = answers(Inspect(path=path, name="scan.png"))
    assert answer == Inspected(
        kind="document",
        media_type="application/pdf",
        note="This is a PDF; opened as PDF.",
        pages=3,
    )


def test_inspect_picture_called_pdf(folder: Path) -> None:
    path = put(folder, "report.pdf", saved(noise(640, 400), "PNG"))
    (answer,) = answers(Inspect(path=path, name="report.pdf"))
    assert answer == Inspected(
        kind="picture",
        media_type="image/png",
        note="This is a PNG; opened as PNG.",
        width=640,
        height=400,
    )


def test_inspect_text(folder: Path) -> None:
    path = put(folder, "a.txt", "Größe, Übung, Straße".encode("cp1252"))
    (answer,) = answers(Inspect(path=path, name="a.txt"))
    assert answer == Inspected(
        kind="document", media_type="text/plain", note="Read as Windows-1252.", pages=1
    )


def test_picture_is_written_at_the_models_size(folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(640, 400), "PNG"))
    cache = folder / "cache"
    (answer,) = answers(
        ReadPicture(path=path, name="a.png", sha256="abc", limits=LIMITS, folder=cache)
    )
    assert answer == Drawn(source=(640, 400), width=560, height=336)
    (written,) = cache.iterdir()
    assert written.name == "abc-560x336.rgb"
    assert written.stat().st_size == 560 * 336 * 3


def test_a_document_is_read_in_order(folder: Path) -> None:
    found = read(put(folder, "a.pdf", scanned_pdf()))
    assert (found[0], found[-1]) == (Opened(pages=3), Done())
    one, two, three = pages(found)
    assert (one.text, two.text, three.text) == (sentence(1), "", sentence(3))
    assert all(sheet.whole and len(sheet.pictures) == 1 for sheet in (one, two, three))
    assert two.looks.ink


@pytest.mark.parametrize(
    ("first", "last", "numbers"),
    [(1, 0, [1, 2, 3, 4]), (2, 3, [2, 3]), (3, 9, [3, 4]), (4, 4, [4]), (5, 6, [])],
)
def test_a_range_of_pages(folder: Path, first: int, last: int, numbers: list[int]) -> None:
    found = read(put(folder, "a.pdf", text_pdf(4)), first, last)
    assert found[0] == Opened(pages=4)
    assert [sheet.number for sheet in pages(found)] == numbers
    assert isinstance(found[-1], Done)


def test_a_damaged_page_says_so_itself(folder: Path) -> None:
    found = read(put(folder, "a.pdf", damaged_pdf()))
    assert [sheet.text for sheet in pages(found)] == [sentence(1), "", sentence(3)]
    assert [bool(sheet.fault) for sheet in pages(found)] == [False, True, False]


def test_text_in_an_encoding_that_was_chosen(folder: Path) -> None:
    path = put(folder, "a.txt", "Größe".encode("cp1252"))
    found = answers(ReadDocument(path=path, name="a.txt", encoding="cp1250"))
    assert isinstance(found[-1], Done)
    assert found[-1].encoding == "cp1250"
    assert pages(found)[0].text == "Größe"


def test_a_document_stays_open_for_the_next_request(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder, "a.pdf", text_pdf(2))
    errands, opened = Errands(), []
    real = formats.opened

    def counted(*told: object) -> object:
        opened.append(told)
        return real(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(formats, "opened", counted)
    inspect = Inspect(path=path, name="a.pdf")
    answers(inspect, errands)
    moved = path.replace(folder / "moved")
    answers(ReadDocument(path=moved, name="a.pdf"), errands)
    answers(Find(path=moved, name="a.pdf", page=1, words="page 1 says"), errands)
    assert len(opened) == 1
    assert answers(LetGo(), errands) == [Done()]
    answers(ReadDocument(path=moved, name="a.pdf"), errands)
    assert len(opened) == 2
    moved.write_bytes(text_pdf(3))
    assert answers(ReadDocument(path=moved, name="a.pdf"), errands)[0] == Opened(pages=3)
    assert len(opened) == 3


def test_only_two_stay_open(folder: Path) -> None:
    errands = Errands()
    paths = [put(folder, f"{n}.pdf", text_pdf(1)) for n in range(4)]
    for path in paths:
        answers(Inspect(path=path, name=path.name), errands)
    assert [found.key[-2] for found in errands._lectern._open] == ["2.pdf", "3.pdf"]


def test_pixels_of_pages_at_exactly_the_size(folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    wanted = (((2, 0), (56, 84)), ((9, 0), (56, 56)), ((1, 0), (112, 28)))
    cache = folder / "cache"
    found = answers(DrawPages(path=path, name="a", sha256="abc", wanted=wanted, folder=cache))
    sizes = [(a.place, a.width, a.height) for a in found[:-1] if isinstance(a, Drawn)]
    assert sizes == [((2, 0), 56, 84), ((9, 0), 0, 0), ((1, 0), 112, 28)]
    assert found[-1] == Done()
    assert {p.name: p.stat().st_size for p in cache.iterdir()} == {
        "abc-p2-56x84.rgb": 56 * 84 * 3,
        "abc-p1-112x28.rgb": 112 * 28 * 3,
    }


def test_thumbnails(folder: Path) -> None:
    path = put(folder, "a.pdf", text_pdf(2))
    found = show(path, (2, 0), (1, 0), (3, 0))
    sizes = [(a.place, a.width, a.height) for a in found[:-1] if isinstance(a, Drawn)]
    assert [place for place, *_ in sizes] == [(2, 0), (1, 0), (3, 0)]
    assert [height for *_, height in sizes] == [160, 160, 0]
    written = shown_path(folder / "cache", "abc", (2, 0), 160).read_bytes()
    assert (written[:4], written[8:12]) == (b"RIFF", b"WEBP")


def test_a_thumbnail_of_a_picture(folder: Path) -> None:
    found = show(put(folder, "a.png", saved(noise(640, 400), "PNG")), (0, 0))
    assert found == [Drawn(source=(160, 100), width=160, height=100), Done()]


def test_find_in_a_picture_finds_nothing(folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(64, 40), "PNG"))
    assert answers(Find(path=path, name="a.png", page=0, words="x")) == [Found(boxes=())]


def test_a_box_is_cut_out_of_a_page_and_of_a_picture(folder: Path) -> None:
    target = folder / "out" / "part.png"
    picture = put(folder, "a.png", saved(noise(200, 100), "PNG"))
    request = Crop(path=picture, name="a.png", page=0, box=(500, 0, 1000, 500), target=target)
    assert answers(request) == [Drawn(source=(100, 50), width=100, height=50)]
    assert pictures.look(target, "part.png").size == (100, 50)
    page = put(folder, "a.pdf", text_pdf(1))
    request = Crop(path=page, name="a.pdf", page=1, box=(0, 0, 1000, 100), target=target)
    (drawn,) = answers(request)
    assert isinstance(drawn, Drawn)
    assert drawn.width == 1600
    assert pictures.look(target, "part.png").size == (drawn.width, drawn.height)


def test_a_page_without_a_picture_cannot_be_cut(folder: Path) -> None:
    path = put(folder, "a.txt", b"hello")
    request = Crop(path=path, name="a.txt", page=1, box=(0, 0, 9, 9), target=folder / "x.png")
    (fault,) = answers(request)
    assert isinstance(fault, Fault)
    assert fault.message.startswith("Page 1 of a.txt has no picture to cut from.")


def locked(folder: Path) -> Path:
    with pymupdf.open(stream=text_pdf(1), filetype="pdf") as document:
        data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x")
    return put(folder, "a.pdf", data)


def test_unlock(folder: Path) -> None:
    path, target = locked(folder), folder / "open.pdf"
    request = Unlock(path=path, name="a.pdf", password="x", target=target)
    assert answers(request) == [Done()]
    assert pages(read(target))[0].text == sentence(1)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (locked, "document_locked"),
        (lambda folder: put(folder, "a.pdf", b""), "document_damaged"),
        (lambda folder: put(folder, "a.pdf", b"%PDF-1.4 junk"), "document_damaged"),
        (lambda folder: put(folder, "a.pdf", b"\x7fELF\0\0junk"), "document_unsupported"),
        (lambda folder: put(folder, "a.pdf", saved(noise(9, 9), "PNG")), "document_unsupported"),
        (lambda folder: folder / "a.pdf", "storage"),
    ],
)
def test_every_error_is_a_fault_with_a_sentence(
    folder: Path, make: Callable[[Path], Path], code: str
) -> None:
    (fault,) = read(make(folder))
    assert isinstance(fault, Fault)
    assert fault.code == code
    assert fault.message.startswith("a.pdf ")
    assert "Nothing was" in fault.message
    assert "Traceback" not in fault.message


@pytest.mark.parametrize(
    ("error", "code"),
    [(MemoryError(), "document_too_large"), (ZeroDivisionError("x"), "document_damaged")],
)
def test_what_nobody_expects_is_a_fault_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fail(path: Path, name: str) -> pictures.Looked:
        raise error

    monkeypatch.setattr(pictures, "look", fail)
    path = put(folder, "a.png", saved(noise(9, 9), "PNG"))
    (fault,) = answers(Inspect(path=path, name="a.png"))
    assert isinstance(fault, Fault)
    assert fault.code == code
    assert "a.png" in fault.message


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "Page 2 needs more memory than a page may take here."),
        (ZeroDivisionError("x"), "Page 2 is damaged."),
    ],
)
def test_what_nobody_expects_of_a_page_costs_that_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    from glmdesk.documents.pdf import pdf

    real = pdf.Book.sheet

    def sheet(book: pdf.Book, number: int) -> Sheet:
        if number == 2:
            raise error
        return real(book, number)

    monkeypatch.setattr(pdf.Book, "sheet", sheet)
    found = pages(read(put(folder, "a.pdf", text_pdf(3))))
    assert [sheet.fault for sheet in found] == ["", why, ""]


def test_a_part_of_glmdesk_that_does_not_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(formats._OPENERS, "pdf", "no_such_module")
    (fault,) = read(put(folder, "a.pdf", text_pdf(1)))
    assert isinstance(fault, Fault)
    assert "Install glmdesk again." in fault.message


def test_a_full_disk_is_named(folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(64, 64), "PNG"))
    blocked = put(folder, "cache", b"a file where the folder should be")
    (fault,) = answers(
        ReadPicture(path=path, name="a.png", sha256="abc", limits=LIMITS, folder=blocked)
    )
    assert isinstance(fault, Fault)
    assert fault.code == "storage"
    assert "Your chats are safe." in fault.message
    (fault,) = show(path, (0, 0))
    assert isinstance(fault, Fault)
    assert fault.code == "storage"
