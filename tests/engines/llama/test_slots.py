"""Who gets which slot: the longest prefix wins, no chat loses more than another gains."""

from glmdesk.engines.llama.prefix import Cells, Item
from glmdesk.engines.llama.slots import Slot, choose, least_used

PICTURE = Cells(id="p", n_tokens=100, n_pos=10)
HEAD: list[Item] = [1, 2, 3]


def slot(
    sequence: int, items: list[Item], conversation: str = "", used: int = 0, busy: bool = False
) -> Slot:
    made = Slot(sequence=sequence, conversation=conversation, used=used, busy=busy)
    made.took(items)
    return made


def test_cells_and_positions_are_counted_apart() -> None:
    one = slot(0, [*HEAD, PICTURE, 7])
    assert (one.cells, one.positions) == (104, 14)
    one.took_tokens([8])
    one.cut(3)
    assert (one.cells, one.positions, one.items) == (3, 3, HEAD)


def test_the_longest_prefix_wins() -> None:
    slots = [slot(0, [*HEAD, 4], "a", used=3), slot(1, [*HEAD, 4, 5, 6], "b", used=1)]
    choice = choose(slots, [*HEAD, 4, 5, 6, 7], "")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept, choice.evicts) == (1, 6, False)


def test_at_least_one_item_is_read() -> None:
    choice = choose([slot(0, [*HEAD, 4], "a")], [*HEAD, 4], "a")
    assert choice is not None
    assert choice.kept == 3


def test_a_new_chat_takes_an_empty_slot() -> None:
    """The first tokens are the same in every chat."""
    long: list[Item] = [*HEAD, *range(10, 90)]
    slots = [slot(0, long, "a", used=5), slot(1, [])]
    choice = choose(slots, [*HEAD, 200], "b")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept, choice.evicts) == (1, 0, False)


def test_the_least_recently_used_gives_way() -> None:
    slots = [slot(n, [*HEAD, *range(10 * n, 90)], str(n), used=9 - n) for n in range(1, 4)]
    choice = choose(slots, [*HEAD, 200, 201], "new")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept, choice.evicts) == (3, 3, True)


def test_a_chat_comes_back_to_its_slot_though_most_of_it_was_edited() -> None:
    slots = [slot(0, []), slot(1, [*HEAD, *range(10, 90)], "mine", used=1)]
    choice = choose(slots, [*HEAD, 300, 301], "mine")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept, choice.evicts) == (1, 3, False)


def test_a_picture_counts_with_all_its_cells() -> None:
    slots = [slot(0, [*HEAD, *range(10, 40)], "a"), slot(1, [1, PICTURE, *range(50, 70)], "b")]
    choice = choose(slots, [1, PICTURE, 5], "")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept) == (1, 2)


def test_a_chat_without_a_name_goes_on_where_its_question_lies() -> None:
    """The answer held there is long, and the next prompt has it in another form."""
    long = slot(0, [*HEAD, *range(10, 30), *range(100, 300)])
    long.asked = 23
    choice = choose([long, slot(1, [])], [*HEAD, *range(10, 30), *range(500, 600)], "")
    assert choice is not None
    assert (choice.slot.sequence, choice.kept, choice.evicts) == (0, 23, False)


def test_busy_slots_are_not_given_away() -> None:
    busy = slot(0, [*HEAD, 4], busy=True)
    assert choose([busy], HEAD, "") is None
    choice = choose([busy, slot(1, [])], [*HEAD, 4, 5], "")
    assert choice is not None
    assert choice.slot.sequence == 1
    assert least_used([busy, slot(1, [])]) is None


def test_least_used() -> None:
    slots = [slot(0, [1], used=4), slot(1, [1], used=2), slot(2, [], used=1)]
    found = least_used(slots)
    assert found is not None
    assert found.sequence == 1
