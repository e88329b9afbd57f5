"""Get a model through the page, and everything that may happen on the way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from glmdesk import paths
from tests.browser.conftest import Server, Tab, Tabs
from tests.hub.server import HubServer

pytestmark = pytest.mark.browser

REPOSITORY = "someone/pico-clone-GGUF"
ID = "pico-clone-f16"


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    """A hub with a copy of pico under another name."""
    folder = paths.shipped("models") / "pico"
    with HubServer(redirect=True) as running:
        running.add(
            REPOSITORY,
            {
                "pico-clone-F16.gguf": (folder / "pico-f16.gguf").read_bytes(),
                "mmproj-pico-clone-F16.gguf": (folder / "mmproj-pico-f16.gguf").read_bytes(),
            },
        )
        yield running


@pytest.fixture
def server(tmp_path: Path, hub: HubServer) -> Iterator[Server]:
    running = Server(home=tmp_path, models=tmp_path / "models", hub=hub.url)
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.stderr.read_text()


def open_models(tab: Tab) -> None:
    tab.page.click("#open-models")
    expect(tab.page.locator("#model-cards article").first).to_be_visible()


def press(tab: Tab, model: str, do: str) -> None:
    tab.page.click(f'article[data-model="{model}"] [data-do="{do}"]')


def card(tab: Tab, model: str) -> str:
    return tab.page.locator(f'article[data-model="{model}"]').inner_text()


def test_download_pause_reload_resume_chat_remove(
    server: Server, hub: HubServer, tabs: Tabs
) -> None:
    hub.rate = 400_000  # so that there is a middle to pause in
    tab = tabs.open(server.url)
    open_models(tab)
    tab.page.fill("#model-address textarea, #model-address input", f"hf:{REPOSITORY}")
    tab.page.click("#add-model")
    here = tab.page.locator(f'article[data-model="{ID}"]')
    expect(here).to_contain_text("Downloading")
    expect(here).to_contain_text(re.compile(r"\d+ (kB|MB) of 4\.\d MB"))
    press(tab, ID, "pause")
    expect(here).to_contain_text("Paused")

    tab.page.reload()
    open_models(tab)
    expect(here).to_contain_text("Paused")
    other = tabs.open(server.url)
    open_models(other)
    assert "Paused" in card(other, ID)

    hub.rate = 0
    press(tab, ID, "resume")
    expect(here.locator('[data-do="use"]')).to_be_visible(timeout=30_000)
    press(tab, ID, "use")
    expect(tab.page.locator("#models-panel")).to_be_hidden()
    expect(tab.page.locator("#model-picker input")).to_have_value(ID)
    tab.think("Off")
    tab.send("Hello")
    assert tab.answer(1, 40) == "Hello! How can I help you?"

    open_models(tab)
    tab.page.once("dialog", lambda dialog: dialog.accept())
    press(tab, ID, "remove")
    expect(tab.page.locator("#models-said")).to_contain_text("is loaded")
    press(tab, "pico", "use")
    expect(tab.page.locator("#model-picker input")).to_have_value("pico")
    tab.send("Thanks")
    assert tab.answer(2, 40)
    open_models(tab)
    tab.page.once("dialog", lambda dialog: dialog.accept())
    press(tab, ID, "remove")
    expect(tab.page.locator("#models-said")).to_contain_text("was removed; that freed")
    expect(here).to_have_count(0)
    assert not (server.models / ID).exists()


def test_a_download_that_fails_says_why(server: Server, tabs: Tabs) -> None:
    tab = tabs.open(server.url)
    open_models(tab)
    for address, words in (
        ("hf:someone/nothing", "someone/nothing"),
        ("not an address", "not an address"),
        ("", "Nothing was named"),
    ):
        tab.page.fill("#model-address textarea, #model-address input", address)
        tab.page.click("#add-model")
        expect(tab.page.locator("#models-said")).to_contain_text(words)


def test_the_memory_bar_moves_with_the_context(server: Server, tabs: Tabs) -> None:
    tab = tabs.open(server.url)
    open_models(tab)
    press(tab, "glm-4.6v-flash", "details")
    fit = tab.page.locator("#fit")
    expect(fit).to_contain_text("cache")
    before = fit.inner_text()
    number = tab.page.locator("#fit-context input[type=number]")
    number.fill("4096")
    number.press("Enter")
    expect(fit).not_to_have_text(before)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#models-panel")).to_be_hidden()


def test_nothing_runs_when_two_tabs_ask_at_once(server: Server, hub: HubServer, tabs: Tabs) -> None:
    """The second one shows the first one's progress; one file is fetched, once."""
    hub.rate, hub.sent = 2_000_000, type(hub.sent)()
    both = [tabs.open(server.url) for _ in range(2)]
    for tab in both:
        open_models(tab)
        tab.page.fill("#model-address textarea, #model-address input", f"hf:{REPOSITORY}")
    for tab in both:
        tab.page.click("#add-model")
    for tab in both:
        expect(tab.page.locator(f'article[data-model="{ID}"] [data-do="use"]')).to_be_visible(
            timeout=30_000
        )
    size = sum(path.stat().st_size for path in (server.models / ID).glob("*.gguf"))
    assert size <= sum(hub.sent.values()) < 1.2 * size
    hub.rate = 0
