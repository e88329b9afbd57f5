from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from glmdesk.documents import pdf, pictures, worker
from glmdesk.documents.page import Inspected, Page
from glmdesk.documents.protocol import (
    Answer,
    Done,
    Drawn,
    Fault,
    Inspect,
    Opened,
    ReadDocument,
    ReadPicture,
)
from glmdesk.documents.sizes import PictureLimits
from tests.documents.samples import damaged_pdf, noise, put, saved, scanned_pdf, sentence, text_pdf

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)


def read(path: Path, limits: PictureLimits | None = LIMITS) -> list[Answer]:
    request = ReadDocument(
        path=path, name=path.name, sha256="abc", limits=limits, folder=path.parent / "cache"
    )
    return list(worker.answers(request))


def last_note(answers: list[Answer]) -> str:
    assert isinstance(answers[-1], Done)
    return answers[-1].note


def pages(answers: list[Answer]) -> list[Page]:
    return [answer for answer in answers if isinstance(answer, Page)]


def test_inspect_pdf_called_png(folder: Path) -> None:
    path = put(folder, "scan.png", text_pdf(3))
    (answer,) = worker.answers(Inspect(path=path, name="scan.png"))
    assert answer == Inspected(
        kind="document",
        media_type="application/pdf",
        note="This is a PDF; opened as PDF.",
        pages=3,
    )


def test_inspect_picture_called_pdf(folder: Path) -> None:
    path = put(folder, "report.pdf", saved(noise(640, 400), "PNG"))
    (answer,) = worker.answers(Inspect(path=path, name="report.pdf"))
    assert answer == Inspected(
        kind="picture",
        media_type="image/png",
        note="This is a PNG; opened as PNG.",
        width=640,
        height=400,
    )


def test_inspect_text(folder: Path) -> None:
    path = put(folder, "a.txt", "Größe, Übung, Straße".encode("cp1252"))
    (answer,) = worker.answers(Inspect(path=path, name="a.txt"))
    assert answer == Inspected(
        kind="document", media_type="text/plain", note="Read as Windows-1252.", pages=1
    )


def test_picture_is_written_at_the_models_size(folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(640, 400), "PNG"))
    cache = folder / "cache"
    (answer,) = worker.answers(
        ReadPicture(path=path, name="a.png", sha256="abc", limits=LIMITS, folder=cache)
    )
    assert answer == Drawn(source=(640, 400), width=560, height=336)
    (written,) = cache.iterdir()
    assert written.name == "abc-560x336.rgb"
    assert written.stat().st_size == 560 * 336 * 3


def test_scanned_page_between_text_pages(folder: Path) -> None:
    answers = read(put(folder, "a.pdf", scanned_pdf()))
    assert answers[0] == Opened(pages=3)
    one, two, three = pages(answers)
    assert (one.text, one.picture, three.text) == (sentence(1), None, sentence(3))
    assert two.picture is not None
    assert two.picture.id == f"abc-p2-{two.picture.width}x{two.picture.height}"
    assert two.picture.path.stat().st_size == two.picture.width * two.picture.height * 3
    assert two.picture.width * two.picture.height <= 256 * 28 * 28
    assert last_note(answers) == ""


def test_scanned_pages_for_a_blind_model(folder: Path) -> None:
    answers = read(put(folder, "a.pdf", scanned_pdf((2, 5), 5)), None)
    assert [page.text for page in pages(answers)] == [
        sentence(1), "", sentence(3), sentence(4), "",
    ]  # fmt: skip
    assert (
        last_note(answers)
        == "Pages 2 and 5 have no text (they look scanned); this model cannot see pictures."
    )
    assert not (folder / "cache").exists()


def test_pixels_of_a_page_are_drawn_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    first = pages(read(path))
    monkeypatch.setattr(pictures, "fit", None)
    assert pages(read(path)) == first


def test_damaged_page_is_noted(folder: Path) -> None:
    answers = read(put(folder, "a.pdf", damaged_pdf()))
    assert [page.text for page in pages(answers)] == [sentence(1), "", sentence(3)]
    assert last_note(answers) == "Page 2 is damaged; the other pages were read."


def test_long_document_is_cut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    answers = read(put(folder, "a.pdf", text_pdf(3)))
    assert len(pages(answers)) == 2
    assert last_note(answers) == "Used the first 2 of 3 pages."


def test_only_so_many_scans_are_drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_DRAWN", 1)
    answers = read(put(folder, "a.pdf", scanned_pdf((1, 2), 2)))
    assert [page.picture is not None for page in pages(answers)] == [True, False]
    assert "Page 2 has no text (it looks scanned); only 1" in last_note(answers)


def locked(folder: Path) -> Path:
    with pymupdf.open(stream=text_pdf(1), filetype="pdf") as document:
        data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x")
    return put(folder, "a.pdf", data)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (locked, "document_locked"),
        (lambda folder: put(folder, "a.pdf", b""), "document_damaged"),
        (lambda folder: put(folder, "a.pdf", b"%PDF-1.4 junk"), "document_damaged"),
        (lambda folder: put(folder, "a.pdf", b"PK\3\4junk"), "document_unsupported"),
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
    (fault,) = worker.answers(Inspect(path=path, name="a.png"))
    assert isinstance(fault, Fault)
    assert fault.code == code
    assert "a.png" in fault.message


def test_a_text_too_long_for_anything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_TEXT", 2**20)
    (fault,) = read(put(folder, "a.txt", b"word " * 2**18))
    assert isinstance(fault, Fault)
    assert fault.code == "document_too_large"


def test_a_full_disk_is_named(folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(64, 64), "PNG"))
    blocked = put(folder, "cache", b"a file where the folder should be")
    (fault,) = worker.answers(
        ReadPicture(path=path, name="a.png", sha256="abc", limits=LIMITS, folder=blocked)
    )
    assert isinstance(fault, Fault)
    assert fault.code == "storage"
    assert "Your chats are safe." in fault.message
