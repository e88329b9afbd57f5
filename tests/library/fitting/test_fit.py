"""Verdicts and plans: the table, what a person set, and what must hold for every machine."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glmdesk import paths
from glmdesk.library.cards import catalogue
from glmdesk.library.cards.card import Variant
from glmdesk.library.fitting.fit import Plan, Wishes, plan
from glmdesk.library.fitting.hardware import Gpu, Machine
from glmdesk.library.fitting.ladder import ladder
from glmdesk.library.fitting.search import KINDS
from glmdesk.library.fitting.weights import Dimensions, Layer, Tower, Weights
from glmdesk.library.gguf import header
from tests.library.fitting.fit_table import GB, card, mac, models, table

DATA = Path(__file__).parents[2] / "data"
ORDER = (*KINDS, "lacks")
MB = 1_000_000


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Weights]:
    return models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def flash(real: dict[str, Weights]) -> Weights:
    return real["GLM-4.6V-Flash"]


@pytest.fixture
def air(real: dict[str, Weights]) -> Weights:
    return real["GLM-4.5-Air"]


def test_table(real: dict[str, Weights]) -> None:
    """Whoever changes a formula reads the table again: python -m tests.library.fitting.fit_table."""
    assert table(real) == (DATA / "fit_table.txt").read_text(encoding="utf-8")


def test_published_sizes(flash: Weights, air: Weights) -> None:
    """The made files are as large as the real ones, without their headers: within 1 %."""
    assert flash.total == pytest.approx(6_166_577_888, rel=0.01)
    nextn = sum(one.dense + one.experts for one in air.nextn)
    assert air.total + nextn == pytest.approx(72_975_748_384, rel=0.01)
    assert sum(one.experts for one in air.layers) / air.total > 0.9


def test_cache_of_the_facts(flash: Weights, air: Weights) -> None:
    """Bytes of a token in f16: 40 layers × 2 heads × 128 × 2, and 46 × 8 × 128 × 2."""
    for weights, each in ((flash, 40_960), (air, 188_416)):
        made = plan(weights, card(0, 512), Wishes(n_ctx=32_768))
        assert made.memory[0].cache == 32_768 * each


def test_air_needs_both_memories(air: Weights) -> None:
    """68 GB of weights: not on 24 + 32, on 24 + 64 with the experts of most layers in RAM."""
    assert plan(air, card(24, 32)).kind == "lacks"
    both = plan(air, card(24, 64))
    assert both.kind == "experts"
    assert sum(share.weights for share in both.memory) == air.total
    assert 20 < both.n_cpu_moe <= 46
    assert both.verdict == f"runs with experts of {both.n_cpu_moe - 1} layers on the CPU"


def test_nextn_is_not_loaded_without_mtp(air: Weights) -> None:
    without, with_block = (
        plan(air, card(0, 128), Wishes(mtp=mtp)).memory[0].weights for mtp in (False, True)
    )
    assert with_block - without == sum(one.dense + one.experts for one in air.nextn)


def test_a_mac_shares_its_memory(flash: Weights) -> None:
    made = plan(flash, mac(36), Wishes(preferred_ctx=32_768))
    assert made.kind == "gpu"
    assert sum(share.used for share in made.memory) < 36 * GB


def test_two_cards(flash: Weights) -> None:
    """Layers go to both, by their free memory; together they hold what neither could."""
    small = Gpu(name="CUDA0", free=5 * GB, total=5 * GB)
    large = replace(small, name="CUDA1", free=8 * GB, total=8 * GB)
    assert plan(flash, replace(card(0, 32), gpus=(small,))).kind != "gpu"
    made = plan(flash, replace(card(0, 32), gpus=(small, large)), Wishes(mmproj_offload=False))
    assert made.kind == "gpu"
    _, first, second = made.memory
    assert 0 < first.weights < second.weights
    assert first.weights + second.weights + flash.embedding == flash.total


def test_the_exact_words() -> None:
    tiny = synthetic(layers=4, dense=100, experts=0)
    assert plan(tiny, card(8, 16)).verdict == "runs on the GPU"
    assert plan(tiny, card(0, 16)).verdict == "runs on the CPU"
    heavy = synthetic(layers=10, dense=3000, experts=0)
    assert plan(heavy, card(8, 64)).verdict == "slow: mostly CPU"
    assert plan(heavy, card(0, 16)).verdict.startswith("does not fit: lacks ")
    assert "GB of memory more" in plan(heavy, card(0, 16)).sentence
    mixture = synthetic(layers=10, dense=100, experts=2000)
    assert plan(mixture, card(8, 64)).verdict.startswith("runs with experts of ")


@pytest.mark.parametrize("values", [
    {"block_count": 1 << 31}, {"block_count": -5}, {"block_count": "many"},
    {"attention.head_count_kv": (2, 2)}, {"attention.head_count_kv": ("x",) * 4},
    {"attention.head_count": None}, {"nextn_predict_layers": 99}, {"context_length": 0},
])  # fmt: skip
def test_any_header_gives_a_plan(values: dict[str, object]) -> None:
    """The header of a file elsewhere is not checked before it is looked at."""
    known = header.read(paths.shipped("models") / "pico" / "pico-f16.gguf")
    odd = {f"glm4.{key}": value for key, value in values.items()}
    weights = Weights.from_headers([replace(known, metadata={**known.metadata, **odd})])
    assert plan(weights, card(8, 16)).memory[0].used > 0


class TestWishes:
    """What was set is in the plan as it was set, whether it fits or not."""

    def test_a_large_context(self, flash: Weights) -> None:
        made = plan(flash, card(8, 16), Wishes(n_ctx=131_072, n_gpu_layers=-1))
        assert (made.kind, made.n_ctx, made.n_gpu_layers) == ("lacks", 131_072, -1)
        assert "Take a setting back" in made.sentence

    def test_a_cheaper_cache(self, flash: Weights) -> None:
        full, packed = (
            plan(flash, card(8, 32), Wishes(cache_type_k=kind, cache_type_v=kind)).n_ctx_largest
            for kind in ("f16", "q8_0")
        )
        assert packed > 1.5 * full

    def test_fewer_layers(self, flash: Weights) -> None:
        made = plan(flash, card(24, 32), Wishes(n_gpu_layers=10))
        assert made.n_gpu_layers == 10
        assert made.verdict in ("slow: mostly CPU", "runs on the CPU and the GPU")

    def test_no_gpu(self, flash: Weights) -> None:
        made = plan(flash, card(24, 32), Wishes(n_gpu_layers=0))
        assert (made.n_gpu_layers, made.mmproj_offload) == (0, False)

    def test_experts(self, air: Weights) -> None:
        for count in (0, 10, -1):
            made = plan(air, card(24, 128), Wishes(n_cpu_moe=count))
            assert made.n_cpu_moe == (46 if count < 0 else count)

    def test_projector(self, flash: Weights) -> None:
        for offload in (False, True):
            made = plan(flash, card(8, 32), Wishes(mmproj_offload=offload))
            assert made.mmproj_offload is offload
            assert made.memory[offload].projector == flash.projector


class TestLadder:
    def rungs(self, weights: Weights, machine: Machine, wishes: Wishes) -> list[Plan]:
        def fall() -> Iterator[Plan]:
            made: Plan | None = plan(weights, machine, wishes)
            while made:
                yield made
                made = ladder(made, wishes, "cudaMalloc failed")

        return list(fall())

    def test_down_to_the_processor(self, flash: Weights) -> None:
        rungs = self.rungs(flash, card(12, 32), Wishes(preferred_ctx=32_768))
        assert rungs[0].kind == "gpu"
        assert (rungs[-1].n_gpu_layers, rungs[-1].mmproj_offload) == (0, False)
        contexts = [rung.n_ctx for rung in rungs]
        assert contexts == sorted(contexts, reverse=True)
        assert contexts[-1] == 4096
        on_gpu = [sum(one.used for one in rung.memory[1:]) for rung in rungs]
        assert on_gpu == sorted(on_gpu, reverse=True)
        for before, after in zip(rungs, rungs[1:], strict=False):
            assert after.change.startswith("There was not enough memory to load it as planned. ")
            assert len({before.change, after.change}) == 2

    def test_the_order(self, air: Weights) -> None:
        """First the context, then the experts, then layers."""
        rungs = self.rungs(air, card(24, 128), Wishes())
        words = [rung.change for rung in rungs[1:]]
        kinds = ("context is now", "experts of", "on the GPU instead", "processor alone")
        places = [max(i for i, kind in enumerate(kinds) if kind in word) for word in words]
        assert places == sorted(places)
        assert set(places) == {0, 1, 2, 3}

    def test_all_that_changed_since_the_first_plan_is_told(self, air: Weights) -> None:
        first, *rungs = self.rungs(air, card(24, 128), Wishes())
        context = f"The context is now 4,096 tokens instead of {first.n_ctx:,}."
        both = [rung for rung in rungs if first.n_gpu_layers == rung.n_gpu_layers][-1]
        assert context in both.change
        assert f"The experts of {both.verdict.split()[4]} layers are now on the CPU" in both.change
        assert both.change.count("not enough memory") == 1
        assert rungs[-1].change.endswith(
            f"{context} The model now runs on the processor alone, which is slow."
        )

    def test_wishes_stay(self, flash: Weights) -> None:
        wishes = Wishes(n_ctx=8192, n_gpu_layers=-1, mmproj_offload=True)
        assert len(self.rungs(flash, card(12, 32), wishes)) == 1
        wishes = Wishes(n_ctx=8192)
        assert {rung.n_ctx for rung in self.rungs(flash, card(12, 32), wishes)} == {8192}

    def test_the_system_ended_the_worker(self, flash: Weights) -> None:
        """Then the machine's own memory is short: nothing more is moved there."""
        made = plan(flash, card(24, 32), Wishes())
        used = [made.memory[0].used]
        while smaller := ladder(made, Wishes(), "the system ended it (SIGKILL)"):
            made = smaller
            used.append(made.memory[0].used)
        assert len(used) > 1
        assert used == sorted(set(used), reverse=True)
        assert made.n_gpu_layers == -1

    def test_not_into_a_memory_that_is_too_small(self, air: Weights) -> None:
        """What the RAM cannot take is not moved there."""
        rungs = self.rungs(air, mac(128), Wishes())
        assert all(rung.fits for rung in rungs)
        start = plan(air, card(24, 64), Wishes())
        last = self.rungs(air, card(24, 64), Wishes())[-1]
        assert last.memory[0].lacks <= start.memory[0].lacks


