"""Text files: HTML, Markdown, source code, CSV, JSON, XML, e-mail, and plain text in many encodings."""

import json
from email.message import EmailMessage
from functools import partial

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.scripts import ARABIC, HEBREW, han
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.words import prose

GREEK = "Το βιβλίο βρίσκεται πάνω στο τραπέζι και η πόρτα είναι ανοιχτή όλη μέρα"
RUSSIAN = "Книга лежит на столе, а дверь открыта весь день, и никто не закрывает окно вечером"
GERMAN = "Die Tür öffnet sich für große Bären, während müde Käfer überall süße Äpfel essen"
FRENCH = "L’été à la forêt, où l’élève écrit dès qu’il a reçu sa leçon, était très agréable"
POLISH = "Zażółć gęślą jaźń, gdy żółw idzie powoli przez łąkę i śpiewa piękną pieśń o źródle"
JAPANESE = "日本語の文章をここに書きます。図書館は毎日九時から開いています。カタカナも読めます。"
KOREAN = "한국어 문장을 여기에 씁니다. 도서관은 매일 아홉 시부터 열려 있습니다."
CHINESE = "今天天气很好，我们去图书馆看书。" + han("text", 200)


def cases() -> tuple[Case, ...]:
    return (
        _html(),
        _html_hidden(),
        _markdown(),
        _code(),
        *_tables(),
        _json(),
        _xml(),
        _mail(),
        _mail_parts(),
        _long(),
        _unbroken(),
        *_encodings(),
    )


def _text(name: str, text: str, words: str = "", encoding: str = "utf-8") -> Case:
    return Case(
        name=name,
        make=partial(text.encode, encoding),
        leaves=(Leaf(words=words or text),),
        paged=False,
    )


def _html() -> Case:
    texts = [prose(f"html {n}", 80) for n in range(12)]
    body = "".join(f"<h2>Section {n}</h2><p>{text}</p>" for n, text in enumerate(texts))
    table = "<table><tr><th>headone<th>headtwo<tr><td>cellone<td>celltwo</table>"
    lists = (
        "<ul><li>firstitem<li>seconditem</ul><p>Gr&uuml;&#223;e &amp; caf&eacute; <b>bo</b>ld</p>"
    )
    words = " ".join(f"Section {n} {text}" for n, text in enumerate(texts))
    return _text(
        "page.html",
        f"<!doctype html><meta charset=utf-8><title>Pagetitle</title><body>{body}{table}{lists}",
        f"{words} headone headtwo cellone celltwo firstitem seconditem Grüße café bold",
    )


def _html_hidden() -> Case:
    """What a browser does not show is not what the page says."""
    text = prose("html hidden", 40)
    return Case(
        name="script.html",
        make=lambda: (
            "<html><head><style>.styleword{}</style></head><body><script>scriptword()</script>"
            f"<p>{text}</p><!-- commentword --><template>templateword</template></body></html>"
        ).encode(),
        leaves=(Leaf(words=text, absent=("styleword", "scriptword", "commentword")),),
        paged=False,
    )


def _markdown() -> Case:
    texts = [prose(f"markdown {n}", 80) for n in range(30)]
    body = "\n\n".join(f"# Part {n}\n\n{text}" for n, text in enumerate(texts))
    return _text(
        "notes.md", f"{body}\n\n| a | b |\n|---|---|\n| cellone | celltwo |\n\n```\ncode()\n```\n"
    )


def _code() -> Case:
    lines = [f'def f{n}(x: int) -> str:\n    return f"<{{x}}> & {n}"\n' for n in range(300)]
    return _text("module.py", "\n\n".join(lines))


def _tables() -> tuple[Case, ...]:
    rows = [[*prose(f"csv {n}", 4).rstrip(".").split(), f'with "quote", {n}'] for n in range(500)]
    words = " ".join(" ".join(row) for row in rows)

    def table(mark: str) -> str:
        cells = ('"{}"'.format(row[-1].replace('"', '""')) for row in rows)
        return "".join(
            mark.join((*row[:-1], cell)) + "\r\n" for row, cell in zip(rows, cells, strict=True)
        )

    return tuple(
        _text(name, table(mark), words)
        for name, mark in (("comma.csv", ","), ("semicolon.csv", ";"), ("tabs.tsv", "\t"))
    )


