"""What the page says when something goes wrong, and that nothing is lost."""

from pathlib import Path

import pymupdf
import pytest

from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    path = tmp_path / "locked.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "secret")
    document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="a", owner_pw="b")
    return path


def refused(tab: Tab, file: Path) -> str:
    """Send `file`; returns what the page says. The composer keeps the words and the file."""
    tab.attach(file)
    tab.send("Read this.")
    said = tab.refusal()
    assert tab.page.input_value("#composer textarea") == "Read this."
    assert tab.page.locator("#attachments .file").count() == 1
    assert "Traceback" not in said
    return said


def test_encrypted_pdf(tab: Tab, locked: Path) -> None:
    assert "password" in refused(tab, locked)


def test_empty_file(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    assert "empty" in refused(tab, path)


def test_broken_picture(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40)
    assert "broken.png" in refused(tab, path)


def test_a_pdf_named_as_a_picture_is_read(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The code of lima is 4821.")
    document.save(path)
    tab.think("Off")
    tab.attach(path)
    tab.send("What is the code of lima?")
    assert tab.answer(1).startswith("The code of lima is 4821 [p. 1].")
    assert "opened as PDF" in tab.transcript()


def test_longer_than_the_context(tab: Tab) -> None:
    tab.send("word " * 20_000)
    tab.page.wait_for_function(
        "() => document.querySelector('#transcript').innerText.includes('has room for')",
        timeout=40_000,
    )
    assert "Nothing is lost" in tab.transcript()
    tab.think("Off")
    tab.send("Hello")
    assert tab.answer(2) == "Hello! How can I help you?"


def test_nothing_to_send(tab: Tab) -> None:
    tab.page.press("#composer textarea", "Enter")
    assert "nothing to send" in tab.refusal()
    assert tab.page.locator("#empty-chat").is_visible()
