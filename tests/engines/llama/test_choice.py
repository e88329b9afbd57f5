"""The filters against llama.cpp's own sampler chain, on many sets of logits."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_cpp import llama_cpp as llama

from glmdesk.engines.llama.choice import Logits, best, choose, penalised
from glmdesk.errors import EngineError
from glmdesk.sampling import GREEDY, Sampling

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def random_logits(seed: int, size: int, scale: float) -> Logits:
    return (np.random.default_rng(seed).standard_normal(size) * scale).astype(np.float32)


def apply_chain(logits: Logits, sampling: Sampling, recent: list[int]) -> dict[int, float]:
    """The tokens llama.cpp leaves, each with its probability."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    parts = [llama.llama_sampler_init_penalties(len(logits), 64, sampling.repeat_penalty, 0.0, 0.0)]
    if sampling.top_k > 0:
        parts.append(llama.llama_sampler_init_top_k(sampling.top_k))
    parts += [
        llama.llama_sampler_init_top_p(sampling.top_p, 1),
        llama.llama_sampler_init_min_p(sampling.min_p, 1),
        llama.llama_sampler_init_temp(sampling.temperature),
        llama.llama_sampler_init_dist(1),
    ]
    for part in parts:
        llama.llama_sampler_chain_add(chain, part)
    for token in recent:
        llama.llama_sampler_accept(chain, token)
    candidates = np.zeros(len(logits), CANDIDATE)
    candidates["id"], candidates["logit"] = np.arange(len(logits)), logits
    data = ctypes.cast(candidates.ctypes.data, llama.llama_token_data_p)
    array = llama.llama_token_data_array(data=data, size=len(logits), selected=-1, sorted=False)
    llama.llama_sampler_apply(chain, ctypes.byref(array))
    llama.llama_sampler_free(chain)
    return {int(c["id"]): float(c["p"]) for c in candidates[: array.size]}


def spread(logits: Logits, sampling: Sampling, draws: int = 2000) -> dict[int, float]:
    """How often each token is chosen, over evenly spaced draws."""
    found: dict[int, float] = {}
    for number in range(draws):
        token = choose(logits, sampling, (number + 0.5) / draws)
        found[token] = found.get(token, 0.0) + 1 / draws
    return found


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize("size", [50, 3000])
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.8, top_p=0.6, top_k=2, repeat_penalty=1.1),
        Sampling(temperature=0.8, top_p=0.95, top_k=40),
        Sampling(temperature=1.0, top_p=0.95, top_k=0),
        Sampling(temperature=1.0, top_p=0.9, top_k=0, min_p=0.05),
        Sampling(temperature=0.7, top_p=1.0, top_k=0, min_p=0.1, repeat_penalty=0.9),
        Sampling(temperature=0.3, top_p=1.0, top_k=0),
        Sampling(temperature=1.5, top_p=0.0, top_k=5),
    ],
)
def test_it_chooses_as_llama_cpp_does(sampling: Sampling, size: int, scale: float) -> None:
    logits = random_logits(size, size, scale)
    recent = [int(token) for token in best(logits, 30)[::2]]
    wanted = apply_chain(logits, sampling, recent)
    changed = penalised(logits, set(recent), sampling.repeat_penalty)
    found = spread(changed, sampling)
    assert found.keys() <= wanted.keys()
    for token, probability in wanted.items():
        assert found.get(token, 0.0) == pytest.approx(probability, abs=0.0011)


def test_a_large_flat_vocabulary_keeps_its_nucleus() -> None:
    logits = random_logits(3, 20_000, 0.1)
    sampling = Sampling(temperature=1.0, top_p=0.5, top_k=0)
    wanted = apply_chain(logits, sampling, [])
    found = {choose(logits, sampling, number / 3000) for number in range(3000)}
    assert len(wanted) > 5000
    assert len(found - wanted.keys()) <= 3  # where float32 sums differ, at the rim
    assert len(found) > 2500


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=700),
    count=st.integers(1, 800),
)
def test_best_is_what_sorting_gives(values: list[float], count: int) -> None:
    logits = np.array(values, np.float32)
    order = sorted(range(len(values)), key=lambda token: (-values[token], token))[:count]
    found = [int(token) for token in best(logits, count)]
    if count * 2 < len(values) // 64:
        assert found == order
    assert [values[token] for token in found] == [values[token] for token in order]


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 20))
def test_best_of_many(seed: int, count: int) -> None:
    logits = np.round(random_logits(seed, 5000, 2.0), 1)
    order = sorted(range(5000), key=lambda token: (-logits[token], token))[:count]
    assert [int(token) for token in best(logits, count)] == order


def test_greedy_takes_the_first_of_equals() -> None:
    assert choose(np.array([1, 3, 3, 2], np.float32), GREEDY, 0.9) == 1


@pytest.mark.parametrize(
    "sampling", [GREEDY, Sampling(), Sampling(top_k=0), Sampling(top_k=0, top_p=1)]
)
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_no_numbers_is_an_error_with_words(sampling: Sampling, value: float) -> None:
    with pytest.raises(EngineError, match="no token"):
        choose(np.full(1000, value, np.float32), sampling, 0.5)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=1e-38, top_k=0, top_p=1.0),
        Sampling(temperature=1e-38, top_k=3),
        Sampling(min_p=2.0, top_k=0, top_p=1.0),
        Sampling(min_p=2.0, top_k=10**9),
        Sampling(top_p=-1.0),
    ],
)
def test_extreme_settings_leave_the_best(sampling: Sampling) -> None:
    logits = random_logits(4, 500, 3.0)
    assert choose(logits, sampling, 0.7) == int(logits.argmax())


@pytest.mark.parametrize("top_k", [0, 5])
def test_a_token_ruled_out_is_never_chosen(top_k: int) -> None:
    logits = np.full(2000, -np.inf, np.float32)
    logits[[7, 700, 1500]] = [0.0, 1.0, -50.0]
    sampling = Sampling(top_k=top_k, top_p=1.0)
    draws = [*np.linspace(0, 1, 50, endpoint=False), 1 - 2**-53]
    assert {choose(logits, sampling, float(draw)) for draw in draws} == {7, 700}
