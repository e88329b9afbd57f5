"""What is left after the app was ended: everything."""

from pathlib import Path

import pytest

from tests.browser.conftest import Server, Tabs

pytestmark = pytest.mark.browser


def test_every_chat_is_there_after_a_restart(tabs: Tabs, tmp_path: Path) -> None:
    server = Server(home=tmp_path, models=tmp_path / "models")
    tab = tabs.open(server.start())
    tab.think("Off")
    for word in ("oslo", "lima"):
        tab.page.click("#new-chat")
        tab.page.wait_for_selector("#empty-chat")
        tab.send(f"Repeat: {word}")
        assert tab.answer(1) == word
    tab.page.close()
    server.stop()
    again = tabs.open(server.start())
    again.page.wait_for_selector("#history label")
    assert again.chats() == ["Repeat: lima", "Repeat: oslo"]
    again.page.click("#history label:has-text('oslo')")
    assert again.answer(1) == "oslo"
    server.stop()
