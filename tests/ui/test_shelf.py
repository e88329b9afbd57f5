"""The models panel as HTML: what is here first, the right buttons, and no name becomes markup."""

import re
from typing import get_args

import pytest

from glmdesk.library.transfers.progress import Progress, State
from glmdesk.supply import Row
from glmdesk.ui import shelf, text
from glmdesk.ui.shelf import Part
from tests.ui.markup import Markup

HOSTILE = '<img src=x onerror="alert(1)">\'"&</article><script>alert(2)</script>'
GB = 10**9


def buttons(row: Row) -> list[str]:
    return [one["data-do"] for one in Markup(shelf.draw([row], "")).buttons]


def coming(state: State, note: str = "", variant: str = "") -> Row:
    progress = Progress(
        done=GB, total=4 * GB, state=state, bytes_per_s=2e8, seconds_left=15, note=note
    )
    return Row(id="m", name="M", variant=variant, progress=progress)


def test_what_is_here_comes_first() -> None:
    rows = [
        Row(id="far", name="Far", variant="Q4"), Row(id="near", name="Near", installed=True),
        coming("downloading"),
    ]  # fmt: skip
    html = shelf.draw(rows, "2 cores")
    models = re.findall(r'<article class="model" data-model="(\w+)"', html)
    assert models == ["near", "m", "far"]
    assert html.index(text.HERE) < html.index(text.OFFERED)
    assert '<p class="machine">2 cores</p>' in html


def test_a_heading_only_where_something_is() -> None:
    html = shelf.draw([Row(id="far", name="Far")], "")
    assert text.HERE not in html
    assert text.OFFERED in html


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (Row(id="m", name="M", variant="Q4", size=7 * GB), ["pull", "details"]),
        (Row(id="m", name="M"), ["details"]),
        (Row(id="m", name="M", installed=True), ["use", "details"]),
        (
            Row(id="m", name="M", installed=True, removable=True),
            ["use", "verify", "remove", "details"],
        ),
        (
            Row(id="m", name="M", installed=True, removable=True, problem="It is cut short."),
            ["verify", "remove", "details"],
        ),
        (coming("waiting"), ["pause", "cancel", "details"]),
        (coming("checking"), ["pause", "cancel", "details"]),
        (coming("downloading"), ["pause", "cancel", "details"]),
        (coming("verifying"), ["pause", "cancel", "details"]),
        (coming("paused"), ["resume", "cancel", "details"]),
        (coming("failed"), ["resume", "cancel", "details"]),
        (coming("elsewhere"), ["details"]),
        (coming("elsewhere", variant="Q4_K_M"), ["details"]),
    ],
)
def test_the_buttons(row: Row, wanted: list[str]) -> None:
    assert buttons(row) == wanted


def test_what_would_only_stop_again_is_not_offered_first() -> None:
    page = Markup(shelf.draw([coming("failed", "It is no model.")], "", {"m"}))
    found = [(one["data-do"], one["class"]) for one in page.buttons]
    assert found == [("cancel", "plain"), ("resume", "plain"), ("details", "plain")]
    assert text.TRY_AGAIN in page.words
    assert text.GIVE_UP in page.words


@pytest.mark.parametrize("state", ["failed", "paused"])
def test_why_it_stopped_is_marked(state: State) -> None:
    html = shelf.draw([coming(state, "The disk is full.")], "")
    assert html.count("The disk is full.") == 1
    assert '<p class="problem">The disk is full.</p>' in html
    waiting = shelf.draw([coming("downloading", "The hub is busy.")], "")
    assert 'class="problem"' not in waiting
    assert "The hub is busy." in waiting


def test_every_state_has_a_word() -> None:
    assert set(text.STATES) == set(get_args(State))


def test_what_does_not_fit_is_not_the_first_thing_to_press() -> None:
    def kind(tone: str) -> str:
        row = Row(id="m", name="M", variant="Q4", size=7 * GB, tone=tone, verdict="v")
        return Markup(shelf.draw([row], "")).buttons[0]["class"]

    assert (kind("gpu"), kind("lacks")) == ("primary", "plain")