def _json() -> Case:
    data = {
        "people": [
            {"name": prose(f"json {n}", 2), "age": n, "tags": ["é", "中"]} for n in range(400)
        ]
    }
    text = json.dumps(data, ensure_ascii=False)
    return _text("data.json", text)


def _xml() -> Case:
    items = "".join(f'<item id="k{n}">{prose(f"xml {n}", 6)} &amp; more</item>' for n in range(200))
    words = " ".join(f"{prose(f'xml {n}', 6)} more" for n in range(200))
    return _text("data.xml", f'<?xml version="1.0" encoding="UTF-8"?><list>{items}</list>', words)


def _mail() -> Case:
    message = EmailMessage()
    message["From"] = "Zoë Müller <zoe@example.org>"
    message["To"] = "team@example.org"
    message["Subject"] = "Größe der Lieferung – 中文"
    message["Date"] = "Wed, 25 Nov 2026 10:00:00 +0000"
    text = prose("mail", 120) + " Grüße aus Köln"
    message.set_content(text, cte="quoted-printable")
    return Case(
        name="letter.eml",
        make=message.as_bytes,
        leaves=(Leaf(words=f"Zoë Müller team example org Größe der Lieferung 中文 {text}"),),
        paged=False,
        ordered=False,
    )


def _mail_parts() -> Case:
    """Both forms of the same words are read once, and what is attached is at least named."""
    text = prose("mail parts", 60)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Parts"
    message.set_content(text)
    message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    message.add_attachment(encoded(figure()), "image", "png", filename="photograph.png")
    message.add_attachment(b"%PDF-1.4", "application", "pdf", filename="contract.pdf")
    message.set_boundary("edge")
    for part in message.walk():
        if part.is_multipart() and part is not message:
            part.set_boundary("inner")
    return Case(
        name="parts.eml",
        make=message.as_bytes,
        leaves=(Leaf(words=f"Parts {text} photograph contract"),),
        paged=False,
        ordered=False,
    )


def _long() -> Case:
    texts = [prose(f"long text {n}", 80) for n in range(400)]
    return _text("long.txt", "\n\n".join(texts))


def _unbroken() -> Case:
    """One line, one paragraph: pieces must be cut between words."""
    return _text("one-line.txt", prose("one line", 8000))


_WRITTEN = (
    ("cp1252", GERMAN), ("latin-1", GERMAN), ("cp1252", FRENCH), ("cp1250", POLISH),
    ("cp1251", RUSSIAN), ("koi8-r", RUSSIAN), ("cp866", RUSSIAN), ("cp1253", GREEK),
    ("cp1255", HEBREW), ("cp1256", ARABIC), ("gb18030", CHINESE), ("gbk", CHINESE),
    ("shift_jis", JAPANESE), ("euc_jp", JAPANESE), ("iso2022_jp", JAPANESE),
    ("euc_kr", KOREAN), ("big5", "學習漢字書寫需要時間與耐心，圖書館今天開放。" * 3),
)  # fmt: skip
_MARKED = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8")


def _encodings() -> tuple[Case, ...]:
    """Each old encoding once told by a person and once found, but for one that nobody can tell."""
    every = " ".join((GERMAN, RUSSIAN, GREEK, CHINESE, HEBREW))
    told = tuple(
        Case(
            name=f"{how}-{encoding}-{number}.txt",
            make=partial(_repeated, text, encoding),
            leaves=(Leaf(words=" ".join([text] * 4)),),
            encoding=encoding if how == "told" else "",
            paged=False,
        )
        for number, (encoding, text) in enumerate(_WRITTEN)
        for how in ("told", "found")
        if (how, encoding) != ("found", "cp866")
    )
    found = tuple(_text(f"{encoding}.txt", every, encoding=encoding) for encoding in _MARKED)
    return told + found


def _repeated(text: str, encoding: str) -> bytes:
    return "\n".join([text] * 4).encode(encoding)
