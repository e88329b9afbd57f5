import os

from glmdesk.checks import memory


def test_a_process_and_the_parts_of_its_engine() -> None:
    details = {
        "threads": 2,
        "memory": {"weights": {"CPU": 10, "CUDA0": 20}, "kv": 30, "kind": "mapped", "locked": True},
    }
    found = memory.of(os.getpid(), details)
    assert found is not None
    assert found.parts == {"weights, CPU": 10, "weights, CUDA0": 20, "kv": 30}
    assert 1e6 < found.process <= found.process_peak < 1e11


def test_an_engine_that_says_nothing_of_its_parts() -> None:
    found = memory.of(os.getpid(), {})
    assert found is not None
    assert found.parts == {}


def test_a_process_that_has_ended() -> None:
    assert memory.of(2**30, {}) is None
