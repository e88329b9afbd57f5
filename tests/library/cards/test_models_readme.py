"""What models/README.md says of the models is what their cards say."""

from dataclasses import replace

import pytest

from glmdesk.library.cards import catalogue
from glmdesk.library.cards.catalogue import Card, Published, Variant
from tools.models_table import BEGIN, END, FOLDER, README, describe, written

CARDS = catalogue.read(FOLDER)


def test_it_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == written(text, CARDS), "Run python -m tools.models_table"


def test_a_changed_card_makes_it_stale() -> None:
    text = README.read_text(encoding="utf-8")
    changed = [replace(CARDS[0], context=CARDS[0].context + 1), *CARDS[1:]]
    assert text != written(text, changed)


def test_only_the_part_between_the_marks_is_written() -> None:
    text = written(f"head\n{BEGIN}\nstale words\n{END}\ntail\n", CARDS)
    assert text.startswith(f"head\n{BEGIN}\n")
    assert text.endswith(f"{END}\ntail\n")
    assert "stale words" not in text
    assert written(text, CARDS) == text


def test_every_model_has_a_row_and_the_default_is_first() -> None:
    rows = [line for line in describe(CARDS).splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(CARDS)
    assert "(the default)" in rows[0]
    assert rows[-1].startswith("| pico ")


@pytest.mark.parametrize(
    ("fields", "cell"),
    [
        ({"parameters": 9_000_000_000, "active_parameters": 9_000_000_000}, "| 9B |"),
        ({"parameters": 106_000_000_000, "active_parameters": 12_000_000_000}, "| 106B (12B) |"),
        ({"parameters": 2_300_000, "active_parameters": 2_300_000}, "| 2.3M |"),
        ({"context": 131072}, "| 131,072 |"),
        ({"modalities": ("text", "pictures")}, "| yes |"),
        ({"thinking": ("on", "off")}, "| on, off |"),
        ({"name": "a|b"}, "| a\\|b |"),
        ({"licence": "MIT"}, "| MIT |"),
        ({"published": (Published(name="N", value="7", source="https://x.y/z"),)}, "X: N: 7 ("),
    ],
)
def test_a_cell(fields: dict[str, object], cell: str) -> None:
    card = replace(Card(id="x", name="X"), **fields)  # type: ignore[arg-type]
    assert cell in describe([card])


@pytest.mark.parametrize(
    ("confirmed", "default", "text"),
    [
        (True, True, "**Q4 7.15 GB**"),
        (True, False, "Q4 7.15 GB"),
        (False, False, "Q4 about 7.15 GB"),
    ],
)
def test_a_size_says_whether_it_is_exact(confirmed: bool, default: bool, text: str) -> None:
    variant = Variant(
        id="Q4", repository="a/b", size=7_146_633_568, confirmed=confirmed, default=default
    )
    assert f"| {text} |" in describe([Card(id="x", name="X", variants=(variant,))])
