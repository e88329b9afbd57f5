import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pymupdf
import pytest

from glmdesk.documents.page import Page
from glmdesk.documents.reader import Reader
from glmdesk.documents.sizes import PictureLimits
from glmdesk.errors import (
    DocumentDamaged,
    DocumentError,
    DocumentLocked,
    DocumentTooLarge,
    DocumentUnsupported,
)
from glmdesk.paths import Paths
from tests.documents.samples import (
    damaged_pdf,
    heavy_pdf,
    noise,
    png,
    put,
    saved,
    scanned_pdf,
    sentence,
    text_pdf,
)

LIMITS = PictureLimits(min_tokens=8, max_tokens=256)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def children_of(reader: Reader) -> list[int]:
    return [seat.pid for seat in reader._seats if seat.pid]


def test_the_app_loads_no_decoder() -> None:
    code = (
        "import sys; import glmdesk.documents.reader, glmdesk.documents.page;"
        "print([name for name in ('PIL', 'pymupdf', 'charset_normalizer', 'numpy')"
        " if name in sys.modules])"
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


def test_document_with_a_scan(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", scanned_pdf())
    document = reader.document(path, "a.pdf", digest(path), LIMITS)
    assert [page.text for page in document.pages] == [sentence(1), "", sentence(3)]
    picture = document.pages[1].picture
    assert picture is not None
    assert picture.path.name == f"{digest(path)}-p2-{picture.width}x{picture.height}.rgb"
    assert picture.path.exists()
    blind = reader.document(path, "a.pdf", digest(path), None)
    assert blind.pages[1] == Page(number=2, text="")
    assert "Page 2 has no text" in blind.note


def test_document_is_remembered_under_any_name(reader: Reader, folder: Path) -> None:
    path = put(folder, "a.pdf", damaged_pdf())
    sha256 = digest(path)
    first = reader.document(path, "a.pdf", sha256, None)
    path.unlink()
    again = reader.document(path, "b.pdf", sha256, None)
    assert (again.name, again.pages, again.note) == ("b.pdf", first.pages, first.note)
    assert "age 2 is damaged" in again.note


def test_errors_keep_their_type(reader: Reader, folder: Path) -> None:
    with pymupdf.open(stream=text_pdf(1), filetype="pdf") as opened:
        locked = opened.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x")
    for data, kind in (
        (locked, DocumentLocked),
        (b"", DocumentDamaged),
        (b"PK\3\4" + bytes(40), DocumentUnsupported),
    ):
        with pytest.raises(kind, match="mine"):
            reader.inspect(put(folder, "x", data), "mine")


def test_the_largest_picture_fits_into_the_memory_limit(reader: Reader, folder: Path) -> None:
    """64 megapixels with transparency: nothing that is let in takes more."""
    rows = (b"\0" + bytes(8000 * 2)) * 8000
    path = put(folder, "a.png", png(8000, 8000, rows, color=4))
    picture = reader.picture(path, digest(path), LIMITS, "a.png")
    assert set(picture.path.read_bytes()) == {255}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_child_is_one_sentence_and_the_next_request_works(home: Paths, folder: Path) -> None:
    path = put(folder, "heavy.pdf", heavy_pdf(1))
    with closing(Reader(home)) as reader:
        reader.inspect(path, "heavy.pdf")
        (child,) = children_of(reader)
        killer = threading.Timer(0.2, os.kill, (child, signal.SIGKILL))
        killer.start()
        with pytest.raises(DocumentDamaged) as caught:
            reader.document(path, "heavy.pdf", digest(path), LIMITS)
        killer.join()
        assert caught.value.message.startswith("heavy.pdf could not be read.")
        assert "SIGKILL" in caught.value.message
        assert "safe" in caught.value.message
        assert reader.inspect(put(folder, "a.txt", b"hello"), "a.txt").pages == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_child_that_died_while_idle_is_replaced(home: Paths, folder: Path) -> None:
    path = put(folder, "a.txt", b"hello")
    with closing(Reader(home)) as reader:
        reader.inspect(path, "a.txt")
        (child,) = children_of(reader)
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert reader.inspect(path, "a.txt").pages == 1


def test_too_slow_is_one_sentence_and_the_next_request_works(home: Paths, folder: Path) -> None:
    path = put(folder, "heavy.pdf", heavy_pdf(1))
    with closing(Reader(home, timeout_s=0.2)) as reader:
        started = time.monotonic()
        with pytest.raises(DocumentTooLarge, match=r"heavy\.pdf took longer than 0\.2 seconds"):
            reader.document(path, "heavy.pdf", digest(path), LIMITS)
        assert time.monotonic() - started < 5
        assert reader.inspect(put(folder, "a.txt", b"hello"), "a.txt").pages == 1


def test_pages_read_before_the_end_are_kept(home: Paths, folder: Path) -> None:
    with pymupdf.open(stream=text_pdf(3), filetype="pdf") as document:
        with pymupdf.open(stream=heavy_pdf(1), filetype="pdf") as heavy:
            document.insert_pdf(heavy)
        path = put(folder, "a.pdf", document.tobytes())
    with closing(Reader(home, timeout_s=0.8)) as reader:
        read = reader.document(path, "a.pdf", digest(path), LIMITS)
    assert [page.text for page in read.pages] == [sentence(1), sentence(2), sentence(3)]
    assert read.note == "Read 3 of 4 pages; page 4 took too long."


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
        assert len(children_of(reader)) == 1


def test_close_leaves_nobody_and_ends_what_runs(home: Paths, folder: Path) -> None:
    path = put(folder, "heavy.pdf", heavy_pdf(1))
    before = {child.pid for child in children()}
    reader = Reader(home)
    reader.warm()
    threading.Timer(0.6, reader.close).start()
    with pytest.raises(DocumentError, match="glmdesk is closing"):
        reader.document(path, "heavy.pdf", digest(path), LIMITS)
    reader.warm()
    assert {child.pid for child in children()} - before == set()
    with pytest.raises(DocumentError, match="glmdesk is closing"):
        reader.inspect(path, "heavy.pdf")


def test_warm_returns_at_once(home: Paths) -> None:
    with closing(Reader(home)) as reader:
        started = time.monotonic()
        reader.warm()
        assert time.monotonic() - started < 0.2
        assert len(children_of(reader)) == 1
