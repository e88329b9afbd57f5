"""The cards that are shipped: whole, believable, and of use."""

import tomllib
from pathlib import Path

import pytest

from glmdesk.library.cards import catalogue
from glmdesk.library.cards.catalogue import Card, RemoteFile, Variant, match
from glmdesk.library.gguf import preflight
from glmdesk.paths import shipped
from glmdesk.sampling import Sampling

CARDS = {card.id: card for card in catalogue.read(shipped("models"))}
GLM = [card for card in CARDS.values() if not card.builtin]


def test_every_model_is_there() -> None:
    assert list(CARDS) == [
        "glm-4.1v-9b-thinking", "glm-4.5", "glm-4.5-air", "glm-4.5v", "glm-4.6", "glm-4.6v",
        "glm-4.6v-flash", "glm-4.7", "glm-4.7-flash", "glm-ocr", "pico",
    ]  # fmt: skip
    assert [card.id for card in GLM if card.default] == ["glm-4.6v-flash"]
    assert sorted(card.id for card in GLM if card.size_class == "workstation") == [
        "glm-4.5", "glm-4.6", "glm-4.7",
    ]  # fmt: skip


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_is_whole(card: Card) -> None:
    assert card.shape
    assert all(
        (card.summary, card.good_for, card.family, card.size_class, card.parameters, card.context)
    )
    assert card.licence
    assert "text" in card.modalities
    assert card.shape.n_ctx_train == card.context
    assert card.sees == bool(card.image_max_tokens)


@pytest.mark.parametrize("card", GLM, ids=lambda card: card.id)
def test_a_model_can_be_fetched_and_is_found_by_its_name(card: Card) -> None:
    default = card.variant()
    assert default
    assert default.default
    assert default.weights_size > card.parameters // 4
    assert card.homepage == f"https://huggingface.co/zai-org/{card.name}"
    assert card.max_tokens
    assert card.sampling != Sampling()
    for variant in card.variants:
        assert card.variant(variant.id.lower()) == variant
        assert match(GLM, variant.repository) == card
        for file in variant.files:
            assert match(GLM, file.name) == card


@pytest.mark.parametrize(
    ("id", "bytes_a_token"),
    [
        ("glm-4.6v-flash", 40_960),
        ("glm-4.5-air", 188_416),
        ("glm-4.5v", 188_416),
        ("glm-4.6v", 188_416),
        ("glm-4.7", 376_832),
        ("glm-4.7-flash", 54_144),
    ],
)
def test_the_cache_has_the_published_size(id: str, bytes_a_token: int) -> None:
    shape = CARDS[id].shape
    assert shape
    row = shape.key_length + (0 if shape.latent else shape.value_length)
    assert 2 * shape.n_layer * shape.n_head_kv * row == bytes_a_token


@pytest.mark.parametrize("id", ["glm-4.5", "glm-4.5-air", "glm-4.6v", "glm-4.7-flash"])
def test_the_shape_has_the_published_number_of_parameters(id: str) -> None:
    card = CARDS[id]
    shape = card.shape
    assert shape
    expert = 3 * shape.n_embd * shape.n_ff_expert
    experts = (shape.n_layer - shape.n_layer_dense) * shape.n_expert * expert
    assert experts / card.parameters == pytest.approx(shape.expert_fraction, abs=0.02)


def test_the_shape_of_pico_is_that_of_its_file() -> None:
    card = CARDS["pico"]
    header = preflight.read(shipped("models") / card.files["model"])
    shape = card.shape
    assert shape
    assert shape.architecture == header.architecture
    assert {
        "block_count": shape.n_layer,
        "embedding_length": shape.n_embd,
        "feed_forward_length": shape.n_ff,
        "attention.head_count": shape.n_head,
        "attention.head_count_kv": shape.n_head_kv,
        "attention.key_length": shape.key_length,
        "attention.value_length": shape.value_length,
        "context_length": shape.n_ctx_train,
    } == {
        key: header.value(key)
        for key in (
            "block_count", "embedding_length", "feed_forward_length", "attention.head_count",
            "attention.head_count_kv", "attention.key_length", "attention.value_length",
            "context_length",
        )
    }  # fmt: skip
    assert len(header.metadata["tokenizer.ggml.tokens"]) == shape.n_vocab


def test_only_what_could_be_confirmed_is_called_so() -> None:
    confirmed = {
        f"{card.id}:{variant.id}": variant.size
        for card in GLM
        for variant in card.variants
        if variant.confirmed
    }
    assert confirmed == {
        "glm-4.5-air:UD-Q2_K_XL": 47_444_888_640,
        "glm-4.5-air:Q4_K_M": 72_975_748_384,
        "glm-4.5v:Q4_K_M": 63_633_581_632 + 994_457_504,
        "glm-4.6v-flash:Q4_K_M": 6_166_577_888 + 980_055_680,
        "glm-4.7-flash:Q4_K": 18_244_193_920,
        "glm-ocr:Q8_0": 950_433_408 + 484_403_648,
    }


def test_no_figure_is_quoted_that_could_not_be_confirmed() -> None:
    assert {(card.id, one.value) for card in GLM for one in card.published} == {
        ("glm-4.1v-9b-thinking", "23 of 28"), ("glm-4.5", "63.2"), ("glm-4.5-air", "59.8"),
        ("glm-4.5v", "42"), ("glm-4.7", "73.8 %"), ("glm-4.7", "66.7 %"), ("glm-4.7", "41 %"),
        ("glm-4.7", "42.8 %"),
    }  # fmt: skip


def test_a_card_of_every_kind_of_key(tmp_path: Path) -> None:
    text = """
        id = "x"
        name = "X"
        modalities = ["text", "pictures"]
        [[variants]]
        id = "Q4"
        repository = "a/b"
        files = [
            { path = "q/x-00001-of-00002.gguf", size = 3 }, { path = "q/x-00002-of-00002.gguf", size = 4 },
        ]
        mmproj = { path = "mmproj-x.gguf", size = 5 }
        confirmed = true
        default = true
        [[variants]]
        id = "Q8"
        repository = "a/b"
        pattern = "Q8_0"
        size = 20
        mmproj_size = 6
    """
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    assert catalogue.read(tmp_path) == [
        Card(
            id="x", name="X", modalities=("text", "pictures"),
            variants=(
                Variant(
                    id="Q4", repository="a/b", default=True, confirmed=True, size=12, mmproj_size=5,
                    files=(
                        RemoteFile(path="q/x-00001-of-00002.gguf", size=3),
                        RemoteFile(path="q/x-00002-of-00002.gguf", size=4),
                    ),
                    mmproj=RemoteFile(path="mmproj-x.gguf", size=5),
                ),
                Variant(id="Q8", repository="a/b", pattern="Q8_0", size=20, mmproj_size=6),
            ),
        )
    ]  # fmt: skip


def test_what_a_variant_and_its_files_say() -> None:
    card = Card(
        id="x", name="X",
        variants=(
            Variant(id="Q4_K_M", repository="a/b", size=9, mmproj_size=2),
            Variant(id="Q8_0", repository="a/b", size=20, default=True),
        ),
    )  # fmt: skip
    assert card.variant() == card.variants[1]
    assert card.variant("q4_k_m") == card.variants[0]
    assert card.variant("Q5") is None
    assert card.variants[0].weights_size == 7
    assert RemoteFile(path="Q4/x.gguf").name == "x.gguf"
    assert RemoteFile(path="x.gguf").name == "x.gguf"


def test_every_card_is_written_in_its_own_file() -> None:
    for path in shipped("models").glob("*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))["id"] == path.stem
