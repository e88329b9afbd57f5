from glmdesk.documents.pdf.order import MAX_BLOCKS, Block, in_reading_order

PARAGRAPH = "first line\nsecond line\nthird line"


def block(x0: float, y0: float, x1: float, y1: float, text: str) -> Block:
    return Block(x0=x0, y0=y0, x1=x1, y1=y1, text=text)


def column(x0: float, x1: float, names: str, top: float = 100) -> list[Block]:
    return [
        block(x0, top + i * 100, x1, top + 90 + i * 100, f"{name} {PARAGRAPH}")
        for i, name in enumerate(names)
    ]


def initials(blocks: list[Block]) -> str:
    return "".join(found.text[0] for found in in_reading_order(blocks))


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = column(50, 290, "abc"), column(310, 550, "def")
    mixed = [right[0], left[0], left[2], right[2], right[1], left[1]]
    assert initials(mixed) == "abcdef"


def test_what_spans_the_columns_divides_the_page() -> None:
    title = block(50, 40, 550, 80, "T")
    figure = block(50, 400, 550, 500, "F")
    upper = column(50, 290, "abc") + column(310, 550, "def")
    lower = column(50, 290, "gh", 510) + column(310, 550, "ij", 510)
    assert initials([*lower, figure, *upper, title]) == "TabcdefFghij"


def test_three_columns() -> None:
    blocks = column(300, 390, "ef") + column(200, 290, "cd") + column(100, 190, "ab")
    assert initials(blocks) == "abcdef"


def test_a_table_is_read_row_by_row() -> None:
    cells = [
        block(x, y, x + 80, y + 12, f"{name}")
        for name, x, y in [
            ("d", 300, 121), ("a", 50, 100), ("c", 50, 120), ("b", 300, 101), ("e", 50, 140),
        ]
    ]  # fmt: skip
    assert initials(cells) == "abcde"


def test_a_footer_written_first_comes_last() -> None:
    assert initials([block(50, 800, 550, 812, "z"), *column(50, 550, "ab")]) == "abz"


def test_very_many_blocks_keep_their_order() -> None:
    blocks = [block(0, -i, 10, 1 - i, str(i)) for i in range(MAX_BLOCKS + 1)]
    assert in_reading_order(blocks) == blocks


def test_no_block_is_lost_or_doubled() -> None:
    blocks = [*column(50, 290, "abc"), *column(290, 550, "def"), block(290, 10, 290, 20, "x")]
    assert sorted(initials(blocks)) == sorted("abcdefx")
