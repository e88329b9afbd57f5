import pytest

from glmdesk.chat.titles import LENGTH, title_of


@pytest.mark.parametrize(
    ("text", "names", "title"),
    [
        ("Hello", (), "Hello"),
        ("  two\n lines ", (), "two lines"),
        ("", ("report.pdf",), "report.pdf"),
        ("", (), "New chat"),
        ("word " * 30, (), "word " * 10 + "word…"),
        ("长" * 100, (), "长" * (LENGTH - 1) + "…"),
    ],
)
def test_title(text: str, names: tuple[str, ...], title: str) -> None:
    assert title_of(text, names) == title
    assert len(title_of(text, names)) <= LENGTH
