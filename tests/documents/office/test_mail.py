from email.message import EmailMessage
from pathlib import Path

from glmdesk.documents.office import mail
from glmdesk.documents.page import Sheet
from tests.documents.office import making
from tests.documents.samples import put


def letter(words: str = "Hello Bob,\n\nsee below.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann Müller <ann@example.org>"
    message["To"] = "bob@example.org"
    message["Date"] = "Tue, 24 Nov 2026 20:00:00 +0000"
    message["Subject"] = "Grüße 你好"
    message.set_content(words)
    return message


def read(folder: Path, data: bytes) -> Sheet:
    with mail.opened(put(folder, "a.eml", data), "a.eml") as book:
        return book.sheet(1)


def test_headers_and_words(tmp_path: Path) -> None:
    sheet = read(tmp_path, letter().as_bytes())
    assert sheet.label == "Grüße 你好"
    assert sheet.text == (
        "From: Ann Müller <ann@example.org>\nTo: bob@example.org\n"
        "Date: Tue, 24 Nov 2026 20:00:00 +0000\nSubject: Grüße 你好\n\nHello Bob,\n\nsee below."
    )


def test_plain_words_are_preferred_and_said_once(tmp_path: Path) -> None:
    message = letter()
    message.add_alternative("<p>Hello <b>Bob</b> in HTML</p>", subtype="html")
    text = read(tmp_path, message.as_bytes()).text
    assert "see below." in text
    assert "HTML" not in text


def test_a_mail_that_is_only_a_page_is_read_as_one(tmp_path: Path) -> None:
    message = letter()
    message.set_content("<style>x</style><h1>Sale</h1><p>50 %</p>", subtype="html")
    assert read(tmp_path, message.as_bytes()).text.endswith("\n\n# Sale\n\n50 %")


def test_what_is_attached_is_named_and_pictures_are_kept(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"x" * 5_000, maintype="application", subtype="pdf", filename="bill.pdf")
    message.add_attachment("a,b", filename="table.txt")
    message.add_attachment(
        making.PNG, maintype="image", subtype="png", filename="boat on a lake.png"
    )
    path = put(tmp_path, "a.eml", message.as_bytes())
    with mail.opened(path, "a.eml") as book:
        sheet = book.sheet(1)
        raster = book.draw(1, 0, (120, 90))
    assert "[attachment: bill.pdf, 5 KB]" in sheet.text
    assert "[attachment: table.txt, 4 bytes]" in sheet.text
    assert "[picture: boat on a lake.png]" in sheet.text
    assert sheet.pictures == ((120, 90),)
    assert raster.width >= 120


def test_a_mail_inside_a_mail_is_read(tmp_path: Path) -> None:
    message = letter("The outer words.")
    message.add_attachment(letter("The inner words."))
    text = read(tmp_path, message.as_bytes()).text
    assert (
        text.index("The outer words.")
        < text.index("[attached mail]")
        < text.index("The inner words.")
    )


def test_the_words_are_in_the_encoding_they_declare(tmp_path: Path) -> None:
    data = b"From: a@b\nSubject: x\nContent-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: 8bit\n\n"
    assert read(tmp_path, data + "你好，世界".encode("gb18030")).text.endswith("你好，世界")


def test_a_mail_with_an_unknown_charset_and_broken_headers_is_read(tmp_path: Path) -> None:
    data = b"From: =?x-none?q?a?= <<>\nTo: ;;\nDate: no\nContent-Type: text/plain; charset=x-none\n\nGr\xc3\xbc\xc3\x9fe"
    assert read(tmp_path, data).text.endswith("\n\nGrüße")


def test_an_empty_mail_is_one_page(tmp_path: Path) -> None:
    assert read(tmp_path, b"From: a@b\n\n").text == "From: a@b"
