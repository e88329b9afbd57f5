import pytest

from glmdesk.documents.text import decode

CHINESE = "这是一个测试文件，用来检查编码是否正确。模型应该能够读取中文文本。"


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        ("plain", "utf-8", ""),
        ("Größe 👋 你好", "utf-8", ""),
        ("Größe", "utf-8-sig", ""),
        ("Größe 你好", "utf-16", "Read as UTF-16."),
        ("hello world", "utf-16-le", "Read as UTF-16."),
        ("hello world", "utf-16-be", "Read as UTF-16."),
        (CHINESE, "gb18030", "Read as GB18030."),
        ("這是一個測試文件，用來檢查編碼是否正確。", "big5", "Read as Big5."),
        ("Äpfel kosten 3 € im Café – “naïf”.", "cp1252", "Read as Windows-1252."),
        ("café", "cp1252", "Read as Windows-1252."),
        ("El niño comió jamón. ¿Qué pasó?", "cp1252", "Read as Windows-1252."),
        ("Zażółć gęślą jaźń. Wszystkie dzieci lubią.", "cp1250", "Read as Windows-1250."),
        ("Привет, мир! Это проверка.", "cp1251", "Read as Windows-1251."),
        ("これはテストです。日本語の文章を読みます。", "cp932", "Read as Shift JIS."),
    ],
)
def test_words_come_back_whole(text: str, encoding: str, note: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.note) == (text, note)


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


def test_line_ends_are_made_plain_and_indentation_stays() -> None:
    assert decode(b"def f():\r\n    return 1\rend").text == "def f():\n    return 1\nend"
