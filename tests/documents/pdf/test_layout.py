from glmdesk.documents.pdf.layout import Line, blocks_of, ordinary, page_text, text_tables
from glmdesk.documents.pdf.order import Block

SENTENCE = "a line of running text that is long enough for a column"


def lines(rows: list[list[tuple[float, str]]], block: int = 0) -> list[Line]:
    """Rows of 12 points; each piece begins at its x and is five points a letter wide."""
    return [
        Line(x, 100 + 12 * at, x + 5 * len(text), 110 + 12 * at, text, 0, block)
        for at, row in enumerate(rows)
        for x, text in row
    ]


def laid_out(*found: Line) -> list[str]:
    (side,) = blocks_of(found, 600, 800)
    return [block.text for block in side]


def test_lines_of_a_paragraph_stay_lines() -> None:
    rows = [[(60.0, "first line")], [(60.0, "second line")]]
    assert laid_out(*lines(rows)) == ["first line\nsecond line"]


def test_pieces_of_a_row_are_cells() -> None:
    rows = [[(60.0, "apples"), (300.0, "12"), (400.0, "kg")], [(60.0, "pears"), (300.0, "7")]]
    assert laid_out(*lines(rows)) == ["apples\t12\tkg\npears\t7"]


def test_a_piece_that_follows_closely_is_no_cell() -> None:
    assert laid_out(*lines([[(60.0, "x"), (68.0, "squared")]])) == ["x squared"]


def test_a_bullet_is_no_cell() -> None:
    assert laid_out(*lines([[(60.0, "•"), (90.0, "an item of a list")]])) == ["• an item of a list"]


def test_two_columns_written_row_by_row() -> None:
    rows = [[(30.0, f"{n} {SENTENCE}"), (330.0, f"{n} other {SENTENCE}")] for n in range(4)]
    left, right = laid_out(*lines(rows))
    assert left.splitlines() == [f"{n} {SENTENCE}" for n in range(4)]
    assert right.splitlines() == [f"{n} other {SENTENCE}" for n in range(4)]


def test_text_that_runs_upwards_is_turned() -> None:
    upwards = [Line(100 + 12 * n, 200, 110 + 12 * n, 700, f"line {n}", 3, n) for n in range(3)]
    upright = [Line(60, 40, 110, 52, "head", 0, 9)]
    first, second = blocks_of([*upwards, *upright], 600, 800)
    assert page_text(first) == "line 0\n\nline 1\n\nline 2"
    assert page_text(second) == "head"


def test_text_upside_down_is_turned() -> None:
    found = [Line(100, 700 - 12 * n, 500, 710 - 12 * n, f"line {n}", 2, 0) for n in range(3)]
    ((block,),) = blocks_of(found, 600, 800)
    assert block.text == "line 0\nline 1\nline 2"
    assert (block.x0, block.y0) == (100, 90)


def test_neighbours_in_a_row_are_cells_of_a_table() -> None:
    cells = [
        Block(60 + 100 * x, 100 + 14 * y, 120 + 100 * x, 112 + 14 * y, f"{y}{x}")
        for y in range(3)
        for x in range(3)
    ]
    text = page_text(cells)
    assert text == "00\t01\t02\n10\t11\t12\n20\t21\t22"
    assert text_tables(text) == 1


def test_paragraphs_beside_each_other_are_no_cells() -> None:
    left = Block(50, 100, 280, 150, "\n".join([SENTENCE] * 3))
    right = Block(310, 100, 540, 150, "\n".join(["other " + SENTENCE] * 3))
    assert "\t" not in page_text([left, right])


def test_a_table_of_contents_is_no_table() -> None:
    assert text_tables("\n".join(f"Chapter {n} .........\t{n}" for n in range(5))) == 0
    assert text_tables("\n".join(f"Chapter {n}\t{n}" for n in range(5))) == 1
    assert text_tables("a\tb\nc\td\nno cells\ne\tf") == 0


def test_ordinary_lines() -> None:
    """Ten points high, five points a letter."""
    paragraph = "\n".join([SENTENCE] * 5)
    wide = 5.0 * len(SENTENCE)
    assert ordinary(Block(0, 0, wide, 60, paragraph))
    assert ordinary(Block(0, 0, wide, 12, SENTENCE))
    assert not ordinary(Block(0, 0, 12, wide, SENTENCE))
    assert not ordinary(Block(0, 0, wide, 12, "one\ntwo\nthree\nfour"))
