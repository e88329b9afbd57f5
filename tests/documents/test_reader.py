import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pymupdf
import pytest

from glmdesk.documents.page import Sheet, Size
from glmdesk.documents.processes import seat as seats
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import (
    DocumentDamaged,
    DocumentError,
    DocumentLocked,
    DocumentUnsupported,
    StorageError,
)
from glmdesk.paths import Paths
from tests.documents import trapped
from tests.documents.samples import (
    damaged_pdf,
    heavy_pdf,
    new_pdf,
    noise,
    png,
    put,
    saved,
    scanned_pdf,
    sentence,
    text_pdf,
    write,
)

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)
PAGE = (1, 0)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def children_of(reader: Reader) -> list[int]:
    return [seat.pid for seat in reader._pool.rota.seats if seat.pid]


def awaited(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def both_ready(reader: Reader) -> None:
    """A person's first file has been looked at, and the other child has loaded its libraries."""
    with reader._pool.rota.seat(0, Path()):
        pass
    awaited(lambda: all(seat.ready for seat in reader._pool.rota.seats))


def said(pages: Sequence[str]) -> bytes:
    with new_pdf() as document:
        for page in pages:
            write(document, page)
        return bytes(document.tobytes())


def texts(pages: Sequence[Sheet]) -> list[str]:
    return [page.text for page in pages]


def test_the_app_loads_no_decoder() -> None:
    foreign = ("PIL", "pillow_heif", "pymupdf", "charset_normalizer", "lxml", "docx", "numpy")
    code = (
        "import sys; import glmdesk.documents.reader, glmdesk.documents.page;"
        f"print([name for name in {foreign} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_inspect(reader: Reader, folder: Path) -> None:
    found = reader.inspect(put(folder, "x", text_pdf(2)), "report.pdf")
    assert (found.kind, found.pages, found.note) == ("document", 2, "")


def test_picture_is_decoded_once(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(700, 401, 5), "PNG"))
    sha256 = digest(path)
    first = reader.picture(path, sha256, LIMITS, "a.png")
    assert first.id == f"{sha256}-{first.width}x{first.height}"
    assert first.path.stem == first.id
    assert first.path.stat().st_size == first.width * first.height * 3
    path.unlink()
    assert reader.picture(path, sha256, LIMITS, "a.png") == first


def test_picture_whose_pixels_were_deleted_is_made_again(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(90, 90, 6), "PNG"))
    first = reader.picture(path, digest(path), LIMITS)
    first.path.unlink()
    assert reader.picture(path, digest(path), LIMITS).path.exists()


def test_each_limit_has_its_own_pixels(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(900, 900, 7), "PNG"))
    large = reader.picture(path, digest(path), LIMITS)
    small = reader.picture(path, digest(path), PictureLimits(min_tokens=8, max_tokens=16))
    assert (large.width, small.width) == (448, 112)


def test_pages_come_in_the_background(reader: Reader, folder: Path) -> None:
    path = put(folder, "long.pdf", text_pdf(300))
    sha256 = digest(path)
    assert reader.so_far(sha256) is None
    reader.start(path, "long.pdf", sha256)
    seen = []

    def complete() -> bool:
        pages, total = reader.so_far(sha256) or ((), 300)
        assert total == 300
        assert [page.number for page in pages] == list(range(1, len(pages) + 1))
        seen.append(len(pages))
        return len(pages) == total

    awaited(complete)
    assert seen == sorted(seen)
    document = reader.document(path, "other.pdf", sha256)
    assert texts(document.sheets) == [sentence(number) for number in range(1, 301)]
    assert (document.name, document.complete, document.note) == ("other.pdf", True, "")


def test_both_children_read_a_long_document(home: Paths, folder: Path) -> None:
    path = put(folder, "long.pdf", heavy_pdf(60, 300))
    with closing(Reader(home)) as reader:
        both_ready(reader)
        processes = [psutil.Process(pid) for pid in children_of(reader)]
        before = [sum(process.cpu_times()[:2]) for process in processes]
        document = reader.document(path, "long.pdf", digest(path))
        used = [sum(process.cpu_times()[:2]) for process in processes]
    assert [page.number for page in document.sheets] == list(range(1, 61))
    worked = [after - start for start, after in zip(before, used, strict=True)]
    assert min(worked) > 0.2 * sum(worked)


def test_nothing_waits_for_a_whole_document(reader: Reader, folder: Path) -> None:
    path = put(folder, "long.pdf", heavy_pdf(300, 2000))
    short = put(folder, "a.txt", b"hello")
    sha256 = digest(path)
    reader.start(path, "long.pdf", sha256)
    awaited(lambda: reader.so_far(sha256))
    for _ in range(3):
        assert reader.inspect(short, "a.txt").pages == 1
    pages, total = reader.so_far(sha256) or ((), 0)
    assert len(pages) < total == 300
    reader.forget(sha256)


