"""Pages go to their owner as pictures and texts, and nothing of another's."""

import io
import random
from pathlib import Path

import pymupdf
import pytest
from PIL import Image
from starlette.testclient import TestClient

from glmdesk.app import App
from glmdesk.web import pages
from tools.pico.scenes import scene

LINES = ("The code of lima is 4821.", "The code of oslo is 77.")


@pytest.fixture(scope="module")
def report(app: App, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sha256 of a document of the owner's: two pages, a line on each."""
    return app.papers.take("owner", _pdf(tmp_path_factory, "report.pdf"), "report.pdf").sha256


@pytest.fixture(scope="module")
def theirs(app: App, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sha256 of another person's document."""
    path = _pdf(tmp_path_factory, "theirs.pdf")
    return app.papers.take("visitor", path, "theirs.pdf").sha256


@pytest.fixture(scope="module")
def photo(app: App, tmp_path_factory: pytest.TempPathFactory) -> str:
    image, _ = scene(random.Random(3), n=1, sizes=((112, 84),))
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    image.save(path)
    return app.papers.take("owner", path, "photo.png").sha256


def _pdf(factory: pytest.TempPathFactory, name: str) -> Path:
    path = factory.mktemp("pdf") / name
    document = pymupdf.open()
    for line in LINES:
        page = document.new_page(width=500, height=1000)
        page.insert_text((50, 500), f"{name}: {line}")
    document.save(path)
    return path


def image(content: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(content))
    opened.load()
    return opened


def test_a_page_as_a_picture(client: TestClient, report: str) -> None:
    answer = client.get(f"/files/{report}/pages/2?side=320")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert image(answer.content).size == (160, 320)


@pytest.mark.parametrize(("asked", "given"), [(-5, 160), (1, 160), (161, 320), (10**9, 2400)])
def test_only_a_few_sizes_are_drawn(asked: int, given: int) -> None:
    assert pages._step(asked) == given


def test_a_picture_is_page_0(client: TestClient, photo: str) -> None:
    answer = client.get(f"/files/{photo}/pages/0")
    assert image(answer.content).size == (112, 84)
    about = client.get(f"/files/{photo}/pages/0/text").json()
    assert (about["name"], about["number"], about["pages"], about["picture"]) == (
        "photo.png", 0, 1, True,
    )  # fmt: skip


def test_a_page_as_text(client: TestClient, report: str) -> None:
    answer = client.get(f"/files/{report}/pages/2/text")
    about = answer.json()
    assert answer.headers["cache-control"] == "private, no-cache"
    assert LINES[1] in about.pop("text")
    assert about.keys() == {"name", "number", "pages", "label", "picture", "sees", "tokens"}
    assert (about["name"], about["number"], about["pages"]) == ("report.pdf", 2, 2)
    assert about["picture"] is True


def test_where_a_passage_stands(client: TestClient, report: str) -> None:
    (box,) = client.get(f"/files/{report}/pages/2/find", params={"words": LINES[1]}).json()["boxes"]
    left, top, right, bottom = box
    assert 90 <= left < right <= 1000
    assert 480 <= top < bottom <= 510


@pytest.mark.parametrize("words", ["", "   ", "zebra giraffe elephant", "x" * 5000])
def test_what_is_not_there_has_no_place(client: TestClient, report: str, words: str) -> None:
    answer = client.get(f"/files/{report}/pages/1/find", params={"words": words})
    assert answer.json() == {"boxes": []}


@pytest.mark.parametrize("rest", ["", "?side=160", "/text", "/find?words=code"])
def test_anothers_pages_are_not_found(client: TestClient, theirs: str, rest: str) -> None:
    for page in (0, 1, 2):
        answer = client.get(f"/files/{theirs}/pages/{page}{rest}")
        assert answer.status_code == 404
        assert "theirs" not in answer.text
        assert "code" not in answer.text.replace('"code"', "")


@pytest.mark.parametrize("rest", ["", "/text", "/find?words=code"])
@pytest.mark.parametrize("sha256", ["0" * 64, "..", "x", "A" * 64, "%2e%2e%2fglmdesk.db"])
def test_other_names_are_not_found(client: TestClient, sha256: str, rest: str) -> None:
    answer = client.get(f"/files/{sha256}/pages/1{rest}")
    assert answer.status_code == 404 or "SQLite" not in answer.text
    assert "image" not in answer.headers["content-type"]


@pytest.mark.parametrize("page", [0, 3, -1, 10**12])
@pytest.mark.parametrize("rest", ["", "/text"])
def test_a_page_that_is_not_there(client: TestClient, report: str, page: int, rest: str) -> None:
    answer = client.get(f"/files/{report}/pages/{page}{rest}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


@pytest.mark.parametrize("page", ["x", "1.5", ""])
def test_what_is_no_page(client: TestClient, report: str, page: str) -> None:
    assert client.get(f"/files/{report}/pages/{page}/text").status_code in (404, 422)
