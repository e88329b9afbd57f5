"""What a list shows of each model: what is here, what is on its way, then what there is."""

from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk import paths
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Card, Problem, Published, Variant
from glmdesk.library.fitting import fit
from glmdesk.library.fitting.hardware import Machine
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.local.installed import Installed
from glmdesk.library.transfers.progress import Progress
from glmdesk.supply import rows
from glmdesk.supply.rows import Coming
from tests.supply.stock import GB

CARDS = catalogue.read(paths.shipped("models"))
FLASH = next(card for card in CARDS if card.id == "glm-4.6v-flash")
AIR = next(card for card in CARDS if card.id == "glm-4.5-air")
PICO = next(card for card in CARDS if card.id == "pico")
HERE = Installed(
    id="mine", name="Mine", model=Path("mine.gguf"), size=7, source="models folder", managed=True
)


def plan_of(card: Card, memory: int) -> fit.Plan:
    variant = card.variant()
    assert variant
    machine = Machine(memory_total=memory, memory_free=memory, cores=8)
    weights = Weights.from_card(card, variant)
    assert weights
    return fit.plan(weights, machine)


def test_the_order_and_the_built_in_one_is_not_offered() -> None:
    coming = {"Other-Q4": Coming(name="Other", progress=Progress(done=1, total=4))}
    shown = rows.rows([HERE], CARDS, coming, {})
    ids = [row.id for row in shown]
    assert ids[:3] == ["mine", "Other-Q4", "glm-4.6v-flash"]
    assert len(ids) == len(set(ids)) == 2 + len(CARDS) - 1
    assert "pico" not in ids
    sizes = [next(card.parameters for card in CARDS if card.id == id) for id in ids[3:]]
    assert sizes == sorted(sizes)


def test_what_does_not_fit_is_offered_last() -> None:
    plans = {AIR.id: plan_of(AIR, 8 * GB)}
    assert not plans[AIR.id].fits
    row = rows.rows([], CARDS, {}, plans)[-1]
    assert (row.id, row.tone) == (AIR.id, "lacks")
    assert row.verdict == plans[AIR.id].verdict
    assert row.sentence == plans[AIR.id].sentence


def test_a_model_that_is_here() -> None:
    (row, *_) = rows.rows([replace(HERE, problem="It is cut short.")], CARDS, {}, {})
    assert (row.installed, row.removable, row.size, row.source) == (True, True, 7, "models folder")
    assert (row.problem, row.verdict, row.tone, row.facts) == ("It is cut short.", "", "", ())
    (built_in, *_) = rows.rows([replace(HERE, id="pico", card=PICO, managed=False)], CARDS, {}, {})
    assert built_in.summary == PICO.good_for
    assert not built_in.removable


def test_one_of_the_catalogue_that_is_on_its_way() -> None:
    progress = Progress(done=1, total=4, state="paused")
    plans = {FLASH.id: plan_of(FLASH, 64 * GB)}
    coming = {FLASH.id: Coming(name=FLASH.name, quant="Q4_K_M", progress=progress)}
    shown = rows.rows([], CARDS, coming, plans)
    (row,) = [row for row in shown if row.id == FLASH.id]
    assert shown[0] is row
    assert (row.progress, row.size, row.installed) == (progress, 4, False)
    assert row.variant == "Q4_K_M"
    assert row.summary == FLASH.good_for
    assert row.verdict == plans[FLASH.id].verdict


def test_what_is_here_is_not_listed_again_while_it_comes() -> None:
    coming = {"mine": Coming(name="Mine", progress=Progress(done=0, total=9))}
    shown = rows.rows([HERE], [], coming, {})
    assert [(row.id, row.installed) for row in shown] == [("mine", True)]


def test_another_size_on_its_way_has_the_facts_of_its_card() -> None:
    one = Coming(name="GLM-4.6V-Flash Q8_0", quant="Q8_0", progress=Progress(done=0, total=9))
    shown = rows.rows([], CARDS, {"glm-4.6v-flash-q8_0": one}, {})
    assert (shown[0].variant, shown[0].summary) == ("Q8_0", FLASH.good_for)
    assert FLASH.id in [row.id for row in shown[1:]]


def test_the_size_of_what_is_here() -> None:
    (row, *_) = rows.rows([replace(HERE, quant="Q8_0")], [], {}, {})
    assert row.variant == "Q8_0"


def test_the_facts_of_a_card() -> None:
    (row,) = [row for row in rows.rows([], CARDS, {}, {}) if row.id == FLASH.id]
    assert row.facts == ("9.0B", "128K context", "pictures", "thinking", "MIT")
    assert (row.variant, row.size) == ("Q4_K_M", 7_146_633_568)
    (row,) = [row for row in rows.rows([], CARDS, {}, {}) if row.id == AIR.id]
    assert row.facts[0] == "106B, 12B active"
    assert "pictures" not in row.facts


def test_details_of_a_card() -> None:
    card = Card(
        id="c", name="C", summary="A model.", homepage="https://example.org/c",
        variants=(
            Variant(id="Q4_K_M", repository="o/c", size=6_000_000_000, confirmed=True, default=True),
            Variant(id="Q8_0", repository="o/c8", size=9_000_000_000, note="Large."),
        ),
        published=(Published(name="AIME", value="80 %", source="https://example.org/p"),),
        problems=(Problem(text="It loops.", cure="Penalise.", source="https://example.org/i"),),
    )  # fmt: skip
    plans = {"Q8_0": plan_of(AIR, 8 * GB)}
    text = "\n".join(rows.details(card, None, plans))
    assert "C: A model." in text
    assert "Q4_K_M       6.0 GB (the usual choice)\n" in text
    assert f"Q8_0         about 9.0 GB: {plans['Q8_0'].verdict}\n" in text
    assert "o/c8. Large." in text
    assert "AIME: 80 % (https://example.org/p)" in text
    assert "Known problem: It loops. Cure: Penalise. (https://example.org/i)" in text


def test_details_of_a_file() -> None:
    plan = plan_of(FLASH, 64 * GB)
    model = replace(HERE, mmproj=Path("mmproj.gguf"), notice="No template.", problem="Odd.")
    lines = rows.details(None, model, {"mine": plan})
    assert lines == [
        "Here: mine.gguf (0 kB, models folder)", "Projector: mmproj.gguf",
        f"On this machine: {plan.sentence}", "Odd.", "No template.",
    ]  # fmt: skip
    (line,) = rows.details(None, replace(HERE, source=""), {})
    assert line == "Here: mine.gguf (0 kB, a file)"


def test_no_line_of_details_is_empty() -> None:
    for card in CARDS:
        assert all(line.strip() for line in rows.details(card, None, {})), card.id


def test_memory_lines() -> None:
    (line,) = rows.memory_lines(plan_of(FLASH, 64 * GB))
    assert line.startswith("RAM: ")
    assert "weights" in line
    assert "cache" in line
    assert "0 kB" not in line


@pytest.mark.parametrize(
    ("parameters", "words"),
    [(2_300_000, "2M"), (901_000_000, "901M"), (9_000_000_000, "9.0B"), (355_000_000_000, "355B")],
)
def test_parameters_in_words(parameters: int, words: str) -> None:
    card = Card(id="c", name="C", parameters=parameters, active_parameters=parameters)
    (row,) = rows.rows([], [card], {}, {})
    assert row.facts == (words,)
