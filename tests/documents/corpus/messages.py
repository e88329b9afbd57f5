"""E-mails and web pages as they really come: forwarded, coded, nested, without a charset."""

import base64
from email.message import EmailMessage
from functools import partial

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.texts import FRENCH, GERMAN, JAPANESE, RUSSIAN
from tests.documents.corpus.words import prose


def cases() -> tuple[Case, ...]:
    return (
        _forwarded(),
        _only_html(),
        _raw("base64.eml", "utf-8", RUSSIAN, coded=True),
        _raw("japanese.eml", "iso-2022-jp", JAPANESE),
        _raw("western.eml", "iso-8859-15", GERMAN),
        _eight_bit_heads(),
        _page("declared.html", "windows-1251", RUSSIAN),
        _page("shift-jis.html", "shift_jis", JAPANESE),
        _undeclared(),
        _pictures(),
        _shown_parts(),
        _lines("old-mac.txt", "\r"),
        _lines("windows.txt", "\r\n"),
        _lines("mixed-ends.txt", "\r\n", "\n"),
        _notebook(),
        _json_lines(),
        _quoted_lines(),
        _excel_text(),
    )


def _case(name: str, data: bytes, words: str, **leaf: object) -> Case:
    return Case(
        name=name,
        make=lambda: data,
        leaves=(Leaf(words=words, **leaf),),  # type: ignore[arg-type]
        paged=False,
        ordered=False,
    )


def _forwarded() -> Case:
    """The message that was sent on is what it is about."""
    inner, outer = EmailMessage(), EmailMessage()
    first, second = prose("outer mail", 30), prose("inner mail", 60)
    inner["From"], inner["Subject"] = "zoe@example.org", "Innersubject"
    inner.set_content(second)
    outer["From"], outer["Subject"] = "bo@example.org", "Outersubject"
    outer.set_content(first)
    outer.add_attachment(inner)
    outer.set_boundary("edge")
    return _case(
        "forwarded.eml", outer.as_bytes(), f"Outersubject {first} Innersubject {second}", once=False
    )


def _only_html() -> Case:
    text = prose("html mail", 80)
    message = EmailMessage()
    message["Subject"] = "Onlyhtml"
    message.set_content(f"<html><style>.styleword{{}}</style><p>{text}</p></html>", subtype="html")
    return _case("only-html.eml", message.as_bytes(), f"Onlyhtml {text}", absent=("styleword",))


def _raw(name: str, charset: str, text: str, *, coded: bool = False) -> Case:
    body = text.encode(charset)
    how = "base64" if coded else "8bit"
    head = f"Subject: Letter\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
    head += f"Content-Transfer-Encoding: {how}\n\n"
    return _case(
        name, head.encode() + (base64.encodebytes(body) if coded else body), f"Letter {text}"
    )


def _eight_bit_heads() -> Case:
    """Heads with letters that they must not have, as many programs send them."""
    return _case(
        "raw-heads.eml",
        f"From: Zoë <z@example.org>\nSubject: Größe\n\n{GERMAN}".encode(),
        f"Zoë Größe {GERMAN}",
    )


def _page(name: str, charset: str, text: str) -> Case:
    page = f'<html><head><meta charset="{charset}"></head><body><p>{text}</p></body></html>'
    return _case(name, page.encode(charset), text)


def _undeclared() -> Case:
    """A page that says nothing is read as browsers do: Western European."""
    page = f"<html><body><p>{FRENCH} {GERMAN}</p></body></html>"
    return _case("undeclared.html", page.encode("cp1252"), f"{FRENCH} {GERMAN}")


def _pictures() -> Case:
    """A picture inside of the page itself can be seen; its name is read."""
    data = base64.b64encode(encoded(figure((300, 200)))).decode()
    page = f'<html><body><p>Words</p><img alt="Altword" src="data:image/png;base64,{data}"></body></html>'
    return _case("inline-picture.html", page.encode(), "Words Altword", picture=True)


def _shown_parts() -> Case:
    page = (
        "<html><body><nav>Navword</nav><details><summary>Sumword</summary>Detailword</details>"
        "<pre>Preword  twice</pre><blockquote>Quoteword</blockquote><dl><dt>Termword<dd>Meaningword</dl>"
        "<table><tr><td rowspan=2>Spanword<td>Cellword<tr><td><table><tr><td>Nestedword</table></table>"
        "<select><option>Optionword</select><textarea>Areaword</textarea><button>Buttonword</button>"
        '<p>un<b>broken</b>word</p><p>a<br>b</p><a href="x">Linkword</a></body></html>'
    )
    words = (
        "Navword Sumword Detailword Preword twice Quoteword Termword Meaningword Spanword Cellword "
        "Nestedword unbrokenword Linkword"
    )
    return _case("parts.html", page.encode(), words)


def _lines(name: str, *ends: str) -> Case:
    rows = [prose(f"{name} {row}", 8) for row in range(200)]
    text = "".join(row + ends[at % len(ends)] for at, row in enumerate(rows))
    return Case(
        name=name, make=partial(text.encode, "utf-8"), leaves=(Leaf(words=" ".join(rows)),), paged=False
    )  # fmt: skip


def _notebook() -> Case:
    text = prose("notebook", 40)
    data = f'{{"cells": [{{"cell_type": "markdown", "source": ["# Title\\n", "{text}"]}}], "nbformat": 4}}'
    return _case("work.ipynb", data.encode(), f"Title {text}")


def _json_lines() -> Case:
    rows = [prose(f"jsonl {n}", 6) for n in range(300)]
    return _case(
        "log.jsonl", "".join(f'{{"said": "{row}"}}\n' for row in rows).encode(), " ".join(rows)
    )


def _quoted_lines() -> Case:
    """A cell of several lines, an empty one, and rows of different length."""
    return _case(
        "cells.csv",
        b'a,"one\ntwo ""three""",b\n,,\nshort\nlong,er,than,all\n',
        "a one two three b short long er than all",
    )


def _excel_text() -> Case:
    """Excel's "Unicode text": tabs, in UTF-16."""
    rows = [prose(f"excel {n}", 4).split() for n in range(80)]
    text = "\r\n".join("\t".join(row) for row in rows)
    return _case("unicode.txt", text.encode("utf-16"), " ".join(" ".join(row) for row in rows))
