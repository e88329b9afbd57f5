"""A citation opens the page that it cites, with the passage marked."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest
from playwright.sync_api import Page, expect

from glmdesk.messages import Answer, Event, Finished
from tests.browser.conftest import Tab, Tabs
from tests.browser.scripted_page import GRADIO_WARNS, Desk, attach, desk

pytestmark = [pytest.mark.browser, GRADIO_WARNS]

PASSAGE = "The code of oslo is 77"
CITED = f"It rained. {PASSAGE} [p. 2]. Nothing else is known [p. 9]."
NOTES = "# Harbours\n\nThe harbour of <b>oslo</b> was closed by the king.\n" + "More words.\n" * 200
AT = (72, 400)
PAGE = (500, 1000)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture
def tab(tabs: Tabs, there: Desk) -> Tab:
    opened = tabs.open(there.url)
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=there.url)
    return opened


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages, each with a passage of its own at the same place."""
    path = tmp_path_factory.mktemp("documents") / "report.pdf"
    document = pymupdf.open()
    for line in ("Lima is a city.", f"{PASSAGE}.", "Cairo is far away."):
        page = document.new_page(width=PAGE[0], height=PAGE[1])
        page.insert_text((72, 100), "A report on codes and cities", fontsize=18)
        page.insert_text(AT, line, fontsize=14)
    document.save(path)
    return path


def says(words: str) -> list[Event]:
    return [Answer(text=words), Finished(reason="stop")]


def ask(there: Desk, tab: Tab, words: str, answer: str, *files: Path) -> None:
    there.answers[words] = lambda: iter(says(answer))
    if files:
        attach(tab, *files)
    tab.send(words)
    tab.answer(1)


def test_a_click_opens_the_page_with_the_passage_marked(
    tab: Tab, there: Desk, report: Path
) -> None:
    ask(there, tab, "What is the code?", CITED, report)
    assert tab.answer(1) == CITED
    links = tab.page.locator("#finished [data-testid=bot] a")
    assert links.all_inner_texts() == ["[p. 2]"]
    assert links.first.get_attribute("title") == "report.pdf, page 2"
    links.first.click()
    viewer = tab.page.locator("#page-viewer[open]")
    expect(viewer.locator("h2")).to_have_text("report.pdf")
    expect(viewer.locator(".place")).to_have_text("Page 2 of 3")
    expect(viewer.locator(".passage")).to_have_count(1)
    left, top, right, bottom = inside(tab.page, ".passage", ".stage img")
    assert left == pytest.approx(AT[0] / PAGE[0], abs=0.02)
    assert top < AT[1] / PAGE[1] - 0.005 < bottom < AT[1] / PAGE[1] + 0.02
    assert 0.15 < right - left < 0.5


def inside(page: Page, mark: str, picture: str) -> tuple[float, float, float, float]:
    """Where a mark stands, in shares of the picture's width and height."""
    page.wait_for_function(
        "picture => document.querySelector(picture).naturalWidth > 0", arg=f"#page-viewer {picture}"
    )
    box = page.locator(f"#page-viewer {mark}").bounding_box()
    area = page.locator(f"#page-viewer {picture}").bounding_box()
    assert box
    assert area
    left, top = (box["x"] - area["x"]) / area["width"], (box["y"] - area["y"]) / area["height"]
    return left, top, left + box["width"] / area["width"], top + box["height"] / area["height"]


def test_keys_turn_the_pages_and_close(tab: Tab, there: Desk, report: Path) -> None:
    ask(there, tab, "What is the code?", CITED, report)
    link = tab.page.locator("#finished [data-testid=bot] a")
    link.focus()
    tab.page.keyboard.press("Enter")
    place = tab.page.locator("#page-viewer .place")
    expect(place).to_have_text("Page 2 of 3")
    for key, page in (("ArrowLeft", 1), ("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowRight", 3)):
        tab.page.keyboard.press(key)
        expect(place).to_have_text(f"Page {page} of 3")
    expect(tab.page.locator("#viewer-next")).to_be_disabled()
    expect(tab.page.locator("#page-viewer .passage")).to_have_count(0)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#page-viewer")).not_to_be_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_the_passage_of_a_text_is_marked_in_it(tab: Tab, there: Desk, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(NOTES)
    answer = "The king closed the harbour of oslo [notes.md, p. 1]."
    ask(there, tab, "Who closed it?", answer, path)
    tab.page.click("#finished [data-testid=bot] a")
    expect(tab.page.locator("#page-viewer mark")).to_have_text(
        "harbour of <b>oslo</b> was closed by the king"
    )
    assert tab.page.locator("#page-viewer .words b").count() == 0
    expect(tab.page.locator("#viewer-ask")).not_to_be_visible()


def test_links_are_there_while_the_answer_runs(tab: Tab, there: Desk, report: Path) -> None:
    """And Escape closes the viewer without stopping the answer."""
    go_on = threading.Event()

    def answer() -> Iterator[Event]:
        yield Answer(text=f"{PASSAGE} [p. 2]")
        assert go_on.wait(60)
        yield from says(", says the report [p. 1].")

    there.answers["Slowly, please."] = answer
    attach(tab, report)
    tab.send("Slowly, please.")
    try:
        tab.page.click("#live a:has-text('[p. 2]')")
        expect(tab.page.locator("#page-viewer .passage")).to_have_count(1)
        tab.page.keyboard.press("Escape")
        expect(tab.page.locator("#page-viewer")).not_to_be_visible()
    finally:
        go_on.set()
    assert tab.answer(1) == f"{PASSAGE} [p. 2], says the report [p. 1]."
    assert tab.page.locator("#finished [data-testid=bot] a").count() == 2


def test_a_later_answer_may_cite_what_was_sent_before(tab: Tab, there: Desk, report: Path) -> None:
    ask(there, tab, "What is the code?", CITED, report)
    there.answers["And again?"] = lambda: iter(says("As I said, it is 77 [p. 2]."))
    tab.send("And again?")
    assert tab.answer(2) == "As I said, it is 77 [p. 2]."
    tab.page.reload()
    expect(tab.page.locator("#finished [data-testid=bot] a")).to_have_count(2)


def test_what_is_copied_reads_as_it_is_shown(tab: Tab, there: Desk, report: Path) -> None:
    ask(there, tab, "What is the code?", CITED, report)
    tab.page.locator("#finished .bot-row ~ * button[title='Copy message']").last.click(force=True)
    tab.page.wait_for_function("navigator.clipboard.readText().then((words) => words.length)")
    assert tab.page.evaluate("navigator.clipboard.readText()") == CITED


@pytest.mark.parametrize("page", [1, 77])
def test_a_page_is_shown_when_another_part_asks(
    tab: Tab, there: Desk, report: Path, page: int
) -> None:
    sha256 = there.app.papers.take("owner", report, "report.pdf").sha256
    tab.page.evaluate(
        "detail => document.dispatchEvent(new CustomEvent('glmdesk:page', { detail }))",
        {"sha256": sha256, "page": page},
    )
    if page == 1:
        expect(tab.page.locator("#page-viewer .place")).to_have_text("Page 1 of 3")
    else:
        expect(tab.page.locator("#page-viewer .facts")).to_contain_text("has no page 77")