def test_an_estimate_is_near(real: dict[str, Weights]) -> None:
    """What a card tells before the header is there, beside the header itself."""
    cards = {card.name: card for card in catalogue.read(paths.shipped("models"))}
    for name, weights in real.items():
        known = cards[name]
        variant = Variant(
            id="Q4_K_M", repository="a/b", mmproj_size=weights.projector,
            size=weights.total + weights.projector,
        )  # fmt: skip
        guess = Weights.from_card(known, variant)
        assert guess is not None
        assert not guess.exact
        assert guess.total == pytest.approx(weights.total, rel=0.001)
        for size in (8, 24):
            rough, true = (plan(one, card(size, 128)) for one in (guess, weights))
            assert (rough.kind, rough.exact) == (true.kind, False)
            used, needed = (sum(one.used for one in made.memory) for made in (rough, true))
            assert used == pytest.approx(needed, rel=0.05)


def test_no_estimate_without_facts() -> None:
    known = next(one for one in catalogue.read(paths.shipped("models")) if one.shape)
    sized = Variant(id="Q4_K_M", repository="a/b", size=GB)
    assert Weights.from_card(known, sized)
    assert Weights.from_card(known, replace(sized, size=0)) is None
    assert Weights.from_card(replace(known, shape=None), sized) is None


