"""What cards say of the memory that they need agrees with what `fit` says of such a machine."""

from collections.abc import Mapping

import pytest

from glmdesk import paths
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Card
from glmdesk.library.fitting.fit import Wishes, plan
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.weights import Weights

GB = 10**9
CARDS: Mapping[str, Card] = {one.id: one for one in catalogue.read(paths.shipped("models"))}


def machine(gpu: int, memory: int) -> Machine:
    """GB of each, with nothing running."""
    gpus = (Gpu(name="GPU", free=gpu * GB, total=gpu * GB),) if gpu else ()
    return Machine(memory_total=memory * GB, memory_free=memory * GB, gpus=gpus, cores=8)


@pytest.mark.parametrize(
    ("id", "variant", "said", "gpu", "memory", "too_little"),
    [
        ("glm-4.6v-flash", "", "16 GB of memory", 0, 16, 8),
        ("glm-4.6v-flash", "", "graphics card with 12 GB", 12, 16, 0),
        ("glm-4.7-flash", "", "graphics card with 24 GB", 24, 8, 0),
        ("glm-4.7-flash", "", "32 GB of memory", 0, 32, 16),
        ("glm-4.5-air", "", "96 GB of memory", 0, 96, 64),
        ("glm-4.5-air", "", "64 GB and a graphics card with 24 GB", 24, 64, 48),
        ("glm-4.5v", "", "96 GB of memory", 0, 96, 64),
        ("glm-4.6v", "", "96 GB of memory", 0, 96, 64),
        ("glm-4.5", "", "160 GB of memory", 0, 160, 128),
        ("glm-4.6", "", "160 GB of memory", 0, 160, 128),
        ("glm-4.7", "IQ2_M", "128 GB of memory even in its smallest size", 0, 128, 112),
        ("glm-4.7", "", "160 GB in the usual one", 0, 160, 128),
    ],
)
def test_memory(id: str, variant: str, said: str, gpu: int, memory: int, too_little: int) -> None:
    one = CARDS[id]
    assert said in one.good_for
    chosen = one.variant(variant)
    assert chosen
    if variant:
        assert chosen == one.variants[0]
    weights = Weights.from_card(one, chosen)
    assert weights
    wishes = Wishes(preferred_ctx=one.n_ctx, picture_tokens=one.image_ceiling_tokens)
    assert plan(weights, machine(gpu, memory), wishes).fits
    if too_little:
        assert not plan(weights, machine(gpu, too_little), wishes).fits
