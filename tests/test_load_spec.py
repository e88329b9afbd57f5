"""How a model is loaded: the settings come first, then its card, then what is usual."""

from pathlib import Path
from typing import Any

import pytest

from glmdesk.app import load_spec
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.library.cards.catalogue import Card
from glmdesk.library.local.installed import Installed
from glmdesk.paths import find
from glmdesk.settings import Settings


def spec(card: dict[str, Any] | None = None, **settings: Any) -> LoadSpec:
    own = Card(id="x", name="X", **card) if card is not None else None
    model = Installed(id="x", name="X", model=Path("x.gguf"), card=own, notice="An old file.")
    return load_spec(model, Settings(paths=find(Path("home")), **settings))


def test_what_is_usual() -> None:
    usual = LoadSpec(
        id="x", name="X", model=Path("x.gguf"), sampling=Card(id="", name="").sampling,
        notice="An old file.",
    )  # fmt: skip
    assert spec() == spec({}) == usual
    assert usual.n_slots == 4


@pytest.mark.parametrize(
    ("key", "of_card", "of_settings"),
    [
        ("n_ctx", 32768, 4096),
        ("n_threads", 1, 2),
        ("n_slots", 2, 1),
        ("n_cpu_moe", -1, 10),
        ("flash_attn", "off", "on"),
        ("cache_type_k", "q8_0", "f32"),
        ("cache_type_v", "q8_0", "bf16"),
    ],
)
def test_settings_before_the_card(key: str, of_card: Any, of_settings: Any) -> None:
    assert getattr(spec({key: of_card}), key) == of_card
    assert getattr(spec({key: of_card}, **{key: of_settings}), key) == of_settings
    assert getattr(spec(None, **{key: of_settings}), key) == of_settings


@pytest.mark.parametrize(("card", "settings"), [(True, False), (False, True), (True, True)])
def test_guessing_ahead_is_asked_for_once(card: bool, settings: bool) -> None:
    assert spec({"mtp": card}, mtp=settings).mtp


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("devices", ("CUDA0",)),
        ("tensor_split", (1.0, 2.0)),
        ("mmproj_offload", False),
        ("load_mode", "none"),
        ("n_gpu_layers", 12),
    ],
)
def test_what_only_the_settings_know(key: str, value: Any) -> None:
    assert getattr(spec({}, **{key: value}), key) == value


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_tokens", 16384), ("image_max_tokens", 9), ("image_ceiling_tokens", 12), ("exact", True)],
)
def test_what_only_the_card_knows(key: str, value: Any) -> None:
    assert getattr(spec({key: value}), key) == value


def test_both_notices() -> None:
    assert spec({"notice": "A tiny model."}).notice == "A tiny model. An old file."