def synthetic(
    *, layers: int, dense: int, experts: int, width: int = 2048, projector: int = 0
) -> Weights:
    """Sizes in MB."""
    layer = Layer(
        dense=dense * MB,
        experts=experts * MB,
        largest=dense * MB // 3,
        largest_expert=experts * MB // 3,
    )
    return Weights(
        dimensions=Dimensions(
            n_embd=width, n_head=16, n_head_kv=(4,) * layers, key_length=128, value_length=128,
            n_vocab=100_000, n_ctx_train=131_072, n_ff=3 * width, n_ff_expert=512,
            n_expert=64 if experts else 0, n_expert_used=8 if experts else 0,
        ),
        layers=(layer,) * layers, embedding=100 * MB, output=100 * MB,
        projector=projector * MB, tower=Tower() if projector else None,
    )  # fmt: skip


some_weights = st.builds(
    synthetic,
    layers=st.integers(1, 24),
    dense=st.integers(1, 500),
    experts=st.sampled_from([0, 0, 50, 1000]),
    width=st.sampled_from([256, 2048, 8192]),
    projector=st.sampled_from([0, 1000]),
)
some_cards = st.integers(1, 96).map(lambda size: size * GB)
some_sizes = st.integers(0, 96).map(lambda size: size * GB)
some_wishes = st.builds(
    Wishes,
    n_ctx=st.sampled_from([0, 0, 2048, 65_536]),
    preferred_ctx=st.sampled_from([0, 32_768]),
    n_gpu_layers=st.sampled_from([None, None, -1, 0, 5]),
    n_cpu_moe=st.sampled_from([None, None, -1, 0, 3]),
    mmproj_offload=st.sampled_from([None, None, True, False]),
    cache_type_k=st.sampled_from(["", "q8_0"]),
    flash_attn=st.sampled_from(["auto", "off"]),
)


