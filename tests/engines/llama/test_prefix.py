"""What may be kept of a cache, for any two prompts."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from glmdesk.engines.llama.prefix import (
    Cells,
    Item,
    common,
    count_cells,
    count_positions,
    reusable,
)

pictures = st.builds(
    Cells, id=st.sampled_from("ab"), n_tokens=st.integers(8, 20), n_pos=st.integers(3, 5)
)
items = st.lists(st.one_of(st.integers(0, 3), pictures), max_size=12)
prompts = items.filter(bool)


@given(items, prompts)
def test_what_is_kept_is_the_same_and_leaves_something_to_read(
    cached: Sequence[Item], wanted: Sequence[Item]
) -> None:
    kept = reusable(cached, wanted)
    assert 0 <= kept < len(wanted)
    assert cached[:kept] == wanted[:kept]


@given(items, items)
def test_common_is_the_longest_beginning(one: Sequence[Item], other: Sequence[Item]) -> None:
    count = common(one, other)
    assert one[:count] == other[:count]
    assert count == min(len(one), len(other)) or one[count] != other[count]
    assert count == common(other, one)


@given(prompts, items)
def test_a_prompt_that_goes_on_keeps_all_of_its_beginning(
    beginning: Sequence[Item], more: Sequence[Item]
) -> None:
    wanted = [*beginning, *more, 9]
    assert reusable(beginning, wanted) == len(beginning)
    assert reusable(wanted, wanted) == len(wanted) - 1


@given(items, items)
def test_counts_add_up(one: Sequence[Item], other: Sequence[Item]) -> None:
    for count in (count_cells, count_positions):
        assert count([*one, *other]) == count(one) + count(other)
    assert count_positions(one) <= count_cells(one)
    assert count_cells(one) >= len(one)


@given(items, prompts)
def test_a_cut_never_falls_into_a_picture(cached: Sequence[Item], wanted: Sequence[Item]) -> None:
    """A picture is one item: the cells kept are those of whole pictures."""
    kept = cached[: reusable(cached, wanted)]
    whole = [item for item in kept if isinstance(item, Cells)]
    assert count_cells(kept) == len(kept) - len(whole) + sum(item.n_tokens for item in whole)


def test_pictures_of_another_size_or_content_are_others() -> None:
    one = Cells(id="a", n_tokens=16, n_pos=4)
    assert common([one], [Cells(id="a", n_tokens=16, n_pos=4)]) == 1
    assert common([one], [Cells(id="b", n_tokens=16, n_pos=4)]) == 0
    assert common([one], [Cells(id="a", n_tokens=12, n_pos=4)]) == 0
