"""The files of a question as HTML: what is known, what is asked, and no name becomes markup."""

from dataclasses import replace

import pytest

from glmdesk.messages import Choice
from glmdesk.ui import strip, text
from glmdesk.ui.strip import Row
from glmdesk.ui.total import Sum
from glmdesk.ui.tray import Item
from tests.ui.markup import Markup
from tests.ui.papers import OTHER, PDF, SHA, card, chosen, document, item, picture

HOSTILE = '<img src=x onerror="alert(1)">\'"&</article><script>alert(2)</script>'


def drawn(*rows: Row, summed: Sum | None = None) -> Markup:
    return Markup(strip.draw(rows, summed or Sum()))


def fields(page: Markup, do: str) -> list[dict[str, str]]:
    return [field for field in page.fields if field.get("data-do") == do]


def test_nothing_is_nothing() -> None:
    assert strip.draw([], Sum()) == ""
    assert "It is gone." in strip.draw([], Sum(said="It is gone."))


def test_a_picture_with_its_size_and_price() -> None:
    page = drawn(Row(item=item(picture().attachment), strip=picture()))
    assert "PNG, 30 kB · 1,080 × 1,440, 1,008 tokens" in page.words
    assert f"/files/{OTHER}/pages/0?side=160" in page.values("src")
    assert page.tags.count("select") == 0
    estimated = drawn(Row(item=item(), strip=picture(exact=False)))
    assert "about 1,008 tokens" in estimated.words


def test_a_document_with_its_pages() -> None:
    page = drawn(Row(item=item(), strip=document(3)))
    assert "PDF, 2.0 MB · 3 pages · 300 tokens" in page.words
    assert page.values("src") == [f"/files/{SHA}/pages/{n}?side=160" for n in (1, 2, 3)]
    assert page.tags.count("li") == 3


def test_a_document_that_is_being_read_says_how_far_it_is() -> None:
    page = drawn(Row(item=item(), strip=document(3, total=10)))
    assert "10 pages · 3 read" in page.words
    assert page.tags.count("li") == 10
    assert page.tags.count("img") == 3


def test_the_way_that_auto_comes_to() -> None:
    whole = drawn(Row(item=item(), strip=document()))
    assert "As it fits: all of it" in whole.words
    search = drawn(Row(item=item(), strip=document(way="search")))
    assert "As it fits: what suits the question" in search.words
    assert "up to 300 tokens" in search.words


def test_pages_are_asked_for_only_when_they_are_chosen() -> None:
    assert fields(drawn(Row(item=item(), strip=document())), "pages") == []
    attachment = chosen(PDF, Choice(way="pages", pages="1"))
    wrong = replace(item(attachment), typed="3, 99", wrong="There is no page 99.")
    page = drawn(Row(item=wrong, strip=document(attachment=attachment, way="pages")))
    (field,) = fields(page, "pages")
    assert (field["value"], field["aria-invalid"]) == ("3, 99", "true")
    assert "There is no page 99." in page.words
    (menu,) = fields(page, "way")
    assert menu["data-value"] == "pages"


def test_the_encoding_of_a_text_can_be_changed() -> None:
    assert fields(drawn(Row(item=item(), strip=document())), "encoding") == []
    page = drawn(Row(item=item(), strip=document(encoding="cp1252")))
    assert fields(page, "encoding")[0]["data-value"] == ""
    assert "Found: Western (Windows-1252)" in page.words
    by_hand = replace(PDF, encoding="gb18030")
    changed = drawn(Row(item=item(), strip=document(attachment=by_hand, encoding="gb18030")))
    assert fields(changed, "encoding")[0]["data-value"] == "gb18030"
    assert text.ENCODING_AUTO in changed.words


def test_every_encoding_is_one() -> None:
    for name, _ in text.ENCODINGS:
        assert "x".encode(name)


def test_a_locked_file_asks_for_its_password() -> None:
    locked = Item(key="k", name="locked.pdf", state="locked")
    page = drawn(Row(item=locked))
    (field,) = page.fields
    assert (field["type"], field["autocomplete"]) == ("password", "off")
    assert "value" not in field
    assert text.LOCKED in page.words
    wrong = drawn(Row(item=replace(locked, said="That is not its password.")))
    assert "That is not its password." in wrong.words


@pytest.mark.parametrize(
    ("state", "words"), [("coming", text.ATTACHED_COMING), ("taking", text.ATTACHED_TAKING)]
)
def test_a_file_on_its_way(state: str, words: str) -> None:
    page = drawn(Row(item=Item(key="k", name="a.txt", state=state)))  # type: ignore[arg-type]
    assert words in page.words
    assert page.tags.count("img") == 0


def test_a_file_that_cannot_be_read_leaves_the_others() -> None:
    failed = Item(key="a", name="broken.png", state="failed", said="broken.png is broken.")
    page = drawn(Row(item=failed), Row(item=item(), strip=document()))
    assert "broken.png is broken." in page.words
    assert page.tags.count("article") == 2
    assert [one["aria-label"] for one in page.buttons if one.get("data-do") == "remove"] == [
        "Remove broken.png",
        "Remove report.pdf",
    ]


def test_a_file_that_is_gone_from_the_store() -> None:
    page = drawn(Row(item=item(), said="There is no such file."))
    assert "There is no such file." in page.words


def test_notes_and_warnings() -> None:
    page = drawn(Row(item=item(), strip=document(note="Page 4 is empty.", warning="It is long.")))
    assert "Page 4 is empty." in page.words
    assert "It is long." in page.words


def test_no_name_becomes_markup() -> None:
    hostile = replace(PDF, name=HOSTILE, media_type=HOSTILE)
    known = document(
        attachment=chosen(hostile, Choice(way="pages")),
        note=HOSTILE,
        warning=HOSTILE,
        encoding=HOSTILE,
    )
    known = replace(known, pages=(card(1, label=HOSTILE), card(2, fault=HOSTILE)), total=2)
    rows = [
        Row(item=replace(item(hostile, HOSTILE), typed=HOSTILE, wrong=HOSTILE), strip=known),
        Row(item=Item(key=HOSTILE, name=HOSTILE, state="failed", said=HOSTILE)),
        Row(item=Item(key=HOSTILE, name=HOSTILE, state="locked", said=HOSTILE)),
        Row(item=item(hostile), said=HOSTILE),
    ]
    page = drawn(*rows, summed=Sum(said=HOSTILE))
    assert "script" not in page.tags
    assert page.tags.count("img") == 2
    assert page.tags.count("article") == 4
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert HOSTILE in page.words


@pytest.mark.parametrize(
    ("encoding", "called"),
    [("koi8_r", "Cyrillic (KOI8-R)"), ("cp1252", "Western (Windows-1252)"), ("cp932", "CP932")],
)
def test_an_encoding_has_the_name_that_people_know(encoding: str, called: str) -> None:
    assert (
        f"Found: {called}"
        in drawn(Row(item=item(), strip=replace(document(), encoding=encoding))).words
    )