def machine(ram: int, gpu: int, unified: bool = False) -> Machine:
    card = Gpu(name="GPU", free=gpu, total=gpu)
    if unified:
        gpu = min(gpu, ram)
        card = Gpu(name="Metal", free=gpu, total=gpu)
    return Machine(
        memory_total=ram, memory_free=ram, gpus=(card,), unified=unified,
        working_set=gpu if unified else 0,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(some_weights, some_wishes, some_sizes, some_sizes, st.booleans())
def test_a_plan_stays_inside_the_machine(
    weights: Weights, wishes: Wishes, ram: int, gpu: int, unified: bool
) -> None:
    made = plan(weights, machine(ram, gpu, unified), wishes)
    assert made.fits == (made.lacks == 0)
    if not made.fits:
        assert made.n_ctx_largest == 0
        return
    assert made.memory[0].used <= ram
    assert sum(one.used for one in made.memory[1:]) <= gpu
    if unified:
        assert sum(one.used for one in made.memory) <= ram
    assert made.n_ctx <= made.n_ctx_largest
    assert wishes.n_ctx in (0, made.n_ctx)
    assert wishes.n_gpu_layers in (None, made.n_gpu_layers) or not gpu or wishes.n_gpu_layers > 0
    assert wishes.mmproj_offload in (None, made.mmproj_offload) or not gpu


@settings(max_examples=60, deadline=None)
@given(some_weights, some_wishes, some_sizes, some_cards, some_sizes, some_sizes)
def test_more_memory_is_never_worse(
    weights: Weights, wishes: Wishes, ram: int, gpu: int, more_ram: int, more_gpu: int
) -> None:
    """The kind of verdict comes first, the context second: a card that now holds all layers may take
    less of a context than the processor did."""
    less = plan(weights, machine(ram, gpu), wishes)
    more = plan(weights, machine(ram + more_ram, gpu + more_gpu), wishes)
    assert ORDER.index(more.kind) <= ORDER.index(less.kind)
    if more.kind == less.kind:
        assert more.n_ctx >= less.n_ctx
        assert more.n_ctx_largest >= less.n_ctx_largest
        assert more.lacks <= less.lacks