def test_a_document_with_a_scan(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    document = reader.document(path, "a.pdf", digest(path))
    assert texts(document.sheets) == [sentence(1), "", sentence(3)]
    scan = document.sheets[1]
    assert (scan.whole, len(scan.pictures), scan.fault) == (True, 1, "")
    assert scan.looks.images > 0.9


def test_document_is_remembered_under_any_name(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", damaged_pdf())
    sha256 = digest(path)
    first = reader.document(path, "a.pdf", sha256)
    path.unlink()
    again = reader.document(path, "b.pdf", sha256)
    assert (again.name, again.sheets, again.note) == ("b.pdf", first.sheets, first.note)
    assert again.note == "Page 2 could not be read; the other pages were."
    assert "damaged" in again.sheets[1].fault


def test_a_document_is_there_after_a_restart(home: Paths, folder: Path) -> None:
    path = put(folder, "a.pdf", text_pdf(7))
    sha256 = digest(path)
    with closing(Reader(home)) as reader:
        first = reader.document(path, "a.pdf", sha256)
        awaited(lambda: reader.cached(sha256))
    path.unlink()
    with closing(Reader(home)) as reader:
        assert reader.so_far(sha256) == (first.sheets, 7)
        assert reader.document(path, "a.pdf", sha256) == first
        assert children_of(reader) == []
        assert reader.forget(sha256) > 0
        assert reader.so_far(sha256) is None
        with pytest.raises(StorageError, match=r"a\.pdf could not be opened"):
            reader.document(path, "a.pdf", sha256)


def test_an_encoding_can_be_chosen(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.txt", "Привет, как дела? Всё хорошо.".encode("cp1251"))
    sha256 = digest(path)
    chosen = reader.document(path, "a.txt", sha256, "koi8_r")
    found = reader.document(path, "a.txt", sha256)
    assert (chosen.encoding, found.encoding) == ("koi8_r", "cp1251")
    assert texts(chosen.sheets) != texts(found.sheets) == ["Привет, как дела? Всё хорошо."]
    assert reader.so_far(sha256, "koi8_r") == (chosen.sheets, 1)


def test_pages_are_drawn_at_exactly_the_size(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf((2, 4), 7))
    sha256 = digest(path)
    wanted: dict[tuple[int, int], Size] = {(page, 0): (28 * page, 56) for page in range(1, 8)}
    wanted[8, 0] = (56, 56)
    drawn = reader.draw(path, "a.pdf", sha256, wanted)
    assert set(drawn) == {(page, 0) for page in range(1, 8)}
    for (page, _), picture in drawn.items():
        assert (picture.width, picture.height) == (28 * page, 56)
        assert picture.path.stat().st_size == 28 * page * 56 * 3
        assert picture.id == f"{sha256}-p{page}-{28 * page}x56"
    assert len(set(drawn[2, 0].path.read_bytes())) > 20
    del wanted[8, 0]
    path.unlink()
    assert reader.draw(path, "a.pdf", sha256, wanted) == drawn


def test_pictures_for_people(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", text_pdf(6))
    sha256 = digest(path)
    places = [(page, 0) for page in (3, 1, 5, 2, 6, 4, 7)]
    assert reader.shown(sha256, PAGE, 160) is None
    shown = reader.show(path, "a.pdf", sha256, places, 160)
    assert sorted(shown) == [(page, 0) for page in range(1, 7)]
    assert all(path.read_bytes()[8:12] == b"WEBP" for path in shown.values())
    path.unlink()
    assert reader.show(path, "a.pdf", sha256, [PAGE], 160) == {PAGE: shown[PAGE]}
    assert reader.shown(sha256, PAGE, 160) == shown[PAGE]
    assert reader.shown(sha256, PAGE, 320) is None
    assert reader.cached(sha256) >= sum(path.stat().st_size for path in shown.values())
    reader.forget(sha256)
    assert reader.shown(sha256, PAGE, 160) is None


def test_a_picture_for_people(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.png", saved(noise(900, 300), "PNG"))
    shown = reader.show(path, "a.png", digest(path), [(0, 0)], 160)
    assert list(shown) == [(0, 0)]


def test_a_passage_is_found(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", said(["The quick brown fox jumps.", "Nothing here."]))
    (box,) = reader.find(path, "a.pdf", 1, "quick brown fox")
    assert 0 <= box[0] < box[2] <= 1000
    assert reader.find(path, "a.pdf", 2, "quick brown fox jumps over") == ()


def test_a_part_is_cut_out(reader: Reader, folder: Path) -> None:
    picture = put(folder, "a.png", saved(noise(1000, 500), "PNG"))
    assert reader.crop(picture, "a.png", 0, (100, 200, 300, 600), folder / "one.png") == (200, 200)
    page = put(folder, "a.pdf", text_pdf(1))
    width, height = reader.crop(page, "a.pdf", 1, (0, 0, 500, 250), folder / "two.png")
    assert max(width, height) == 1600
    assert reader.inspect(folder / "two.png", "two.png").width == width


def locked(password: str) -> bytes:
    with pymupdf.open(stream=text_pdf(2), filetype="pdf") as opened:
        return bytes(opened.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password))


def test_a_password_makes_a_copy_without(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", locked("tall ships"))
    with pytest.raises(DocumentLocked):
        reader.unlock(path, "a.pdf", "wrong", folder / "open.pdf")
    assert not (folder / "open.pdf").exists()
    reader.unlock(path, "a.pdf", "tall ships", folder / "open.pdf")
    assert reader.inspect(folder / "open.pdf", "a.pdf").pages == 2
    text = put(folder, "a.txt", b"hello")
    with pytest.raises(DocumentUnsupported, match=r"a\.txt is not a PDF"):
        reader.unlock(text, "a.txt", "x", folder / "open.txt")


def test_errors_keep_their_type(reader: Reader, folder: Path) -> None:
    for data, kind in (
        (locked("x"), DocumentLocked),
        (b"", DocumentDamaged),
        (b"PK\3\4" + bytes(40), DocumentError),
        (b"\x7fELF" + bytes(40), DocumentUnsupported),
    ):
        path = put(folder, "x", data)
        with pytest.raises(kind, match="mine"):
            reader.inspect(path, "mine")
        for _ in range(2):  # what failed is tried again
            with pytest.raises(kind, match="mine"):
                reader.document(path, "mine", digest(path))
        reader.start(path, "mine", digest(path))
        assert reader.so_far(digest(path)) is None


def test_the_largest_picture_fits_into_the_memory_limit(reader: Reader, folder: Path) -> None:
    """64 megapixels with transparency: nothing that is let in takes more."""
    rows = (b"\0" + bytes(8000 * 2)) * 8000
    path = put(folder, "a.png", png(8000, 8000, rows, color=4))
    picture = reader.picture(path, digest(path), LIMITS, "a.png")
    assert set(picture.path.read_bytes()) == {255}


def test_pages_after_the_one_that_ends_the_child_are_read(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    pages = [sentence(number) for number in range(1, 31)]
    pages[6], pages[19] = trapped.DIES, trapped.STRAYS
    path = put(folder, "a.pdf", said(pages))
    with closing(Reader(home)) as reader:
        both_ready(reader)
        before = set(children_of(reader))
        document = reader.document(path, "a.pdf", digest(path))
        assert set(children_of(reader)).isdisjoint(before)
        again = reader.document(path, "a.pdf", digest(path))
        assert reader.cached(digest(path)) == 0
    assert again == document
    assert texts(document.sheets) == [text if text.startswith("This") else "" for text in pages]
    assert document.sheets[6].fault == (
        "Page 7 could not be read: it ended the process that reads files (ended (exit code 9))."
    )
    assert document.sheets[19].fault
    assert document.note == "Pages 7 and 20 could not be read; the other pages were."
    assert document.complete


def test_the_child_that_sat_ready_takes_over(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", trapped.DIES, "three"]))
    with closing(Reader(home)) as reader:
        both_ready(reader)
        before = set(children_of(reader))
        document = reader.document(path, "a.pdf", digest(path))
        (spare,) = (seat for seat in reader._pool.rota.seats if seat.pid in before)
        assert spare.knows(path)
    assert texts(document.sheets) == ["one", "", "three"]


def test_a_page_that_hangs_costs_its_time_and_no_other_page(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", trapped.HANGS, "three"]))
    with closing(Reader(home, timeout_s=2.0)) as reader:
        both_ready(reader)
        document = reader.document(path, "a.pdf", digest(path))
    assert texts(document.sheets) == ["one", "", "three"]
    assert document.sheets[1].fault == ("Page 2 took longer than 2 seconds and was given up.")


def test_a_document_that_kills_again_and_again_is_given_up(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", *[trapped.DIES] * 5, "seven"]))
    with closing(Reader(home)) as reader:
        document = reader.document(path, "a.pdf", digest(path))
        assert reader.inspect(put(folder, "a.txt", b"hello"), "a.txt").pages == 1
    assert not document.complete
    assert document.note.endswith("Read 1 of 7 pages: reading this file failed 3 times.")
    assert [bool(page.fault) for page in document.sheets] == [False] + [True] * 6


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_child_is_one_sentence_and_the_next_request_works(home: Paths, folder: Path) -> None:
    path = put(folder, "heavy.pdf", heavy_pdf(1, 400_000))
    with closing(Reader(home)) as reader:
        both_ready(reader)
        reader.start(path, "heavy.pdf", digest(path))
        awaited(lambda: reader.so_far(digest(path)))
        for child in children_of(reader):
            os.kill(child, signal.SIGKILL)
        with pytest.raises(DocumentDamaged) as caught:
            reader.document(path, "heavy.pdf", digest(path))
        assert caught.value.message.startswith("heavy.pdf is damaged: none of its pages")
        assert "SIGKILL" in caught.value.message
        assert reader.inspect(put(folder, "a.txt", b"hello"), "a.txt").pages == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_child_that_died_while_idle_is_replaced(home: Paths, folder: Path) -> None:
    path = put(folder, "a.txt", b"hello")
    with closing(Reader(home)) as reader:
        both_ready(reader)
        for child in children_of(reader):
            os.kill(child, signal.SIGKILL)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert reader.inspect(path, "a.txt").pages == 1


def test_too_slow_is_one_sentence_and_the_next_request_works(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.txt", trapped.HANGS.encode())
    with closing(Reader(home, timeout_s=2.0)) as reader:
        both_ready(reader)
        with pytest.raises(DocumentError, match=r"longer than 2 seconds"):
            reader.document(path, "a.txt", digest(path))
        both_ready(reader)
        assert reader.inspect(put(folder, "b.txt", b"hello"), "b.txt").pages == 1


def test_a_drawing_that_takes_too_long_is_missing(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", trapped.HANGS, "three", "four"]))
    with closing(Reader(home, timeout_s=2.0)) as reader:
        both_ready(reader)
        shown = reader.show(path, "a.pdf", digest(path), [(n, 0) for n in (1, 2, 3, 4)], 160)
    assert sorted(shown) == [(1, 0), (3, 0), (4, 0)]


def test_many_threads_share_two_children(home: Paths, folder: Path) -> None:
    paths = [put(folder, f"{i}.pdf", text_pdf(i + 1)) for i in range(12)]
    before = {child.pid for child in children()}
    with closing(Reader(home)) as reader, ThreadPoolExecutor(6) as threads:
        most = 0
        jobs = [threads.submit(reader.inspect, path, path.name) for path in paths]
        while not all(job.done() for job in jobs):
            most = max(most, len({child.pid for child in children()} - before))
            time.sleep(0.01)
        assert [job.result().pages for job in jobs] == list(range(1, 13))
        assert most <= 2
        assert len(children_of(reader)) == 2


def test_many_documents_at_once(reader: Reader, folder: Path) -> None:
    paths = [put(folder, f"{i}.pdf", said([f"{i}: {n}" for n in range(9)])) for i in range(12)]
    for path in paths:
        reader.start(path, path.name, digest(path))
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda path: reader.document(path, path.name, digest(path)), paths)
        for number, document in enumerate(found):
            assert texts(document.sheets) == [f"{number}: {n}" for n in range(9)]


def test_close_leaves_nobody_and_ends_what_runs(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", trapped.HANGS]))
    before = {child.pid for child in children()}
    reader = Reader(home)
    reader.start(path, "a.pdf", digest(path))
    awaited(lambda: reader.so_far(digest(path)))
    closer = threading.Timer(0.1, reader.close)
    closer.start()
    with pytest.raises(DocumentError, match="glmdesk is closing"):
        reader.document(path, "a.pdf", digest(path))
    closer.join()
    reader.warm()
    assert {child.pid for child in children()} - before == set()
    with pytest.raises(DocumentError, match="glmdesk is closing"):
        reader.inspect(path, "a.pdf")
    with pytest.raises(DocumentError, match="glmdesk is closing"):
        reader.document(path, "a.pdf", "another")


def test_forgetting_stops_the_reading(
    home: Paths, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "begin", trapped.begin)
    path = put(folder, "a.pdf", said(["one", trapped.HANGS]))
    with closing(Reader(home)) as reader:
        reader.start(path, "a.pdf", digest(path))
        awaited(lambda: reader.so_far(digest(path)))
        forget = threading.Timer(0.1, reader.forget, (digest(path),))
        forget.start()
        with pytest.raises(DocumentError, match=r"a\.pdf was removed"):
            reader.document(path, "a.pdf", digest(path))
        forget.join()
        assert reader.so_far(digest(path)) is None


def test_warm_returns_at_once(home: Paths) -> None:
    with closing(Reader(home)) as reader:
        started = time.monotonic()
        reader.warm()
        assert time.monotonic() - started < 0.2
        assert len(children_of(reader)) == 1
