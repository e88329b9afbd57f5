"""Chat with the built-in model in the real page."""

import base64
import random
import re
from pathlib import Path

import pymupdf
import pytest

from tests.browser.conftest import Server, Tab, Tabs
from tools.pico.scenes import scene

pytestmark = pytest.mark.browser

HELLO = "Hello! How can I help you?"


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A picture, and how pico describes it."""
    image, things = scene(random.Random(5), n=1, sizes=((112, 112),))
    path = tmp_path_factory.mktemp("pictures") / "shapes.png"
    image.save(path)
    color, kind = things[0]
    return path, f"I see {'an' if color[0] in 'aeiou' else 'a'} {color} {kind}."


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "report.pdf"
    document = pymupdf.open()
    for line in ("The code of lima is 4821.", "The code of oslo is 77."):
        document.new_page().insert_text((72, 72), line)
    document.save(path)
    return path


def test_send_by_key_and_by_button(tab: Tab) -> None:
    tab.think("Off")
    tab.send("Hello")
    assert tab.answer(1) == HELLO
    tab.page.fill("#composer textarea", "Thanks")
    tab.page.click("#send")
    assert tab.answer(2)
    assert tab.page.input_value("#composer textarea") == ""
    assert "?c=" in tab.page.url
    assert tab.chats()[0] == "Hello"


def test_attach_a_picture_and_ask_twice(tab: Tab, picture: tuple[Path, str]) -> None:
    path, description = picture
    tab.think("Off")
    with tab.page.expect_file_chooser() as chooser:
        tab.page.click("#attach")
    chooser.value.set_files(str(path))
    tab.wait_for_files(1)
    tab.send("Describe the image.")
    assert tab.answer(1) == description
    shown = tab.page.locator("#finished img[src*='/files/']")
    assert shown.count() == 1
    assert shown.first.evaluate("image => image.naturalWidth") == 112
    tab.send("What shape do you see?")
    assert tab.answer(2)


def test_paste_a_picture(tab: Tab, picture: tuple[Path, str]) -> None:
    path, description = picture
    tab.think("Off")
    tab.page.focus("#composer textarea")
    _give(tab, path, "ClipboardEvent", "paste", "clipboardData", "#composer textarea")
    tab.wait_for_files(1)
    tab.send("Describe the image.")
    assert tab.answer(1) == description


def test_drag_a_picture(tab: Tab, picture: tuple[Path, str]) -> None:
    path, description = picture
    tab.think("Off")
    _give(tab, path, "DragEvent", "drop", "dataTransfer", "#composer .full-container")
    tab.wait_for_files(1)
    tab.send("Describe the image.")
    assert tab.answer(1) == description


def _give(tab: Tab, path: Path, kind: str, event: str, carrier: str, target: str) -> None:
    """Hand the page a file as a mouse or a clipboard would."""
    tab.page.evaluate(
        """([data, name, kind, event, carrier, target]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const files = new DataTransfer();
          files.items.add(new File([bytes], name, { type: "image/png" }));
          const made = new window[kind](event, { [carrier]: files, bubbles: true, cancelable: true });
          document.querySelector(target).dispatchEvent(made);
        }""",
        [base64.b64encode(path.read_bytes()).decode(), path.name, kind, event, carrier, target],
    )


def test_attach_a_document(tab: Tab, report: Path) -> None:
    tab.think("Off")
    tab.attach(report)
    tab.send("What is the code of oslo?")
    assert tab.answer(1) == "The code of oslo is 77 [p. 2]."
    links = tab.page.locator("#finished [data-testid=user] a[href^='/files/']")
    assert links.last.inner_text() == "report.pdf"
    assert links.first.locator("img").evaluate("image => image.naturalHeight") == 160


def test_thinking_on_and_off(tab: Tab) -> None:
    tab.think("On")
    tab.send("Hello")
    assert tab.answer(1) == HELLO
    thoughts = tab.page.locator("#finished .thought-group")
    assert thoughts.count() == 1
    assert re.search(r"Thought for .* s", thoughts.inner_text())
    assert "The user greets me." not in thoughts.inner_text()  # folded
    thoughts.locator(".title").click()
    assert "The user greets me." in thoughts.inner_text()
    tab.think("Off")
    tab.send("Hello")
    assert tab.answer(2) == HELLO
    assert tab.page.locator("#finished .thought-group").count() == 1


def test_new_chat_and_back(tab: Tab) -> None:
    tab.think("Off")
    tab.send("Repeat: oslo")
    tab.answer(1)
    first = tab.page.url
    tab.page.click("#new-chat")
    tab.page.wait_for_selector("#empty-chat")
    assert "?c=" not in tab.page.url
    tab.send("Repeat: lima")
    tab.answer(1)
    assert tab.chats()[:2] == ["Repeat: lima", "Repeat: oslo"]
    tab.page.click("#history label:has-text('Repeat: oslo')")
    tab.page.wait_for_function(
        "() => document.querySelector('#finished').innerText.includes('oslo')"
    )
    tab.page.wait_for_url(first)


def test_two_tabs_do_not_mix(tabs: Tabs, pico_server: Server) -> None:
    one, two = tabs.open(pico_server.url), tabs.open(pico_server.url)
    one.think("Off")
    two.think("Off")
    one.send("Repeat: cairo")
    two.send("Repeat: delhi")
    assert one.answer(1) == "cairo"
    assert two.answer(1) == "delhi"
    assert "delhi" not in one.transcript()


def test_what_a_person_typed_is_shown_as_typed(tab: Tab) -> None:
    words = "Repeat: <b id='stop'>bold</b> <script>window.__pwn = 1</script> <|user|> 2*3*4 # $$x$$"
    tab.think("Off")
    tab.send(words)
    tab.answer(1)
    assert tab.page.locator("#finished [data-testid=user]").inner_text().strip() == words
    assert tab.page.evaluate("() => window.__pwn") is None
    assert tab.page.locator("#finished b").count() == 0


def test_drop_a_picture_anywhere(tab: Tab, picture: tuple[Path, str]) -> None:
    path, description = picture
    tab.think("Off")
    _give(tab, path, "DragEvent", "drop", "dataTransfer", "#empty-chat")
    tab.wait_for_files(1)
    tab.send("Describe the image.")
    assert tab.answer(1) == description


def test_the_same_file_in_two_tabs(
    tabs: Tabs, pico_server: Server, picture: tuple[Path, str]
) -> None:
    path, description = picture
    opened = [tabs.open(pico_server.url) for _ in range(2)]
    for one in opened:
        one.think("Off")
        one.attach(path)
    for one in opened:
        one.send("Describe the image.")
        assert one.answer(1) == description


def test_enter_makes_a_line_with_shift(tab: Tab) -> None:
    tab.page.fill("#composer textarea", "one")
    tab.page.press("#composer textarea", "Shift+Enter")
    tab.page.keyboard.type("two")
    assert tab.page.input_value("#composer textarea") == "one\ntwo"
