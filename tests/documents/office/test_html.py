import base64
from pathlib import Path

import pytest

from glmdesk.documents.office import html
from tests.documents.office import making
from tests.documents.samples import put


def text(page: str) -> str:
    return "\n".join(leaf.text for leaf in html.leaves(page))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>one</p><p>two\n words</p>", "one\n\ntwo words"),
        ("<h2>A <b>head</b></h2>text", "## A head\n\ntext"),
        ("a<br>b", "a\nb"),
        (
            "<ul><li>one<li>two<ol><li>x<li>y</ol></ul>after",
            "- one\n- two\n  1. x\n  2. y\n\nafter",
        ),
        ("<ul><li><p>one</p></li><li>two</li></ul>", "- one\n- two"),
        (
            'see <a href="https://x.y/z">the <i>site</i></a> now',
            "see [the site](https://x.y/z) now",
        ),
        ('<a href="#top">top</a> <a href="javascript:x()">run</a>', "top run"),
        ("<script>bad()</script><style>p{}</style>good<noscript>no</noscript>", "good"),
        ("<pre>  kept\n   as is</pre>", "```\n  kept\n   as is\n```"),
        ('<img alt="a boat" src="x.png"><img src="y.png">', "[picture: a boat]"),
        ("&lt;b&gt; &amp; &eacute;&#8364;", "<b> & é€"),
        ("<head><meta name=x><body>body", "body"),
        ("one<div>two</div>three", "one\n\ntwo\n\nthree"),
        ("", ""),
        ("<p>never closed <table><tr><td>a<td>b", "never closed\n\n| a | b |\n|---|---|"),
    ],
)
def test_markup_becomes_markdown(page: str, words: str) -> None:
    assert text(page) == words


def test_tables_keep_their_columns() -> None:
    page = (
        "<table><tr><th colspan=2>wide</th><th>c</th></tr>"
        "<tr><td>1</td><td>two | <br>lines</td><td><p>3</p></td></tr></table>"
    )
    assert text(page) == "| wide |  | c |\n|---|---|---|\n| 1 | two \\|<br>lines | 3 |"


def test_a_table_that_only_places_things_is_text() -> None:
    assert text("<table><tr><td>one</td></tr><tr><td>two</td></tr></table>") == "one\n\ntwo"


def test_the_title_is_the_label_and_said_once() -> None:
    first = html.leaves("<title> My\n page </title><p>words</p>")[0]
    assert (first.label, first.text) == ("My page", "# My page\n\nwords")
    assert html.leaves("<title>My page</title><h1>My page</h1>")[0].text == "# My page"


def test_pictures_inside_a_page_are_kept_where_they_stand() -> None:
    data = base64.b64encode(making.PNG).decode()
    page = (
        f'<p>one</p><img alt="a boat" src="data:image/png;base64,{data}"><p>two</p>'
        f'<img src="data:image/png;base64,%%%"><p>{"word " * 1_000}</p>'
        f'<img src="data:image/png;base64,{data}">'
    )
    first, *_, last = html.leaves(page)
    assert first.text.startswith(
        "one\n\n[picture: a boat]\n\ntwo\n\n[picture that cannot be shown]"
    )
    assert [image.size for image in first.pictures] == [(120, 90)]
    assert last.text.endswith("[picture]")
    assert len(last.pictures) == 1


def test_deep_and_broken_pages_end() -> None:
    assert text("<div>" * 50_000 + "deep") == "deep"
    assert text("</td></table></ul></a></pre></h1>ok") == "ok"
    assert text("<table>" * 2_000 + "deep").strip() == "deep"
    assert text("<td colspan=999999999>x</td><a href=y>" * 50).count("x") == 50


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="gb2312">', "gb18030"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=big5">', "big5"),
        ("<meta charset=utf-8>", "utf-8"),
    ],
)
def test_the_encoding_a_page_declares_is_believed(folder: Path, head: str, encoding: str) -> None:
    path = put(folder, "a.html", f"{head}<p>中文</p>".encode(encoding))
    with html.opened(path, "a.html") as book:
        assert (book.sheet(1).text, book.encoding) == ("中文", encoding)


def test_a_choice_wins_over_what_is_declared(folder: Path) -> None:
    path = put(folder, "a.html", '<meta charset="utf-8">é'.encode("cp1252"))
    with html.opened(path, "a.html", "cp1252") as book:
        assert book.sheet(1).text == "é"
