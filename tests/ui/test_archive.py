"""The library as HTML: what is known of each document, what removing it means, and no name as markup."""

from dataclasses import replace

from glmdesk.chat.papers import Shelved
from glmdesk.ui import archive, text
from tests.ui.markup import Markup
from tests.ui.papers import PDF, SHA

HOSTILE = '<img src=x onerror="alert(1)">\'"&</article><script>alert(2)</script>'
SHELVED = Shelved(attachment=replace(PDF, pages=12), chats=2, cached=500_000)


def test_a_document() -> None:
    page = Markup(archive.draw([SHELVED]))
    assert "PDF, 2.0 MB · 12 pages · in 2 chats · 500 kB made of it" in page.words
    assert "Remove, frees 2.5 MB" in page.words
    assert page.values("src") == [f"/files/{SHA}/pages/1?side=160"]
    assert [one["data-do"] for one in page.buttons if "data-do" in one] == ["use", "keep", "remove"]


def test_what_is_kept_can_be_let_go() -> None:
    page = Markup(archive.draw([replace(SHELVED, kept=True)]))
    (keep,) = [one for one in page.buttons if "aria-pressed" in one]
    assert (keep["data-do"], keep["aria-pressed"]) == ("loose", "true")


def test_removing_is_asked_once_more_with_what_happens_to_chats() -> None:
    def asked(shelved: Shelved) -> str:
        (question,) = Markup(archive.draw([shelved])).values("data-ask")
        return question

    assert "It is used in 2 chats" in asked(SHELVED)
    assert "It is used in 1 chat:" in asked(replace(SHELVED, chats=1))
    assert asked(replace(SHELVED, chats=0)) == text.SURE_DOCUMENT.format(name="report.pdf")


def test_nothing_yet() -> None:
    assert text.DOCUMENTS_NONE in archive.draw([])


def test_no_name_becomes_markup() -> None:
    hostile = replace(PDF, name=HOSTILE, note=HOSTILE, media_type=HOSTILE)
    page = Markup(archive.draw([replace(SHELVED, attachment=hostile)]))
    assert "script" not in page.tags
    assert page.tags.count("img") == page.tags.count("article") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on")]
