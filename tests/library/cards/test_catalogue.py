"""The catalogue that is shipped, and what is said of one that is wrong."""

from pathlib import Path

import pytest

from glmdesk.errors import SettingsError
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.catalogue import Card, match
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


def test_how_a_card_wants_to_be_loaded(tmp_path: Path) -> None:
    text = GOOD + (
        "n_ctx = 32768\nmax_tokens = 9\nn_slots = 2\nn_cpu_moe = -1\nmtp = true\n"
        'flash_attn = "off"\ncache_type_k = "q8_0"\ncache_type_v = ""\n'
    )
    (tmp_path / "x.toml").write_text(text)
    assert catalogue.read(tmp_path) == [
        Card(
            id="x", name="X", n_ctx=32768, max_tokens=9, n_slots=2, n_cpu_moe=-1, mtp=True,
            flash_attn="off", cache_type_k="q8_0",
        )
    ]  # fmt: skip


def test_no_folder(tmp_path: Path) -> None:
    assert catalogue.read(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('name = "X"', "id is missing"),
        ('id = "x"', "name is missing"),
        ('id = 7\nname = "X"', "id must be str"),
        ("id =", "Invalid value"),
        (GOOD + "colour = 1", "colour is no key that is known here"),
        (GOOD + "builtin = 1", "builtin must be bool"),
        (GOOD + "builtin = true", "files.model is missing"),
        (GOOD + 'vision = "yes"', "vision must be a table"),
        (GOOD + 'id = "y"', "overwrite"),
        (GOOD + "[vision]\nimage_max_tokens = 1.5", "image_max_tokens must be int"),
        (GOOD + "[vision]\nimage_max_tokens = true", "image_max_tokens must be int"),
        (GOOD + '[vision]\nname = "Y"', "vision.name is no key"),
        (GOOD + "[vision]\ndepth = 1", "vision.depth is no key"),
        (GOOD + '[sampling]\ntemperature = "hot"', "temperature must be float or int"),
        (GOOD + "[sampling]\ntop_k = 1.5", "top_k must be int"),
        (GOOD + '[sampling]\nseed = "x"', "seed must be int"),
        (GOOD + "[sampling]\ntop_q = 1", "sampling.top_q is no key"),
        (GOOD + 'flash_attn = "yes"', "flash_attn must be one of auto, on, off, and is 'yes'"),
        (GOOD + "flash_attn = true", "flash_attn must be one of"),
        (GOOD + 'cache_type_k = "q3"', "cache_type_k must be one of f32, f16"),
        (GOOD + 'n_ctx = "8k"', "n_ctx must be int"),
        (GOOD + "mtp = 1", "mtp must be bool"),
        (GOOD + 'files = "x.gguf"', "files must be a table"),
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
    Card(id=name, name=name)
    for name in (
        "glm-4.5", "glm-4.5-air", "glm-4.5v", "glm-4.6v", "glm-4.6v-flash", "glm-4.7", "glm-4.7-flash",
    )
] + [Card(id="pico", name="pico", builtin=True, files={"model": "m"})]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GLM-4.6V-Flash-Q4_K_M", "glm-4.6v-flash"),
        ("zai-org_GLM-4.6V-Flash-UD-Q4_K_XL", "glm-4.6v-flash"),
        ("GLM-4.6V-Q4_K_M", "glm-4.6v"),
        ("GLM-4.5-Air-Q4_K_M-00001-of-00002", "glm-4.5-air"),
        ("GLM-4.5-Q4_K_M-00001-of-00005", "glm-4.5"),
        ("GLM-4.5V-Q4_K_M-00001-of-00002", "glm-4.5v"),
        ("GLM-4.7-UD-Q2_K_XL-00001-of-00003", "glm-4.7"),
        ("GLM-4.7-Flash-Q4_K", "glm-4.7-flash"),
        ("glm4.7_flash", "glm-4.7-flash"),
        ("GLM-4.6-Q4_K_M", None),
        ("picollm", None),
        ("", None),
    ],
)
def test_which_card_a_name_belongs_to(name: str, expected: str | None) -> None:
    found = match(CARDS, name)
    assert (found.id if found else None) == expected
