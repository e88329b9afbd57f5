"""Get a model through the page, and everything that may happen on the way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from glmdesk import paths
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.hubs.sources import Item
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.download import hold
from glmdesk.library.transfers.ticket import Ticket
from glmdesk.ui import text
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


def open_sheet(tab: Tab, sheet: str, width: int) -> None:
    """On a screen so many pixels wide; the chats cover a narrow one."""
    tab.page.set_viewport_size({"width": width, "height": 844})
    tab.page.reload()
    tab.page.wait_for_selector("#send")
    if width <= 768:
        tab.page.locator("#sidebar .toggle-button").click()
    tab.page.click(f"#open-{sheet}")


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


def field(tab: Tab, id: str) -> Locator:
    return tab.page.locator(f"#{id} textarea, #{id} input").first


def test_what_went_wrong_is_in_view(server: Server, tabs: Tabs) -> None:
    """The fields are below the cards, the message above them."""
    tab = tabs.open(server.url)
    open_models(tab)
    for id, button in (("model-address", "add-model"), ("hub-token", "keep-token")):
        field(tab, id).fill("two words")
        tab.page.click(f"#{button}")
        said = tab.page.locator("#models-said [role=alert]")
        expect(said).to_be_in_viewport()
        expect(field(tab, id)).to_be_in_viewport()
        expect(field(tab, id)).to_have_value("two words")


def test_a_token_is_kept_and_removed(server: Server, tabs: Tabs) -> None:
    tab = tabs.open(server.url)
    open_models(tab)
    said = tab.page.locator("#models-said")
    field(tab, "hub-token").fill("hf_mine")
    tab.page.click("#keep-token")
    expect(said).to_contain_text("The token is kept in")
    tab.page.once("dialog", lambda dialog: dialog.accept())
    tab.page.click('[data-do="forget"]')
    expect(said).to_have_text(text.TOKEN_GONE)


@pytest.mark.parametrize("typed", ["0", "-5", "20000000"])
def test_a_context_outside_the_range_breaks_nothing(server: Server, tabs: Tabs, typed: str) -> None:
    tab = tabs.open(server.url)
    failed: list[int] = []
    tab.page.on("response", lambda response: failed.append(response.status))
    open_models(tab)
    press(tab, "pico", "details")
    number = tab.page.locator("#fit-context input[type=number]")
    for wanted, taken in (("6144", 6144), (typed, 8192 if typed == "20000000" else 4096)):
        number.fill(wanted)
        number.press("Enter")
        expect(tab.page.locator("#fit")).to_contain_text(f"{taken:,} tokens")
        expect(number).to_have_value(str(taken))
    assert not [status for status in failed if status >= 500]


def test_details_are_closed_and_stay_closed(server: Server, tabs: Tabs) -> None:
    tab = tabs.open(server.url)
    open_models(tab)
    details = tab.page.locator("#model-details")
    press(tab, "glm-4.6v-flash", "details")
    expect(details.locator("h2")).to_be_focused()
    tab.page.click('[data-do="close"]')
    expect(details).to_be_hidden()
    expect(tab.page.locator('[data-model="glm-4.6v-flash"][data-do="details"]')).to_be_focused()
    press(tab, "pico", "details")
    expect(details).to_be_visible()
    tab.page.click("#close-models")
    expect(tab.page.locator("#models-panel")).to_be_hidden()
    open_models(tab)
    expect(details).to_be_hidden()


def test_escape_closes_the_list_of_files_first(server: Server, tabs: Tabs) -> None:
    tab = tabs.open(server.url)
    open_models(tab)
    press(tab, "glm-4.6v-flash", "details")
    tab.page.click("#model-variant input")
    files = tab.page.locator("#models-panel [role=listbox]")
    expect(files).to_contain_text("Q8_0, ")
    tab.page.keyboard.press("Escape")
    expect(files).to_be_hidden()
    expect(tab.page.locator("#models-panel")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#models-panel")).to_be_hidden()


def test_a_download_that_began_elsewhere_appears(server: Server, tabs: Tabs) -> None:
    """The panel is open, and another process downloads: no button offers the same once more."""
    tab = tabs.open(server.url)
    open_models(tab)
    item = Item(
        id=ID, name="Pico clone", source="hf", repository=REPOSITORY, quant="F16",
        files=(RemoteFile(path="pico-clone-F16.gguf", size=3_000_000),),
    )  # fmt: skip
    parts = server.models / ID / ".download"
    tickets.write(parts, Ticket(item=item, state="downloading"))
    with hold(parts):
        here = tab.page.locator(f'article[data-model="{ID}"]')
        expect(here).to_contain_text(text.STATES["elsewhere"])
        expect(here.locator("button")).to_have_text([text.DETAILS])
        press(tab, ID, "details")
        expect(tab.page.locator("#fit")).to_have_text(text.FIT_LATER)


def test_the_focus_stays_while_a_download_moves(server: Server, hub: HubServer, tabs: Tabs) -> None:
    hub.rate = 200_000
    tab = tabs.open(server.url)
    open_models(tab)
    field(tab, "model-address").fill(f"hf:{REPOSITORY}")
    tab.page.click("#add-model")
    here = tab.page.locator(f'article[data-model="{ID}"]')
    pause, line = here.locator('[data-do="pause"]'), here.locator(".facts[role=status]")
    expect(line).to_contain_text("Downloading")
    pause.focus()
    for _ in range(2):
        expect(line).not_to_have_text(line.inner_text())
        expect(pause).to_be_focused()
    press(tab, ID, "pause")
    expect(here.locator('[data-do="resume"]')).to_be_visible()
    expect(here.locator(":focus")).to_have_count(1)
    hub.rate = 0


def test_a_closed_panel_asks_for_nothing(server: Server, tabs: Tabs) -> None:
    """Its timer rests; what the page asks for then is for a test of seconds to show."""
    tab = tabs.open(server.url)
    open_models(tab)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.wait_for_event("request", timeout=10_000)
    tab.page.click("#close-models")
    expect(tab.page.locator("#models-panel")).to_be_hidden()
    asked.clear()
    tab.page.wait_for_timeout(3_000)
    assert asked == []


@pytest.mark.parametrize("width", [390, 768])
@pytest.mark.parametrize("sheet", ["models", "documents"])
def test_a_sheet_on_a_narrow_screen(server: Server, tabs: Tabs, width: int, sheet: str) -> None:
    """It lies over the page, the chats close, and it is a dialog with the focus."""
    tab = tabs.open(server.url)
    open_sheet(tab, sheet, width)
    panel = tab.page.get_by_role("dialog", name=sheet.capitalize())
    expect(panel).to_be_focused()
    expect(tab.page.locator("#sidebar.open")).to_have_count(0)
    close = tab.page.locator(f"#close-{sheet}")
    close.click(trial=True)  # nothing lies over it
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    close.click()
    expect(panel).to_be_hidden()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_lies_over_the_list_of_files(server: Server, tabs: Tabs, width: int) -> None:
    tab = tabs.open(server.url)
    open_sheet(tab, "models", width)
    press(tab, "glm-4.6v-flash", "details")
    files, slider = (tab.page.locator(id) for id in ("#model-variant input", "#fit-context"))
    files.click(trial=True)
    own, other = files.bounding_box(), slider.bounding_box()
    assert own
    assert other
    below = other["y"] >= own["y"] + own["height"]
    beside = other["x"] >= own["x"] + own["width"]
    assert below if width <= 768 else beside


def test_what_stands_in_a_line(server: Server, tabs: Tabs) -> None:
    """Buttons of a card at one height; the heading, the cards and the details end at one edge."""
    tab = tabs.open(server.url)
    open_models(tab)
    press(tab, "glm-4.6v-flash", "details")
    expect(tab.page.locator("#model-details")).to_be_visible()
    tops, rights = tab.page.evaluate(
        """() => {
          const at = (selector, side) => [...document.querySelectorAll(selector)]
            .map((one) => Math.round(one.getBoundingClientRect()[side]));
          return [
            at('article[data-model="glm-4.6v-flash"] button', "top"),
            at("#close-models, #model-cards article, #model-details", "right"),
          ];
        }"""
    )
    assert len(tops) == 2
    assert len(set(tops)) == 1
    assert len(set(rights)) == 1
