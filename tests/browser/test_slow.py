"""Answers that take their time: watch, stop, reload, switch, lose the worker. A real language model."""

import re

import psutil
import pytest

from tests.browser.conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.model]

STORY = "Write a very long story about a lighthouse keeper and a storm."
GROWN = (
    "length => (document.querySelector('#live .message-content')?.innerText || '').length > length"
)


def begin(tab: Tab) -> None:
    """Ask for something long, and wait until it is being said."""
    tab.send(STORY)
    tab.page.wait_for_function(GROWN, arg=80)


def test_the_answer_streams_and_stops(slow_tab: Tab) -> None:
    begin(slow_tab)
    early = len(slow_tab.live_text())
    slow_tab.page.wait_for_function(GROWN, arg=early + 50)
    slow_tab.page.click("#stop")
    slow_tab.page.wait_for_selector("#send", timeout=3000)
    words = slow_tab.answer(1)
    assert len(words) > early
    assert "Stopped." in words
    slow_tab.send("Say one word.")
    assert slow_tab.page.wait_for_selector("#stop")
    slow_tab.page.keyboard.press("Escape")
    slow_tab.page.wait_for_selector("#send", timeout=3000)


def test_reload_in_the_middle(slow_tab: Tab) -> None:
    begin(slow_tab)
    before = slow_tab.live_text()
    slow_tab.page.reload()
    slow_tab.page.wait_for_function(GROWN, arg=len(before) + 20)
    assert slow_tab.live_text().startswith(before[:60])
    slow_tab.page.click("#stop")
    assert slow_tab.answer(1).startswith(before[:60])


def test_switch_to_another_chat_in_the_middle(slow_tab: Tab) -> None:
    begin(slow_tab)
    address = slow_tab.page.url
    slow_tab.page.click("#new-chat")
    slow_tab.page.wait_for_selector("#empty-chat")
    for _ in range(6):  # what the page followed ends after a second; nothing of it may come back
        slow_tab.page.wait_for_timeout(400)
        assert not slow_tab.live_text()
    assert slow_tab.page.locator("#send").count() == 1
    slow_tab.page.goto(address)
    slow_tab.page.wait_for_function(GROWN, arg=100)
    slow_tab.page.click("#stop")
    assert slow_tab.answer(1)


def test_no_thinking_switch_without_thinking(slow_tab: Tab) -> None:
    slow_tab.page.wait_for_selector("#thinking-switch", state="hidden")


def test_worker_killed_in_the_middle(slow_tab: Tab, slow_server: "object") -> None:
    begin(slow_tab)
    before = slow_tab.live_text()
    worker: psutil.Process = slow_server.engine()  # type: ignore[attr-defined]
    worker.kill()
    words = slow_tab.answer(1)
    assert words.startswith(before[:60])
    assert re.search(r"The engine ended in the middle.*Send again", words, re.DOTALL)
    slow_tab.send("Say hello.")
    slow_tab.page.wait_for_function(GROWN, arg=1)
    slow_tab.page.keyboard.press("Escape")
    assert slow_tab.answer(2)
