from pathlib import Path

import pytest

from glmdesk.documents.text import encodings, pieces, text
from glmdesk.documents.text.text import decode
from glmdesk.errors import DocumentTooLarge
from tests.documents.samples import put

CHINESE = (
    "这是一个测试文件，用来检查编码是否正确。模型应该能够读取中文文本。\n一次，两次，一共三次。\n"
)
TAIWAN = "這是一個測試文件，用來檢查編碼是否正確。"
KOREAN = "이것은 시험용 문서입니다. 한국어 문장을 읽을 수 있어야 합니다. 안녕하세요."
RUSSIAN = "Привет, мир! Это проверка того, как читаются русские тексты в старой кодировке."


@pytest.mark.parametrize(
    ("words", "encoding", "note"),
    [
        ("plain", "utf-8", ""),
        ("Größe 👋 你好", "utf-8", ""),
        ("Größe", "utf-8-sig", ""),
        ("Größe 你好", "utf-16", "Read as UTF-16."),
        ("hello world", "utf-16-le", "Read as UTF-16."),
        ("hello world", "utf-16-be", "Read as UTF-16."),
        (CHINESE, "utf-16-le", "Read as UTF-16."),
        (CHINESE, "utf-16-be", "Read as UTF-16."),
        ("Größe 你好 👋", "utf-32", "Read as UTF-32."),
        ("Größe 你好 👋", "utf-32-le", "Read as UTF-32."),
        ("Größe 你好 👋", "utf-32-be", "Read as UTF-32."),
        (CHINESE, "gb18030", "Read as GB18030."),
        (TAIWAN, "big5", "Read as Big5."),
        (KOREAN, "euc_kr", "Read as EUC-KR."),
        (RUSSIAN, "koi8_r", "Read as KOI8-R."),
        ("Äpfel kosten 3 € im Café – “naïf”.", "cp1252", "Read as Windows-1252."),
        ("café", "cp1252", "Read as Windows-1252."),
        ("El niño comió jamón. ¿Qué pasó?", "cp1252", "Read as Windows-1252."),
        ("Zażółć gęślą jaźń. Wszystkie dzieci lubią.", "cp1250", "Read as Windows-1250."),
        ("Привет, мир! Это проверка.", "cp1251", "Read as Windows-1251."),
        ("これはテストです。日本語の文章を読みます。", "cp932", "Read as Shift JIS."),
        ("これはテストです。\nplain", "iso2022_jp", "Read as ISO-2022-JP."),
    ],
)
def test_words_come_back_whole(words: str, encoding: str, note: str) -> None:
    decoded = decode(words.encode(encoding))
    assert (decoded.text, decoded.note) == (words, note)
    assert decoded.encoding in text.ENCODINGS


@pytest.mark.parametrize("encoding", sorted(text.ENCODINGS))
def test_every_choice_of_the_menu_can_be_read(encoding: str) -> None:
    words = "plain words, 3 of them\n"
    decoded = decode(words.encode(encoding), encoding)
    assert (decoded.text, decoded.encoding, decoded.note) == (words, encoding, "")


def test_what_a_person_chose_wins() -> None:
    data = "Größe".encode()
    assert decode(data, "cp1252").text == "GrÃ¶ÃŸe"
    assert decode("Größe".encode("cp1252"), "cp1250").encoding == "cp1250"


def test_bytes_that_do_not_fit_the_choice_are_shown() -> None:
    decoded = decode(b"one \xff two \xe4\xbd\xa0", "utf-8")
    assert decoded.text == "one \\xff two 你"
    assert decoded.note == "Some bytes are not UTF-8; they are shown as \\xNN."


@pytest.mark.parametrize("choice", ["zip", "base64", "rot13", "no such thing", "\0"])
def test_a_choice_that_is_no_encoding_is_passed_over(choice: str) -> None:
    assert decode("Größe".encode(), choice).text == "Größe"


def test_what_a_file_declares_is_believed_as_far_as_it_fits() -> None:
    data = "Привет".encode("koi8_r")
    assert decode(data, declared="koi8-r").text == "Привет"
    assert decode("Größe".encode("cp1252"), declared="utf-8").text == "Größe"


