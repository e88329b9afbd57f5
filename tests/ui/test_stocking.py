"""What the models panel does, and that only the owner may do it."""

import json
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from glmdesk import app as apps
from glmdesk import paths
from glmdesk.app import App
from glmdesk.engines.scripted import ScriptedEngine
from glmdesk.identity import OWNER, Identity
from glmdesk.library.hubs.tokens import Tokens
from glmdesk.settings import Settings
from glmdesk.supply import Supply
from glmdesk.ui import text
from glmdesk.ui.panels.shelf import LOOK_S
from glmdesk.ui.stocking import ShelfPage
from tests.hub.server import HubServer
from tests.supply import stock
from tests.supply.stock import SupplyOf

VISITOR = Identity(name="visitor", kind="visitor")
ASKED: Any = SimpleNamespace(session_hash="a")
SHOWN, CLOSER = 4, 8
"""Components of `Shelf.shown` and of `Shelf.closer`."""


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        stock.publish(server)
        yield server


@pytest.fixture
def app(tmp_path: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    person = tmp_path / "person"
    monkeypatch.setenv("HOME", str(person))

    def supply(settings: Settings, *, resume: bool = True) -> Supply:
        return SupplyOf(settings, stock.environment(hub, person))

    monkeypatch.setattr(apps, "Supply", supply)
    settings = Settings(paths=paths.find(tmp_path / "home"))
    made = App(settings, load=lambda model, progress: ScriptedEngine())
    yield made
    made.close()


@pytest.fixture
def page(app: App) -> ShelfPage:
    return ShelfPage(app, lambda request: OWNER)


def action(do: str, model: str) -> str:
    return json.dumps({"do": do, "model": model})


def is_quick(timer: gr.Timer) -> bool:
    """Something moves; it never rests altogether while the panel is open."""
    assert timer.active
    return bool(timer.value == LOOK_S)


def look_until(page: ShelfPage, wanted: Callable[[list[Any]], bool]) -> list[Any]:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        shown = page.look(ASKED)
        if wanted(shown):
            return shown
        time.sleep(0.05)
    pytest.fail(f"never shown: {page.look(ASKED)[:2]}")


def installed(cards: str, id: str) -> bool:
    return f'data-do="use" data-model="{id}"' in cards


CALLS: dict[str, Callable[[ShelfPage], object]] = {
    "open": lambda page: page.open(ASKED),
    "look": lambda page: page.look(ASKED),
    "act": lambda page: page.act(action("remove", stock.ID), ASKED),
    "add": lambda page: page.add(stock.NAME, ASKED),
    "keep_token": lambda page: page.keep_token("hf_mine", ASKED),
    "used": lambda page: page.used(action("use", "pico"), ASKED),
    "choose": lambda page: page.choose(action("details", "pico"), ASKED),
    "fit": lambda page: page.fit("pico", "", 4096, ASKED),
    "pull_variant": lambda page: page.pull_variant("glm-4.6v-flash", "Q4_K_M", ASKED),
}


def test_every_handler_is_in_this_table() -> None:
    handlers = {name for name in vars(ShelfPage) if not name.startswith("_")}
    assert handlers == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_visitor_is_refused(app: App, hub: HubServer, name: str) -> None:
    app.supply.pull_now(stock.NAME, lambda progress: None)
    asked = len(hub.requests)
    with pytest.raises(gr.Error, match=text.OWNER_ONLY):
        CALLS[name](ShelfPage(app, lambda request: VISITOR))
    assert app.supply.library.find(stock.ID)
    assert len(hub.requests) == asked
    assert app.supply.downloads.list() == ()
    assert app.supply.tokens.where() == ""


@pytest.mark.parametrize("name", CALLS)
def test_the_owner_is_not(page: ShelfPage, name: str) -> None:
    CALLS[name](page)


def test_a_look(page: ShelfPage) -> None:
    cards, said, timer, _ = page.look(ASKED)
    assert installed(cards, "pico")
    assert 'data-do="pull" data-model="glm-4.6v-flash"' in cards
    assert (said, is_quick(timer)) == ("", False)
    opened = page.open(ASKED)
    assert len(opened) == 1 + SHOWN
    assert opened[0].visible
    assert not opened[-1].visible


def test_download_and_remove(page: ShelfPage, app: App) -> None:
    shown = page.act(action("pull", "glm-4.6v-flash"), ASKED)
    assert len(shown) == SHOWN
    assert is_quick(shown[2])
    cards, _, timer, _ = look_until(page, lambda shown: installed(shown[0], "glm-4.6v-flash"))
    assert not is_quick(timer)
    cards, said, *_ = page.act(action("remove", "glm-4.6v-flash"), ASKED)
    assert "glm-4.6v-flash was removed; that freed 4.7 MB." in said
    assert not installed(cards, "glm-4.6v-flash")


def test_pause_resume_and_cancel(page: ShelfPage, hub: HubServer, app: App) -> None:
    hub.rate, hub.send_buffer = 500_000, 64 * 1024
    page.add(f"  {stock.NAME} ", ASKED)
    page.act(action("pause", stock.ID), ASKED)
    cards, _, timer, _ = look_until(page, lambda shown: 'data-do="resume"' in shown[0])
    assert not is_quick(timer)
    page.act(action("resume", stock.ID), ASKED)
    assert 'data-do="pause"' in page.look(ASKED)[0]
    page.act(action("cancel", stock.ID), ASKED)
    look_until(page, lambda shown: stock.ID not in shown[0])
    assert not (app.supply.settings.paths.models / stock.ID).exists()


def test_a_model_that_is_loaded_is_not_removed(page: ShelfPage, app: App) -> None:
    app.supply.pull_now(stock.NAME, lambda progress: None)
    app.warm(stock.ID)
    end = time.monotonic() + 5
    while app.pool.status.state != "ready" and time.monotonic() < end:
        time.sleep(0.01)
    cards, said, *_ = page.act(action("remove", stock.ID), ASKED)
    assert "is loaded. Nothing was removed." in said
    assert installed(cards, stock.ID)


def test_a_check_says_what_it_found(page: ShelfPage, app: App) -> None:
    path = app.supply.pull_now(stock.NAME, lambda progress: None)
    page.act(action("verify", stock.ID), ASKED)
    _, said, *_ = look_until(page, lambda shown: not is_quick(shown[2]))
    assert f"{stock.ID} is as it was downloaded, byte for byte." in said
    data = bytearray(path.read_bytes())
    data[1_000_000] ^= 1
    path.write_bytes(data)
    page.act(action("verify", stock.ID), ASKED)
    _, said, *_ = look_until(page, lambda shown: not is_quick(shown[2]))
    assert "is damaged: small-F16.gguf" in said


@pytest.mark.parametrize(
    "asked", ["", "null", "[]", "{}", "no json", '{"do": "pull"}', '{"do": 1, "model": []}']
)
def test_what_is_no_action_does_nothing(page: ShelfPage, asked: str) -> None:
    cards, said, *_ = page.act(asked, ASKED)
    assert "pico" in cards
    assert said == ""
    assert page.used(asked, ASKED) == ""
    assert len(page.choose(asked, ASKED)) == CLOSER


@pytest.mark.parametrize(
    ("do", "model"),
    [
        ("pull", "<b>nothing</b>"), ("pull", "pico"), ("pause", "nothing"), ("resume", "nothing"),
        ("cancel", "nothing"), ("remove", "nothing"), ("remove", "pico"), ("remove", "../../etc"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(page: ShelfPage, do: str, model: str) -> None:
    cards, said, *_ = page.act(action(do, model), ASKED)
    assert said.startswith('<p role="alert" class="problem">')
    assert "<b>" not in said
    assert "pico" in cards
    assert stock.WEIGHTS.exists()


@pytest.mark.parametrize("address", ["", "   ", "hf:nobody", "hf:owner/Gone", "nothing"])
def test_an_address_that_leads_nowhere(page: ShelfPage, address: str) -> None:
    field, *shown = page.add(address, ASKED)
    assert field == gr.skip(), "it stays, to be mended"
    assert len(shown) == SHOWN
    assert shown[1]


def test_an_address_that_was_taken_leaves_its_field(page: ShelfPage) -> None:
    field, _, said, *_ = page.add(stock.NAME, ASKED)
    assert (field, said) == ("", "")


def test_the_button_that_chats(page: ShelfPage) -> None:
    assert page.used(action("use", "pico"), ASKED) == "pico"
    assert page.used(action("remove", "pico"), ASKED) == ""


def test_a_token_is_kept_and_not_shown(page: ShelfPage, app: App) -> None:
    field, said = page.keep_token(" hf_secret ", ASKED)
    assert field == ""
    assert "The token is kept in " in said
    assert "hf_secret" not in said
    assert app.supply.tokens.read() == "hf_secret"
    _, said = page.keep_token("two words", ASKED)
    assert "That is not an access token" in said
    assert app.supply.tokens.read() == "hf_secret"


def test_details_of_one_to_download(page: ShelfPage) -> None:
    shown = page.choose(action("details", "glm-4.6v-flash"), ASKED)
    assert len(shown) == CLOSER
    details, chosen, facts, variant, context, fit, pull, more = shown
    assert details.visible
    assert chosen == "glm-4.6v-flash"
    assert ">GLM-4.6V-Flash</h2>" in facts
    assert variant.visible
    assert variant.value == "Q4_K_M"
    assert [value for _, value in variant.choices][0] == "Q2_K_L"
    assert context.maximum == 131_072
    assert 4096 <= context.value <= context.maximum
    assert "pill" in fit
    assert text.ESTIMATE in fit
    assert pull.visible
    assert "Known problem: " in more


def test_details_of_one_that_is_here(page: ShelfPage) -> None:
    _, chosen, _, variant, context, fit, pull, more = page.choose(action("details", "pico"), ASKED)
    assert chosen == "pico"
    assert not variant.visible
    assert not pull.visible
    assert context.maximum == 8192
    assert text.ESTIMATE not in fit
    assert "Here: " in more


def test_another_size_of_one_that_is_here(page: ShelfPage, app: App, hub: HubServer) -> None:
    weights = bytearray(stock.WEIGHTS.read_bytes())
    weights[-1] ^= 1
    hub.add("unsloth/GLM-4.6V-Flash-GGUF", {
        "GLM-4.6V-Flash-Q5_K_M.gguf": bytes(weights), "mmproj-F16.gguf": stock.TOWER.read_bytes(),
    })  # fmt: skip
    app.supply.pull_now("glm-4.6v-flash", lambda progress: None)
    _, chosen, _, variant, _, fit, pull, _ = page.choose(action("details", "glm-4.6v-flash"), ASKED)
    assert (chosen, variant.value, variant.visible, pull.visible) == (
        "glm-4.6v-flash", "Q4_K_M", True, True,
    )  # fmt: skip
    assert text.ESTIMATE not in fit
    assert "is here already" in page.pull_variant(chosen, "Q4_K_M", ASKED)[1]
    assert page.pull_variant(chosen, "Q5_K_M", ASKED)[1] == ""
    cards, *_ = look_until(page, lambda shown: installed(shown[0], "glm-4.6v-flash-q5_k_m"))
    for name in ("GLM-4.6V-Flash Q4_K_M", "GLM-4.6V-Flash Q5_K_M"):
        assert f"<h3>{name}</h3>" in cards
    chosen = page.choose(action("details", "glm-4.6v-flash-q5_k_m"), ASKED)[1]
    assert "is here already" in page.pull_variant(chosen, "Q5_K_M", ASKED)[1]


def test_the_slider_moves_the_bar(page: ShelfPage) -> None:
    small = page.fit("glm-4.6v-flash", "Q4_K_M", 4096, ASKED)
    large = page.fit("glm-4.6v-flash", "Q4_K_M", 65_536, ASKED)
    assert "4,096 tokens" in small
    assert "65,536 tokens" in large
    assert 'class="memory"' in small
    assert page.fit("nothing", None, 4096, ASKED) == f"<p>{text.UNKNOWN_FIT}</p>"


def test_another_size_is_downloaded(page: ShelfPage, app: App) -> None:
    shown = page.pull_variant("glm-4.6v-flash", "Q4_K_M", ASKED)
    assert len(shown) == SHOWN
    look_until(page, lambda shown: installed(shown[0], "glm-4.6v-flash"))
    _, said, *_ = page.pull_variant("glm-4.6v-flash", None, ASKED)
    assert "is here already" in said


def test_a_failed_download_says_why(page: ShelfPage, hub: HubServer, app: App) -> None:
    hub.gate(stock.REPOSITORY, "hf_other")
    page.add(stock.NAME, ASKED)
    look_until(page, lambda shown: 'data-do="resume"' in shown[0])
    (status,) = app.supply.downloads.list()
    assert status.state == "failed"
    assert status.message
    assert "token" in page.look(ASKED)[0]


def test_a_download_that_cannot_work_is_not_offered_first(page: ShelfPage, hub: HubServer) -> None:
    hub.add("owner/Other-GGUF", {"other-F16.gguf": b"no model" * 1000})
    page.add("hf:owner/Other-GGUF", ASKED)
    cards, *_ = look_until(page, lambda shown: text.TRY_AGAIN in shown[0])
    assert "is no GGUF model file" in cards
    assert text.RESUME not in cards
    cards, *_ = page.act(action("cancel", "other-f16"), ASKED)
    assert "other-f16" not in cards


def test_what_was_said_stays_until_the_next_action(page: ShelfPage) -> None:
    _, said, *_ = page.act(action("remove", "pico"), ASKED)
    assert said
    assert page.look(ASKED)[1] == said
    assert page.act(action("details", "pico"), ASKED)[1] == ""
    page.act(action("remove", "pico"), ASKED)
    assert page.open(ASKED)[2] == "", "an old message is no news"


def test_details_do_not_forget_a_check(page: ShelfPage, app: App) -> None:
    app.supply.pull_now(stock.NAME, lambda progress: None)
    page.act(action("verify", stock.ID), ASKED)
    look_until(page, lambda shown: not is_quick(shown[2]))
    assert "byte for byte" in page.act(action("details", stock.ID), ASKED)[1]


def test_a_kept_token_is_removed(page: ShelfPage, app: App) -> None:
    assert text.TOKEN_NONE in page.act(action("forget", ""), ASKED)[1]
    page.keep_token("hf_mine", ASKED)
    assert text.TOKEN_GONE in page.act(action("forget", ""), ASKED)[1]
    assert app.supply.tokens.where() == ""


def test_the_token_of_the_environment_is_not_removed(page: ShelfPage, app: App) -> None:
    app.supply.tokens = Tokens({"HF_TOKEN": "hf_set"}, app.settings.paths.home / "hf_token")
    page.keep_token("hf_mine", ASKED)
    assert text.TOKEN_SET in page.act(action("forget", ""), ASKED)[1]
    assert not (app.settings.paths.home / "hf_token").exists()
    assert app.supply.tokens.read() == "hf_set"


class Stubborn:
    """A keyring that cannot be changed any more."""

    def get_password(self, service: str, name: str) -> str | None:
        return "hf_mine"

    def set_password(self, service: str, name: str, password: str) -> None:
        raise RuntimeError

    def delete_password(self, service: str, name: str) -> None:
        raise RuntimeError


def test_a_token_that_stays_in_the_keyring_is_told(page: ShelfPage, app: App) -> None:
    app.supply.tokens = Tokens({}, app.settings.paths.home / "hf_token", Stubborn())
    _, said, *_ = page.act(action("forget", ""), ASKED)
    assert text.TOKEN_STAYS in unescape(said)
    assert 'role="alert"' in said


def test_details_are_closed(page: ShelfPage) -> None:
    details, *others = page.choose(action("close", ""), ASKED)
    assert not details.visible
    assert others == [gr.skip()] * (CLOSER - 1)


def test_details_of_one_on_its_way(page: ShelfPage, hub: HubServer) -> None:
    """No card knows it, and its header has not come."""
    hub.rate = 200_000
    page.add(stock.NAME, ASKED)
    shown = page.choose(action("details", stock.ID), ASKED)
    details, chosen, facts, variant, context, fit, pull, more = shown
    assert details.visible
    assert '<h2 tabindex="-1">Small F16</h2>' in facts
    assert chosen == ""
    assert not any(one.visible for one in (variant, context, pull))
    assert text.FIT_LATER in fit
    assert "hf:owner/Small-GGUF" in more
    assert "mmproj-small-F16.gguf, " in more
    page.act(action("cancel", stock.ID), ASKED)


def test_details_of_what_is_gone_say_so(page: ShelfPage) -> None:
    details, _, facts, _, _, fit, *_ = page.choose(action("details", "<b>gone</b>"), ASKED)
    assert details.visible
    assert 'class="problem"' in fit
    assert "<b>" not in facts + fit


def test_the_files_to_choose_from(page: ShelfPage, app: App) -> None:
    app.supply.pull_now("glm-4.6v-flash", lambda progress: None)
    _, _, _, variant, _, fit, *_ = page.choose(action("details", "glm-4.6v-flash"), ASKED)
    words = {value: words for words, value in variant.choices}
    assert words["Q4_K_M"] == f"Q4_K_M, {text.IS_HERE}"
    assert words["Q8_0"].startswith("Q8_0, ")
    assert words["Q8_0"].endswith(" GB")
    assert text.FILE_IS_HERE in fit
    assert text.FILE_IS_HERE in page.fit("glm-4.6v-flash", "Q4_K_M", 4096, ASKED)
    assert text.FILE_IS_HERE not in page.fit("glm-4.6v-flash", "Q8_0", 4096, ASKED)


def test_the_slider_ends_where_the_model_does(page: ShelfPage) -> None:
    def ends(model: str) -> int:
        return int(page.choose(action("details", model), ASKED)[4].maximum)

    assert ends("pico") == 8192
    assert ends("glm-4.7") == 202_752
