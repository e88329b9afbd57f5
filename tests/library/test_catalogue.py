"""The catalogue that is shipped, and what is said of one that is wrong."""

from pathlib import Path

import pytest

from glmdesk.errors import SettingsError
from glmdesk.library import catalogue
from glmdesk.library.catalogue import Card, match
from glmdesk.paths import shipped
from glmdesk.sampling import Sampling

GOOD = 'id = "x"\nname = "X"\n'


def test_the_shipped_catalogue() -> None:
    cards = catalogue.read(shipped("models"))
    assert [card.id for card in cards] == sorted(card.id for card in cards)
    pico = next(card for card in cards if card.id == "pico")
    assert pico.builtin
    assert pico.sampling.temperature == 0
    assert 0 < pico.image_min_tokens <= pico.image_max_tokens
    assert all((shipped("models") / name).is_file() for name in pico.files.values())
    assert [card.id for card in cards if card.builtin] == ["pico"]


def test_a_whole_card(tmp_path: Path) -> None:
    text = GOOD + "[vision]\nimage_max_tokens = 9\n[sampling]\ntemperature = 1\nseed = 3\n"
    (tmp_path / "x.toml").write_text(text)
    (tmp_path / "notes.txt").write_text("no card")
    assert catalogue.read(tmp_path) == [
        Card(id="x", name="X", image_max_tokens=9, sampling=Sampling(temperature=1, seed=3))
    ]


def test_no_folder(tmp_path: Path) -> None:
    assert catalogue.read(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('name = "X"', "id"),
        ('id = "x"', "name"),
        ('id = 7\nname = "X"', "id must be str"),
        ("id =", "Invalid value"),
        (GOOD + "colour = 1", "colour"),
        (GOOD + "builtin = 1", "builtin must be bool"),
        (GOOD + "builtin = true", "files.model is missing"),
        (GOOD + 'vision = "yes"', "mapping"),
        (GOOD + 'id = "y"', "overwrite"),
        (GOOD + "[vision]\nimage_max_tokens = 1.5", "image_max_tokens must be int"),
        (GOOD + "[vision]\nimage_max_tokens = true", "image_max_tokens must be int"),
        (GOOD + '[vision]\nname = "Y"', "name"),
        (GOOD + "[vision]\ndepth = 1", "depth"),
        (GOOD + '[sampling]\ntemperature = "hot"', "temperature must be float or int"),
        (GOOD + "[sampling]\ntop_k = 1.5", "top_k must be int"),
        (GOOD + '[sampling]\nseed = "x"', "seed must be int"),
        (GOOD + "[sampling]\ntop_q = 1", "top_q"),
        (GOOD + 'files = "x.gguf"', "files must be dict"),
        (GOOD + "[files]\nmodel = 3", "files.model must be str"),
        (b"id = '\xff'", "utf-8"),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, key: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        catalogue.read(tmp_path)
    assert "odd.toml" in caught.value.message
    assert key in caught.value.message


CARDS = [
    Card(id=name, name=name) for name in ("glm-4.5-air", "glm-4.6v", "glm-4.6v-flash", "glm-4.7-flash")
] + [Card(id="pico", name="pico", builtin=True, files={"model": "m"})]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GLM-4.6V-Flash-Q4_K_M", "glm-4.6v-flash"),
        ("zai-org_GLM-4.6V-Flash-UD-Q4_K_XL", "glm-4.6v-flash"),
        ("GLM-4.6V-Q4_K_M", "glm-4.6v"),
        ("GLM-4.5-Air-Q4_K_M-00001-of-00002", "glm-4.5-air"),
        ("glm4.7_flash", "glm-4.7-flash"),
        ("GLM-4.6-Q4_K_M", None),
        ("picollm", None),
        ("", None),
    ],
)
def test_which_card_a_name_belongs_to(name: str, expected: str | None) -> None:
    found = match(CARDS, name)
    assert (found.id if found else None) == expected
