"""A picture resized by our reader is to the model what a picture made at that size is."""

from benchmarks.reader_vs_llama_resize import differences
from benchmarks.stage import Stage


def test_our_resize_leaves_no_trace_in_the_embeddings(stage: Stage) -> None:
    ours, theirs, tokens = differences(stage)
    assert ours == 0
    assert theirs > 1
    assert tokens == (12, 12)
