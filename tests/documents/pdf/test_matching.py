import pytest

from glmdesk.documents.pdf.matching import Word, find

PAGE = """The committee met on the third of May in the old town hall of Bremen.
It heard the report of the treasurer about the income of the year 2019.
Income from membership rose to 48,200 euros, which is twelve percent more
than in the year before. The costs of the new roof were 9,350 euros.
The committee thanked the treasurer and closed the meeting at ten."""


def words(text: str = PAGE) -> list[Word]:
    """Ten points a line; a letter is five points wide; the page is 1000 x 1000."""
    found = []
    for line, content in enumerate(text.splitlines()):
        x = 50.0
        for word in content.split():
            end = x + 5 * len(word)
            found.append(Word(x, 100 + 10 * line, end, 109 + 10 * line, word, (0, line)))
            x = end + 5
    return found


def lines_of(passage: str, text: str = PAGE) -> list[int]:
    return [(box[1] - 100) // 10 for box in find(words(text), passage, 1000, 1000)]


@pytest.mark.parametrize(
    ("passage", "lines"),
    [
        ("The costs of the new roof were 9,350 euros.", [3]),
        ("rose to 48,200 euros, which is twelve percent more than in the year before", [2, 3]),
        ("Membership income rose to 48,200 euros, twelve percent more than before [p. 7].", [2, 3]),
        ("The new roof cost 9,350 euros", [3]),
        ("INCOME FROM MEMBERSHIP", [2]),
        ("treasurer", [1]),
        ("They met on 3 May in the old town hall of Bremen", [0]),
    ],
)
def test_where_a_passage_stands(passage: str, lines: list[int]) -> None:
    assert lines_of(passage) == lines


@pytest.mark.parametrize(
    "passage",
    ["", "…", "[p. 7]", "Penguins cannot fly but swim very well"],
)
def test_what_is_not_there(passage: str) -> None:
    assert lines_of(passage) == []


def test_nothing_on_an_empty_page() -> None:
    assert find([], "anything", 600, 800) == ()


def test_boxes_hold_the_words_of_their_line_alone() -> None:
    ((left, top, right, bottom),) = find(words(), "new roof", 1000, 1000)
    assert (top, bottom) == (130, 139)
    before = len("than in the year before. The costs of the ")
    assert (left, right) == (50 + 5 * before, 50 + 5 * (before + len("new roof")))


def test_letters_of_scripts_without_spaces() -> None:
    text = "图书馆开放\n学习汉字书写需要时间与耐心\n今天天气很好"
    assert lines_of("书写需要时间", text) == [1]
    assert lines_of("学习书写汉字需要很多时间和耐心", text) == [1]


def test_boxes_stay_on_the_page() -> None:
    outside = [Word(-20, -5, 700, 900, "far", (0, 0))]
    assert find(outside, "far", 600, 800) == ((0, 0, 1000, 1000),)
