"""CSV, JSON, XML and Markdown: read as they are, in pages."""

from pathlib import Path

import pytest

from glmdesk.documents.office import csv, json, markdown, xml
from tests.documents.samples import put


@pytest.mark.parametrize(
    ("rows", "mark"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1,5;2,5", "3,1;4"], ";"),
        (["a\tb, c", "1\t2", "3\t4, 5"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        (['"x;y;z",b', '"1;2",3'], ","),
        (["alone", "words"], ","),
        ([], ","),
    ],
)
def test_the_separator_is_found(rows: list[str], mark: str) -> None:
    assert csv.separator(rows) == mark


def test_a_row_over_several_lines_stays_one() -> None:
    assert list(csv.records('a,"two\nlines"\nb,c')) == ['a,"two\nlines"', "b,c"]


def test_a_stray_quote_does_not_swallow_the_table() -> None:
    rows = ['5" pipe,1', *(f"row {number},{number}" for number in range(5_000))]
    assert len(list(csv.records("\n".join(rows)))) > 4_000


def test_long_tables_repeat_their_first_row(folder: Path) -> None:
    rows = ["name;sum", *(f"n{number};{number}" for number in range(500))]
    path = put(folder, "a.csv", "\r\n".join(rows).encode("cp1252"))
    with csv.opened(path, "a.csv") as book:
        sheets = [book.sheet(number) for number in range(1, book.total + 1)]
        assert book.note == "Its columns are separated by semicolons."
    assert [sheet.label for sheet in sheets] == ["rows 1-200", "rows 201-400", "rows 401-501"]
    assert all(sheet.text.startswith("name;sum\n") for sheet in sheets)
    seen = [line for sheet in sheets for line in sheet.text.split("\n")[1:]]
    assert seen == rows[1:]


def test_a_short_table_is_as_it_was(folder: Path) -> None:
    with csv.opened(put(folder, "a.csv", b"a,b\n1,2\n"), "a.csv") as book:
        assert (book.total, book.sheet(1).text, book.sheet(1).label, book.note) == (
            1,
            "a,b\n1,2",
            "",
            "",
        )


@pytest.mark.parametrize("reader", [json, markdown])
def test_json_and_markdown_are_as_they_are(folder: Path, reader: object) -> None:
    data = '{"a": [1, 2],\n "b": "ü"}\n\n# Head\n'
    with reader.opened(put(folder, "a", data.encode()), "a") as book:  # type: ignore[attr-defined]
        assert book.sheet(1).text == data.rstrip("\n")


def test_json_in_one_line_is_cut_between_values(folder: Path) -> None:
    data = "[" + ", ".join(str(number) for number in range(5_000)) + "]"
    with json.opened(put(folder, "a.json", data.encode()), "a.json") as book:
        parts = [book.sheet(number).text for number in range(1, book.total + 1)]
    assert "".join(parts) == data
    assert all(part.endswith((", ", "]")) for part in parts)


def test_xml_is_read_as_it_declares(folder: Path) -> None:
    data = '<?xml version="1.0" encoding="ISO-8859-5"?><a>Привет</a>'
    with xml.opened(put(folder, "a.xml", data.encode("iso8859_5")), "a.xml") as book:
        assert book.sheet(1).text == data


def test_xml_in_wide_letters_is_read(folder: Path) -> None:
    data = '<?xml version="1.0" encoding="UTF-16"?><a>你好</a>'
    with xml.opened(put(folder, "a.xml", data.encode("utf-16")), "a.xml") as book:
        assert book.sheet(1).text == data
    with xml.opened(put(folder, "b.xml", data.encode("utf-8")), "b.xml") as book:
        assert book.sheet(1).text == data


def test_entities_are_shown_and_not_unfolded(folder: Path) -> None:
    data = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with xml.opened(put(folder, "a.xml", data.encode()), "a.xml") as book:
        assert book.sheet(1).text == data
