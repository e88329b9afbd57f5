"""Prompt lookup: what it finds, how far it guesses, and that it stops where guessing does not pay."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glmdesk.engines.llama.lookup import MAX_DRAFT, Lookup
from glmdesk.engines.llama.prefix import Cells, Item

PICTURE = Cells(id="cat", n_tokens=40, n_pos=8)


def warm(items: Sequence[Item], max_draft: int = MAX_DRAFT) -> Lookup:
    """One that has read `items`, and has seen what a step without a guess costs."""
    lookup = Lookup(max_draft)
    lookup.extend(items)
    for _ in range(3):
        lookup.judge(0, 0, 0.03)
    return lookup


def text(length: int, seed: int = 0, words: int = 5000) -> list[int]:
    random = Random(seed)
    return [random.randrange(words) for _ in range(length)]


def write(
    prompt: Sequence[Item], answer: Sequence[int], cost: Callable[[int], float]
) -> tuple[float, int, int]:
    """Write `answer` as a model would that gives nothing else; `cost` in steps without a guess.

    Tokens a step's time, guesses made, guesses right.
    """
    lookup, time, written, drafted, accepted = Lookup(), 0.0, 0, 0, 0
    lookup.extend(prompt)
    while written < len(answer):
        guess = lookup.draft()
        right = 0
        while right < len(guess) and guess[right : right + 1] == answer[written + right :][:1]:
            right += 1
        lookup.judge(len(guess), right, 0.03 * cost(len(guess)))
        lookup.extend(answer[written : written + right + 1])
        written += right + 1
        time += cost(len(guess))
        drafted, accepted = drafted + len(guess), accepted + right
    return len(answer) / time, drafted, accepted


def test_what_followed_the_same_words() -> None:
    lookup = warm([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3])
    assert lookup.draft()[:2] == [4, 5]


def test_the_longest_agreement_wins() -> None:
    lookup = warm([9, 1, 2, 3, 70, 71, 8, 1, 2, 3, 80, 81, 9, 1, 2, 3])
    assert lookup.draft()[0] == 70


def test_the_latest_of_equals_wins() -> None:
    lookup = warm([6, 1, 2, 3, 60, 61, 7, 1, 2, 3, 70, 71, 8, 1, 2, 3])
    assert lookup.draft()[0] == 70


def test_two_words_do_when_three_are_not_found() -> None:
    assert warm([1, 2, 3, 4, 5, 9, 2, 3]).draft()[:1] == [4]


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3, 4, 5], [5, 1, 6, 1]])
def test_nothing_found(items: list[int]) -> None:
    assert warm(items).draft() == []


def test_a_picture_is_never_crossed() -> None:
    before, after = [1, 2, 3], [4, 5, 6, 7]
    assert warm([*before, PICTURE, *after, 9, *before]).draft() == []
    assert warm([*before, *after[:1], PICTURE, *after, 9, *before]).draft() == [4]
    assert warm([1, 2, 3, 50, 60, 2, PICTURE, 3]).draft() == []
    assert warm([1, 2, 3, 50, 60, 2, 3]).draft() != []


def test_a_row_goes_on() -> None:
    assert warm([9, *[1, 2] * 20]).draft() == [1, 2, 1, 2]


def test_fed_in_any_cut_it_guesses_the_same() -> None:
    items = text(300, words=9)
    whole, single = warm(items), warm([])
    for item in items:
        single.extend([item])
    assert whole.draft() == single.draft() != []


@given(
    items=st.lists(st.integers(0, 4) | st.just(PICTURE), max_size=60),
    max_draft=st.integers(1, 16),
)
def test_every_guess_stood_there_or_repeats_itself(items: list[Item], max_draft: int) -> None:
    """Against the plain reading of the whole text, in any text at all."""
    guess = warm(items, max_draft).draft()
    assert len(guess) <= max_draft
    tail = items[-2:]
    places = [at for at in range(2, len(items)) if items[at - 2 : at] == tail]
    goes_on = [at for at in places if PICTURE not in tail and items[at] != PICTURE]
    if not goes_on or len(tail) < 2:
        assert guess == []
    if guess:
        extended = [*items, *guess]
        assert any(extended[at : at + len(guess)] == guess for at in goes_on)


@pytest.mark.parametrize("max_draft", [1, 5, 16])
def test_guesses_grow_with_success(max_draft: int) -> None:
    lengths = [len(guess) for guess in copied(max_draft)[1]]
    assert lengths[0] == min(4, max_draft)
    assert lengths == sorted(lengths)
    assert lengths[-1] == max_draft


def test_guesses_shrink_with_misses() -> None:
    lookup, _ = copied(16)
    for _ in range(6):
        guess = lookup.draft()
        lookup.judge(len(guess), 0, 0.03 * (1 + 0.1 * len(guess)))
    assert 1 <= len(lookup.draft()) <= 8


def copied(max_draft: int) -> tuple[Lookup, list[list[int]]]:
    """One that has guessed half of a page right, and its guesses."""
    page = text(400)
    lookup, guesses, place = warm([*page, *page[:12]], max_draft), [], 12
    while place < 200:
        guess = lookup.draft()
        lookup.judge(len(guess), len(guess), 0.03 * (1 + 0.1 * len(guess)))
        lookup.extend(page[place : place + len(guess) + 1])
        place += len(guess) + 1
        guesses.append(guess)
    return lookup, guesses


def test_none_before_a_plain_step_is_known() -> None:
    lookup = Lookup()
    lookup.extend([1, 2, 3] * 9)
    assert lookup.draft() == []


def test_steps_that_say_nothing_of_their_cost() -> None:
    lookup = Lookup()
    lookup.extend([1, 2, 3] * 9)
    for _ in range(3):
        lookup.judge(0, 0)
    assert lookup.draft() == [1, 2, 3, 1]
    lookup.judge(4, 4)
    assert len(lookup.draft()) > 4


@pytest.mark.parametrize(
    ("cost", "at_least"),
    [(0.02, 9.0), (0.1, 5.0), (0.25, 2.7), (0.5, 1.7), (1.0, 0.97), (2.0, 0.94)],
)
def test_repeating_a_document(cost: float, at_least: float) -> None:
    """`cost`: of one token more in a step. At 1, no guess can pay; it must not lose either."""
    page = text(2000)
    answer = [*page[:900], 77777, *page[901:]]
    rate, _, _ = write(page, answer, lambda drafted: 1 + cost * drafted)
    assert rate >= at_least


@pytest.mark.parametrize("cost", [0.02, 0.1, 0.25, 0.5, 1.0])
def test_an_answer_that_only_seems_to_repeat(cost: float) -> None:
    """Few words in any order: nearly all guesses are wrong."""
    rate, drafted, accepted = write(text(3000, 1, 12), text(2000, 2, 12), lambda n: 1 + cost * n)
    assert accepted < 0.3 * drafted
    assert rate > 0.97


def test_it_rests_longer_each_time() -> None:
    lookup = warm([1, 2, 3] * 50)
    rests = []
    for _ in range(4):
        for _ in range(4):
            while not (guess := lookup.draft()):
                lookup.judge(0, 0, 0.03)
            lookup.judge(len(guess), 0, 0.03 * 4)
        rests.append(0)
        while not lookup.draft():
            lookup.judge(0, 0, 0.03)
            rests[-1] += 1
    assert rests[0] >= 32
    assert rests == sorted(set(rests))


def test_it_comes_back_when_guessing_pays_again() -> None:
    """First words at random, of which it learns to be silent; then the document."""
    page = text(3000, 3)
    noise = text(1500, 4, 12)
    _, drafted, accepted = write([*page, *text(500, 5, 12)], [*noise, *page], lambda n: 1 + 0.2 * n)
    assert accepted > 0.8 * len(page)
    assert accepted > 0.7 * drafted


def test_a_disturbed_step_does_not_end_it() -> None:
    page = text(2000)
    slow = iter(range(100_000))
    rate, _, _ = write(page, page, lambda n: (1 + 0.1 * n) * (40 if next(slow) % 20 == 7 else 1))
    undisturbed = (1 + 39 / 20) * rate
    assert undisturbed > 4


def test_steps_faster_than_plain_ones_are_no_trouble() -> None:
    lookup = warm([1, 2, 3] * 50)
    for _ in range(50):
        guess = lookup.draft()
        assert guess
        lookup.judge(len(guess), len(guess), 0.0001)
