"""A name leads to one thing: what is here, a size of the catalogue, or a repository."""

from dataclasses import replace
from typing import Any

import pytest

from glmdesk import paths
from glmdesk.errors import UsageError
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Card, Variant
from glmdesk.library.local.installed import Installed
from glmdesk.supply.choice import choose, choose_to_get
from tests.supply import stock

CARDS = catalogue.read(paths.shipped("models"))
TWO = Card(
    id="two",
    name="Two",
    variants=(
        Variant(id="Q4_K_M", repository="o/two", size=4, default=True),
        Variant(id="Q8_0", repository="o/two", size=8),
    ),
)
HERE = Installed(id="mine", name="My Own", model=stock.WEIGHTS, size=99)


def test_a_model_of_the_catalogue_by_id_and_by_name() -> None:
    for name in ("two", "TWO", " Two "):
        choice = choose(name, [TWO], [])
        assert (choice.id, choice.label, choice.size) == ("two", "Q4_K_M", 4)
        assert choice.card is TWO
        assert choice.installed is None


def test_one_of_its_sizes() -> None:
    choice = choose("two:q8_0", [TWO], [])
    assert (choice.label, choice.size) == ("Q8_0", 8)


def test_a_size_that_there_is_not() -> None:
    with pytest.raises(UsageError, match=r"Two has no file 'Q2_K'. There is: Q4_K_M, Q8_0."):
        choose("two:Q2_K", [TWO], [])


def test_what_is_here_comes_first() -> None:
    here = Installed(id="two", name="Two", model=stock.WEIGHTS, card=TWO, size=5)
    choice = choose("two", [TWO], [here])
    assert choice.installed is here
    assert (choice.card, choice.size, choice.label) == (TWO, 5, "")


def test_another_size_of_what_is_here() -> None:
    here = Installed(id="two", name="Two", model=stock.WEIGHTS, card=TWO, size=5)
    choice = choose("two:Q8_0", [TWO], [here])
    assert (choice.installed, choice.label) == (None, "Q8_0")


def here_as(quant: str, **values: Any) -> Installed:
    made = Installed(id="two", name="Two", model=stock.WEIGHTS, card=TWO, quant=quant, size=5)
    return replace(made, **values)


def test_a_size_that_is_here() -> None:
    here = here_as("Q8_0")
    assert choose("two:q8_0", [TWO], [here]).installed is here
    assert choose("two:Q4_K_M", [TWO], [here]).installed is None
    assert choose("two", [TWO], [here]).label == "Q8_0"


def test_to_get_a_model_by_its_name_is_to_get_its_usual_size() -> None:
    large, usual = here_as("Q8_0"), here_as("Q4_K_M", id="two-q4_k_m", name="Two Q4_K_M")
    for name in ("two", "TWO"):
        choice = choose_to_get(name, [TWO], [large])
        assert (choice.installed, choice.label) == (None, "Q4_K_M")
        assert choose_to_get(name, [TWO], [large, usual]).installed is usual
    assert choose_to_get("two:Q8_0", [TWO], [large]).installed is large
    assert choose_to_get("two-q4_k_m", [TWO], [large, usual]).installed is usual
    assert choose_to_get("mine", [TWO], [HERE]).installed is HERE


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({"repository": "o/two"}, True),
        ({"repository": "other/two"}, False),
        ({"source": "models folder"}, True),
        ({"source": "LM Studio"}, False),
        ({"card": None}, False),
    ],
)
def test_what_is_the_same_size(values: dict[str, Any], same: bool) -> None:
    here = here_as("Q8_0", **values)
    assert (choose("two:Q8_0", [TWO], [here]).installed is here) == same


def test_without_its_projector_a_size_is_not_here() -> None:
    eyed = replace(TWO, variants=(replace(TWO.variants[0], mmproj_size=1),))
    blind = here_as("Q4_K_M", card=eyed)
    assert choose("two:Q4_K_M", [eyed], [blind]).installed is None
    seeing = replace(blind, mmproj=stock.TOWER)
    assert choose("two:Q4_K_M", [eyed], [seeing]).installed is seeing


def test_a_file_of_the_person() -> None:
    for name in ("mine", "MY OWN"):
        choice = choose(name, [TWO], [HERE])
        assert choice.installed is HERE
        assert (choice.card, choice.size) == (None, 99)


@pytest.mark.parametrize(
    ("name", "source", "repository", "select"),
    [
        ("hf:owner/Small-GGUF", "hf", "owner/Small-GGUF", ""),
        ("hf:owner/Small-GGUF:Q4_K_M", "hf", "owner/Small-GGUF", "Q4_K_M"),
        ("ms:owner/Small-GGUF:a.gguf", "ms", "owner/Small-GGUF", "a.gguf"),
        ("owner/Small-GGUF:Q8_0", "hf", "owner/Small-GGUF", "Q8_0"),
        ("https://huggingface.co/owner/Small-GGUF", "hf", "owner/Small-GGUF", ""),
    ],
)
def test_a_repository(name: str, source: str, repository: str, select: str) -> None:
    choice = choose(name, CARDS, [HERE])
    assert choice.reference
    assert (choice.reference.source, choice.reference.repository) == (source, repository)
    assert (choice.name, choice.label, choice.size) == ("Small-GGUF", select, 0)


@pytest.mark.parametrize("name", ["nothing", "", ":", "pico:Q4_K_M", "two\n:Q8_0", "a/b/c/d"])
def test_what_there_is_instead(name: str) -> None:
    with pytest.raises(UsageError, match=r"Known are .*glm-4.6v-flash.*hf:OWNER/REPOSITORY"):
        choose(name, CARDS, [])


@pytest.mark.parametrize("name", ["hf:owner", "hf:../..", "ms:a/b@", "hf:a/b:" + "x" * 5000])
def test_a_malformed_repository(name: str) -> None:
    with pytest.raises(UsageError):
        choose(name, CARDS, [])


def test_the_built_in_model_is_not_downloaded() -> None:
    pico = next(card for card in CARDS if card.id == "pico")
    here = Installed(id="pico", name="pico", model=stock.WEIGHTS, card=pico, size=3)
    assert choose("pico", CARDS, [here]).installed is here
    with pytest.raises(UsageError, match="There is no model 'pico'"):
        choose("pico", CARDS, [])


def test_what_has_lost_its_weights_is_fetched_again() -> None:
    lost = here_as("Q4_K_M", model=stock.WEIGHTS.with_name("gone.gguf"), problem="It is missing.")
    assert choose("two", [TWO], [lost]).installed is lost
    for name in ("two", "two:Q4_K_M"):
        choice = choose_to_get(name, [TWO], [lost])
        assert choice.installed is None
        assert choice.variant == TWO.variants[0]
    theirs = replace(lost, card=None)
    assert choose_to_get("two", [], [theirs]).installed is theirs