def test_no_byte_is_dropped_whatever_it_is() -> None:
    data = bytes(range(1, 256)) * 3
    decoded = decode(data)
    assert len(decoded.text) >= len(data.replace(b"\r\n", b"\n")) // 2
    assert decoded.note
    assert "\ufffd" not in decoded.text


def test_utf8_with_one_bad_byte_keeps_the_rest() -> None:
    decoded = decode(b"Some English words, " * 20 + b"\xff" + b" and more of them.")
    assert decoded.text.startswith("Some English words, ")
    assert decoded.text.endswith(" and more of them.")
    assert decoded.note


def test_utf8_mixed_with_another_encoding_is_both() -> None:
    data = ("Größe für Übung " * 9).encode() + "naïve Café".encode("cp1252")
    decoded = decode(data)
    assert decoded.text == "Größe für Übung " * 9 + "naïve Café"
    assert decoded.encoding == "utf-8"
    assert decoded.note == "Read as UTF-8; 2 bytes that do not fit were read as Windows-1252."


def test_a_letter_cut_in_two_at_the_end_costs_only_itself() -> None:
    decoded = decode("你好世界你好世界".encode()[:-1])
    assert decoded.text.startswith("你好世界你好世")
    assert len(decoded.text) == 9


def test_line_ends_are_made_plain_and_indentation_stays() -> None:
    assert decode(b"def f():\r\n    return 1\rend").text == "def f():\n    return 1\nend"


def test_bytes_with_zeros_everywhere_are_no_wide_text() -> None:
    assert encodings.wide(bytes(range(256)) * 4) == ""
    assert encodings.wide(b"\x00" * 64) == ""


def test_a_long_text_has_pages_that_join_to_itself(folder: Path) -> None:
    lines = "".join(f"Line {number} of the long text.\n" for number in range(1_000))
    path = put(folder, "a.txt", lines.encode())
    with text.opened(path, "a.txt") as book:
        sheets = [book.sheet(number) for number in range(1, book.total + 1)]
        assert (book.note, book.encoding) == ("", "utf-8")
        assert book.find(1, "Line 1") == ()
    assert [sheet.number for sheet in sheets] == list(range(1, len(sheets) + 1))
    assert len(sheets) == pytest.approx(len(lines) / 3_000, rel=0.3)
    assert "".join(sheet.text + "\n" for sheet in sheets) == lines
    assert all(sheet.looks.ink and sheet.looks.letters > 1_000 for sheet in sheets[:-1])


def test_a_text_is_read_as_it_was_chosen(folder: Path) -> None:
    path = put(folder, "a.txt", "Größe".encode("cp1252"))
    with text.opened(path, "a.txt", "koi8_r") as book:
        assert book.encoding == "koi8_r"
        assert book.sheet(1).text != "Größe"


def test_an_endless_text_is_refused(folder: Path) -> None:
    path = folder / "a.txt"
    with path.open("wb") as file:
        file.truncate(33 * 2**20)
    with (
        pytest.raises(DocumentTooLarge, match=r"a\.txt is 33 MB of text"),
        text.opened(path, "a.txt"),
    ):
        pass


@pytest.mark.parametrize(
    "words",
    [
        "", "short", "x" * 20_000, "word " * 5_000, "# Head\n\nText.\n" * 900, "句子很长。" * 3_000,
        "<a><b>1</b></a>" * 1_000,
    ],
)  # fmt: skip
def test_pieces_join_to_the_whole_and_are_of_one_size(words: str) -> None:
    parts = pieces.cut(words)
    assert "".join(parts) == words
    assert all(len(part) <= pieces.PAGE * 5 // 4 for part in parts)
    assert all(len(part) >= pieces.PAGE // 4 for part in parts[:-1])


def test_pieces_begin_at_headings_where_they_can() -> None:
    parts = pieces.cut("".join(f"# Part {n}\n\n{'Words. ' * 200}\n\n" for n in range(9)))
    assert all(part.startswith("# Part") for part in parts)
