"""Boxes of an answer are drawn on its picture, and a part of a picture becomes the next question's."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from glmdesk.messages import Answer, Event, Finished, Picture
from tests.browser.conftest import Tab, Tabs
from tests.browser.scripted_page import GRADIO_WARNS, Desk, attach, desk

pytestmark = [pytest.mark.browser, GRADIO_WARNS]

RED, BLUE = (100, 200, 400, 600), (500, 500, 900, 1000)
ANSWER = "Here they are:\n```json\n" + json.dumps(
    [{"bbox_2d": RED, "label": "red <b>square</b>"}, {"bbox_2d": BLUE, "label": "blue disc"}]
)
SIZE = (800, 500)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle(pixels(RED), fill="red")
    draw.ellipse(pixels(BLUE), fill="blue")
    path = tmp_path_factory.mktemp("pictures") / "shapes.png"
    image.save(path)
    return path


def pixels(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    width, height = SIZE
    return (
        left * width // 1000,
        top * height // 1000,
        right * width // 1000,
        bottom * height // 1000,
    )


@pytest.fixture
def tab(tabs: Tabs, there: Desk, photo: Path) -> Tab:
    """A chat in which shapes were asked for and found."""
    opened = tabs.open(there.url)
    there.answers["Where?"] = lambda: iter([Answer(text=ANSWER), Finished(reason="stop")])
    attach(opened, photo)
    opened.send("Where?")
    expect(opened.page.locator("#finished .boxes .box")).to_have_count(2, timeout=20_000)
    return opened


def box_of(tab: Tab, label: str) -> Locator:
    return tab.page.locator(f"#finished .boxes .box[aria-label='{label}']")


def shares(tab: Tab, mark: Locator, picture: str) -> list[int]:
    """Where a mark stands, in thousandths of the picture."""
    tab.page.wait_for_function(
        "picture => document.querySelector(picture).naturalWidth > 0", arg=picture
    )
    box, area = mark.bounding_box(), tab.page.locator(picture).bounding_box()
    assert box
    assert area
    left, top = (box["x"] - area["x"]) / area["width"], (box["y"] - area["y"]) / area["height"]
    right, bottom = left + box["width"] / area["width"], top + box["height"] / area["height"]
    return [round(1000 * share) for share in (left, top, right, bottom)]


def test_they_are_drawn_where_they_are(tab: Tab) -> None:
    image = "#finished .boxes > img"
    for label, box in (("red <b>square</b>", RED), ("blue disc", BLUE)):
        assert shares(tab, box_of(tab, label), image) == pytest.approx(box, abs=3)
    assert tab.page.locator(image).evaluate("image => image.naturalWidth") == SIZE[0]


def test_pointing_and_stepping_show_the_label(tab: Tab) -> None:
    tip = box_of(tab, "red <b>square</b>").locator(".tip")
    expect(tip).not_to_be_visible()
    box_of(tab, "red <b>square</b>").hover()
    expect(tip.locator("span")).to_have_text("red <b>square</b>")
    assert tab.page.locator("#finished .boxes b").count() == 0
    tab.page.mouse.move(1, 1)
    expect(tip).not_to_be_visible()
    box_of(tab, "blue disc").focus()
    expect(box_of(tab, "blue disc").locator(".tip")).to_be_visible()


def test_a_part_is_asked_about(tab: Tab, there: Desk) -> None:
    box_of(tab, "blue disc").hover()
    box_of(tab, "blue disc").locator("button").click()
    expect(tab.page.locator("#attachments .file.picture .name")).to_have_text("shapes, part.png")
    ask_about_the_part(tab, there, (320, 250))


def ask_about_the_part(tab: Tab, there: Desk, size: tuple[int, int]) -> None:
    """The model gets the part in the same proportions."""
    there.answers["And this?"] = lambda: iter([Answer(text="A part."), Finished(reason="stop")])
    tab.send("And this?")
    expect(tab.page.locator("#finished")).to_contain_text("A part.", timeout=20_000)
    (sent,) = (part for part in there.asked[-1].messages[-1].parts if isinstance(part, Picture))
    assert sent.width / sent.height == pytest.approx(size[0] / size[1], rel=0.15)


def test_a_picture_opens_and_a_part_of_it_is_chosen(tab: Tab, there: Desk) -> None:
    tab.page.focus("#finished [data-testid=user] img")
    tab.page.keyboard.press("Enter")
    viewer = tab.page.locator("#page-viewer[open]")
    expect(viewer.locator("h2")).to_have_text("shapes.png")
    expect(viewer.locator(".facts")).to_contain_text("As the model sees it: 812 × 504, 522 tokens")
    expect(viewer.locator("#viewer-ask")).to_have_text("Ask about this picture")
    area = viewer.locator(".stage img").bounding_box()
    assert area
    start = (area["x"] + 0.1 * area["width"], area["y"] + 0.2 * area["height"])
    end = (area["x"] + 0.4 * area["width"], area["y"] + 0.8 * area["height"])
    tab.page.mouse.move(*start)
    tab.page.mouse.down()
    tab.page.mouse.move(*end, steps=4)
    tab.page.mouse.up()
    chosen = viewer.locator(".chosen")
    picked = shares(tab, chosen, "#page-viewer .stage img")
    assert picked == pytest.approx([100, 200, 400, 800], abs=6)
    viewer.locator("#viewer-ask", has_text="Ask about this part").click()
    expect(viewer).not_to_be_visible()
    expect(tab.page.locator("#attachments .file.picture .name")).to_have_text("shapes, part.png")
    ask_about_the_part(tab, there, (240, 300))


def test_they_are_drawn_while_the_answer_runs(tab: Tab, there: Desk) -> None:
    go_on = threading.Event()

    def answer() -> Iterator[Event]:
        yield Answer(text=ANSWER)
        assert go_on.wait(60)
        yield from (Answer(text="\n```\nThat is all."), Finished(reason="stop"))

    there.answers["Once more?"] = answer
    tab.send("Once more?")
    try:
        expect(tab.page.locator("#live .boxes .box")).to_have_count(2, timeout=20_000)
    finally:
        go_on.set()
    expect(tab.page.locator("#finished")).to_contain_text("That is all.", timeout=20_000)
    expect(tab.page.locator("#finished .boxes .box")).to_have_count(4)


def test_numbers_without_a_picture_stay_numbers(tabs: Tabs, there: Desk) -> None:
    opened = tabs.open(there.url)
    there.answers["Where?"] = lambda: iter([Answer(text=ANSWER), Finished(reason="stop")])
    opened.send("Where?")
    assert "bbox_2d" in opened.answer(1)
    assert opened.page.locator("#finished img").count() == 0
