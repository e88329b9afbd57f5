"""Attach documents and pictures in the real page: pages, prices, passwords, and the library."""

import re
from pathlib import Path

import pymupdf
import pytest
from PIL import Image
from playwright.sync_api import Dialog, Locator, expect

from tests.browser.conftest import Server, Tab, Tabs

pytestmark = pytest.mark.browser

PASSWORD = "open sesame"
LOADED = "image => image.complete && image.naturalWidth > 0"


def pdf(path: Path, pages: int, words: str = "Page {n} says {n}.") -> Path:
    document = pymupdf.open()
    for number in range(1, pages + 1):
        document.new_page().insert_text((72, 72), words.format(n=number))
    document.save(path)
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return pdf(tmp_path / "report.pdf", 6)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    found = []
    for color in ("red", "teal", "orange"):
        path = tmp_path / f"{color}.png"
        Image.new("RGB", (120, 90), color).save(path)
        found.append(path)
    return found


def file(tab: Tab, name: str) -> Locator:
    return tab.page.locator(".file").filter(has=tab.page.locator(f".name[title='{name}']"))


def page_of(tab: Tab, number: int) -> Locator:
    return tab.page.locator(f"#attachments .page[data-key=p{number}]")


def choose_pages(tab: Tab, words: str) -> None:
    field = tab.page.locator("#attachments input[data-do=pages]")
    if not field.count():
        tab.page.select_option("#attachments select[data-do=way]", "pages")
    field.fill(words)
    field.press("Enter")


def tokens(place: Locator) -> int:
    found = re.search(r"([\d,]+) tokens", place.inner_text())
    assert found
    return int(found[1].replace(",", ""))


def test_thumbnails_of_pages_come_with_their_prices(tab: Tab, report: Path) -> None:
    tab.attach(report)
    expect(tab.page.locator("#attachments .page img")).to_have_count(6)
    shown = page_of(tab, 1).locator("img")
    expect(shown).to_be_visible()
    tab.page.wait_for_function(
        f"() => ({LOADED})(document.querySelector('#attachments [data-key=p1] img'))"
    )
    assert int(page_of(tab, 1).locator("small").inner_text()) > 0
    expect(page_of(tab, 1).locator(".badge")).to_have_text("text")
    assert tokens(file(tab, "report.pdf")) == tokens(tab.page.locator("#attachments .sum"))


def test_words_typed_meanwhile_stay(tab: Tab, report: Path) -> None:
    tab.page.fill("#composer textarea", "What does ")
    tab.page.focus("#composer textarea")
    tab.page.keyboard.press("End")
    tab.page.set_input_files("#composer input[type=file]", str(report))
    tab.page.keyboard.type("page 3 say?", delay=15)
    tab.wait_for_files(1)
    assert tab.page.input_value("#composer textarea") == "What does page 3 say?"


def test_choice_of_pages(tab: Tab, report: Path) -> None:
    tab.attach(report)
    whole = tokens(file(tab, "report.pdf"))
    choose_pages(tab, "1-2, 99")
    expect(file(tab, "report.pdf").locator(".wrong")).to_contain_text("There is no page 99")
    expect(page_of(tab, 5).locator(".badge")).to_have_text("text")
    choose_pages(tab, "1-2, 4")
    expect(file(tab, "report.pdf").locator(".wrong")).to_have_count(0)
    expect(page_of(tab, 5).locator(".badge")).to_have_text("not sent")
    expect(page_of(tab, 4).locator(".badge")).to_have_text("text")
    assert tokens(file(tab, "report.pdf")) < whole
    tab.think("Off")
    tab.send("What does it say?")
    assert tab.answer(1)
    expect(tab.page.locator("#attachments .file")).to_have_count(0)