def test_what_cannot_be_undone_is_asked_first() -> None:
    row = Row(id="m", name="M", installed=True, removable=True, size=7 * GB)
    page = Markup(shelf.draw([row], ""))
    asks = {one["data-do"]: one.get("data-ask", "") for one in page.buttons}
    assert asks == {
        "use": "", "verify": "", "remove": text.SURE["remove"].format(name="M"), "details": "",
    }  # fmt: skip
    assert "Remove, frees 7.0 GB" in page.words


@pytest.mark.parametrize("tone", ["gpu", "experts", "cpu", "slow", "lacks", ""])
def test_the_pill(tone: str) -> None:
    html = shelf.draw([Row(id="m", name="M", verdict="so so", tone=tone)], "")
    assert f'<span class="pill {shelf.TONES[tone]}">so so</span>' in html
    assert 'class="pill' not in shelf.draw([Row(id="m", name="M")], "")


def test_no_name_becomes_markup() -> None:
    progress = Progress(done=1, total=2, state="failed", note=HOSTILE)
    hostile = Row(
        id=HOSTILE, name=HOSTILE, variant=HOSTILE, summary=HOSTILE, facts=(HOSTILE,),
        source=HOSTILE, problem=HOSTILE, verdict=HOSTILE, sentence=HOSTILE, progress=progress,
    )  # fmt: skip
    installed = Row(
        id=HOSTILE, name=HOSTILE, installed=True, removable=True, size=1, verdict=HOSTILE
    )
    html = shelf.draw([hostile, installed], HOSTILE, {HOSTILE})
    html += shelf.memory_bar([Part(name=HOSTILE, size=3)], 9)
    page = Markup(html)
    assert not {"img", "script"} & set(page.tags)
    assert page.tags.count("article") == 2
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert {value for name, value in page.attributes if name == "data-model"} == {HOSTILE}
    assert HOSTILE in page.words


def test_the_size_of_what_is_here() -> None:
    row = Row(id="m", name="M", variant="Q8_0", installed=True, size=9 * GB, facts=("9.0B",))
    assert '<p class="facts">Q8_0 · 9.0 GB · 9.0B</p>' in shelf.draw([row], "")


def test_what_waits_in_another_glmdesk() -> None:
    row = coming("elsewhere", note="It waits there")
    assert shelf.progress_line(row.progress or Progress(done=0, total=0)) == "It waits there."
    assert text.STATES["elsewhere"] in Markup(shelf.draw([coming("elsewhere")], "")).words


def test_a_bar_of_progress() -> None:
    html = shelf.draw([coming("downloading")], "")
    assert 'aria-valuenow="25"' in html
    assert 'style="width:25.0%"' in html
    assert "Downloading, 1.0 GB of 4.0 GB, 200 MB/s, 15 s left" in html


def test_a_line_of_progress() -> None:
    def line(state: State, note: str = "") -> str:
        progress = coming(state, note).progress
        assert progress
        return shelf.progress_line(progress)

    assert line("paused") == "Paused, 1.0 GB of 4.0 GB"
    assert line("failed", "It is gated.") == "Stopped, 1.0 GB of 4.0 GB. It is gated."
    assert line("elsewhere").startswith("Another glmdesk is downloading it, 1.0 GB")
    assert shelf.progress_line(Progress(done=0, total=0, state="waiting")) == "Waiting"


def test_a_download_of_unknown_size_has_an_empty_bar() -> None:
    row = Row(id="m", name="M", progress=Progress(done=0, total=0))
    assert 'style="width:0.0%"' in shelf.draw([row], "")


def test_the_memory_bar() -> None:
    parts = [Part(name="weights", size=6 * GB), Part(name="cache", size=0)]
    html = shelf.memory_bar([*parts, Part(name="free", size=2 * GB)], 8 * GB)
    assert [float(width) for width in re.findall(r"width:([\d.]+)%", html)] == [75.0, 25.0]
    assert "weights: 6.0 GB" in html
    assert "cache" not in html
    assert "<li" in html


def test_the_memory_bar_of_what_does_not_fit_is_full() -> None:
    html = shelf.memory_bar([Part(name="weights", size=12), Part(name="cache", size=4)], 8)
    assert [float(width) for width in re.findall(r"width:([\d.]+)%", html)] == [75.0, 25.0]
    assert shelf.memory_bar([], 0)
