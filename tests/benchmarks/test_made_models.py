"""The models and prompts that are made for measuring are what they are said to be."""

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize

from benchmarks.hearing import greedy, hear, user
from benchmarks.prose import prompt_of
from benchmarks.stage import Stage
from glmdesk.library.gguf import preflight
from glmdesk.messages import Finished

PROMPT = greedy([user("Hello")], max_tokens=150)


def test_a_prompt_has_the_wanted_length(stage: Stage) -> None:
    with stage.engine(stage.pico()) as engine:
        one, other = (prompt_of(engine, 300, seed) for seed in (1, 2))
        assert 290 <= engine.price(greedy(one)).total <= 300
        hear(engine, greedy(one, max_tokens=1))
        read = hear(engine, greedy(other, max_tokens=1)).usage
    assert read.cached_tokens < 8


@pytest.mark.slow
def test_the_wide_model_neither_stops_nor_goes_in_circles(stage: Stage) -> None:
    with stage.engine(stage.wide_text) as engine:
        heard = hear(engine, PROMPT)
    assert isinstance(heard.end, Finished)
    assert (heard.end.reason, heard.usage.completion_tokens) == ("length", 150)
    assert heard.tokens_per_s > 0


@pytest.mark.slow
def test_the_shapes_are_those_of_the_model_and_speak_without_end(stage: Stage) -> None:
    spec = stage.shapes()
    facts = preflight.read(spec.model)
    assert facts.architecture == "glm4"
    with stage.engine(spec) as engine:
        words = hear(engine, PROMPT).answer.split()
    assert len(words) == len(set(words)) == 150


@pytest.mark.model
def test_unpacked_weights_are_the_same_numbers(stage: Stage) -> None:
    packed, unpacked = stage.smollm2(), stage.smollm2_f16
    assert packed is not None
    assert unpacked is not None
    tensors = zip(*(GGUFReader(spec.model).tensors for spec in (packed, unpacked)), strict=True)
    for one, other in list(tensors)[:12]:
        assert one.name == other.name
        assert other.tensor_type in (GGMLQuantizationType.F16, GGMLQuantizationType.F32)
        weights = dequantize(one.data, one.tensor_type)
        assert np.allclose(weights, np.float32(other.data), rtol=1e-3, atol=1e-6)
    with stage.engine(unpacked) as engine:
        question = user("What is the capital of France?")
        assert "Paris" in hear(engine, greedy([question], think="auto", max_tokens=20)).answer