def test_switching_a_page_changes_its_price(tab: Tab, report: Path) -> None:
    tab.attach(report)
    badge = page_of(tab, 2).locator(".badge")
    expect(badge).to_have_text("text")
    before = tokens(tab.page.locator("#attachments .sum"))
    badge.focus()
    tab.page.keyboard.press("Enter")
    expect(badge).to_have_text("picture")
    assert tab.page.evaluate("() => document.activeElement.classList.contains('badge')")
    assert tokens(tab.page.locator("#attachments .sum")) != before
    badge.click()
    expect(badge).to_have_text("both")
    expect(page_of(tab, 3).locator(".badge")).to_have_text("text")


def test_a_locked_document_asks_for_its_password(
    tab: Tab, tmp_path: Path, pico_server: Server
) -> None:
    path = tmp_path / "locked.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The code of lima is 4821.")
    document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=PASSWORD, owner_pw="other")
    tab.attach(path)
    field = tab.page.locator("#attachments input[type=password]")
    field.fill("wrong")
    field.press("Enter")
    expect(tab.page.locator("#attachments .wrong")).to_be_visible()
    expect(field).to_have_value("")
    field.fill(PASSWORD)
    field.press("Enter")
    expect(page_of(tab, 1).locator("img")).to_have_count(1)
    tab.page.wait_for_function(
        "() => document.querySelector('#attachments-action textarea, #attachments-action input').value === ''"
    )
    tab.think("Off")
    tab.send("What is the code of lima?")
    assert tab.answer(1) == "The code of lima is 4821 [p. 1]."
    for kept in pico_server.home.rglob("*"):
        assert not kept.is_file() or PASSWORD.encode() not in kept.read_bytes()


def test_several_pictures_at_once_and_one_removed(tab: Tab, pictures: list[Path]) -> None:
    tab.attach(*pictures)
    expect(tab.page.locator("#attachments .picture")).to_have_count(3)
    expect(file(tab, "teal.png")).to_contain_text(re.compile(r"\d+ × \d+, \d+ tokens"))
    before = tokens(tab.page.locator("#attachments .sum"))
    file(tab, "teal.png").locator(".remove").click()
    expect(tab.page.locator("#attachments .picture")).to_have_count(2)
    assert tokens(tab.page.locator("#attachments .sum")) < before
    tab.think("Off")
    tab.send("Describe the image.")
    assert tab.answer(1)
    shown = tab.page.locator("#finished img[src*='/files/']")
    expect(shown).to_have_count(2)
    expect(tab.page.locator("#attachments .file")).to_have_count(0)


def test_detail_is_chosen_with_its_price(tab: Tab, pictures: list[Path]) -> None:
    tab.attach(pictures[0])
    sum_ = tab.page.locator("#attachments .sum")
    expect(sum_.locator("input[value=normal]")).to_be_checked()
    sum_.locator("label", has_text="Low").click()
    expect(sum_.locator("input[value=low]")).to_be_checked()
    price = sum_.locator("label", has_text="Low").locator("small").inner_text()
    assert int(price) == tokens(sum_)


def test_a_file_that_cannot_be_read_leaves_the_others(
    tab: Tab, report: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40)
    tab.attach(report, broken)
    expect(file(tab, "broken.png").locator(".wrong")).to_contain_text("broken.png")
    expect(page_of(tab, 1).locator("img")).to_have_count(1)
    tab.send("Read this.")
    assert "broken.png cannot be sent" in tab.refusal()
    expect(tab.page.locator("#attachments .file")).to_have_count(2)
    file(tab, "broken.png").locator(".remove").click()
    expect(tab.page.locator("#attachments .file")).to_have_count(1)
    tab.think("Off")
    tab.page.press("#composer textarea", "Enter")
    assert tab.answer(1)


def test_a_thousand_pages_come_in_a_window(tab: Tab, tmp_path: Path) -> None:
    answers: list[int] = []
    tab.page.on(
        "response",
        lambda answer: answers.append(len(answer.body())) if "/predict" in answer.url else None,
    )
    tab.attach(pdf(tmp_path / "thousand.pdf", 1000))
    expect(file(tab, "thousand.pdf")).to_contain_text("1,000 pages")
    expect(page_of(tab, 1)).to_be_visible()
    assert tab.page.locator("#attachments .page").count() <= 40
    tab.page.locator("#attachments .pages").evaluate("row => { row.scrollLeft = 92 * 700; }")
    expect(page_of(tab, 703)).to_be_in_viewport()
    assert tab.page.locator("#attachments .page").count() <= 40
    assert max(answers) < 40_000


def test_the_files_alone_may_be_too_much(tab: Tab, tmp_path: Path) -> None:
    """Said before sending, and gone when less is chosen."""
    tab.attach(pdf(tmp_path / "long.pdf", 400, "Page {n}. " + "one two three four five " * 4))
    expect(file(tab, "long.pdf")).to_contain_text("As it fits: what suits the question")
    warning = tab.page.locator("#attachments .sum .warning")
    expect(warning).to_have_count(0)
    tab.page.select_option("#attachments select[data-do=way]", "whole")
    expect(warning).to_contain_text("they are refused")
    choose_pages(tab, "1")
    expect(warning).to_have_count(0)


def test_attachments_stay_with_their_chat(tab: Tab, report: Path) -> None:
    tab.think("Off")
    tab.send("Hello")
    tab.answer(1)
    tab.attach(report)
    tab.page.click("#new-chat")
    tab.page.wait_for_selector("#empty-chat")
    expect(tab.page.locator("#attachments .file")).to_have_count(0)
    tab.page.locator("#history label").first.click()
    expect(file(tab, "report.pdf")).to_be_visible()


def test_the_library(tabs: Tabs, pico_server: Server, tmp_path: Path) -> None:
    """Use a document in another chat, then remove it."""
    tab = tabs.open(pico_server.url)
    path = pdf(tmp_path / "library.pdf", 2, "The code of oslo is 77.")
    tab.think("Off")
    tab.attach(path)
    tab.send("What is the code of oslo?")
    assert "77" in tab.answer(1)
    tab.page.click("#new-chat")
    tab.page.wait_for_selector("#empty-chat")
    tab.page.click("#open-documents")
    paper = tab.page.locator(".paper").filter(has_text="library.pdf")
    expect(paper).to_contain_text("2 pages · in 1 chat")
    paper.locator("[data-do=use]").click()
    expect(tab.page.locator("#documents-panel")).to_be_hidden()
    expect(file(tab, "library.pdf")).to_be_visible()
    tab.send("What is the code of oslo?")
    assert "77" in tab.answer(1)

    tab.page.click("#open-documents")
    expect(paper).to_contain_text("in 2 chats")
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    tab.page.once("dialog", refuse)
    paper.locator("[data-do=remove]").click()
    assert "It is used in 2 chats" in asked[0]
    expect(paper).to_have_count(1)
    tab.page.once("dialog", lambda dialog: dialog.accept())
    paper.locator("[data-do=remove]").click()
    expect(tab.page.locator("#documents-said")).to_contain_text("library.pdf was removed")
    expect(paper).to_have_count(0)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#documents-panel")).to_be_hidden()
    assert "library.pdf" in tab.transcript()


def test_a_part_of_a_page_joins_the_question(tab: Tab, report: Path) -> None:
    tab.attach(report)
    sha256 = file(tab, "report.pdf").get_attribute("data-sha256")
    tab.page.evaluate(
        "sha256 => document.dispatchEvent(new CustomEvent('glmdesk:attach', "
        "{ detail: { sha256, page: 1, box: [0, 0, 600, 200] } }))",
        sha256,
    )
    expect(tab.page.locator("#attachments .picture")).to_have_count(1)
    expect(tab.page.locator("#attachments .picture")).to_contain_text("part of page 1")


def test_a_thumbnail_asks_to_show_its_page(tab: Tab, report: Path) -> None:
    tab.attach(report)
    tab.page.evaluate(
        "() => document.addEventListener('glmdesk:page', (event) => { window.asked = event.detail; })"
    )
    page_of(tab, 3).locator(".thumb").click()
    asked = tab.page.evaluate("() => window.asked")
    assert asked == {"sha256": file(tab, "report.pdf").get_attribute("data-sha256"), "page": 3}
