"""Details as HTML: no name becomes markup, and files say their size or that they are here."""

from glmdesk.library.cards.card import Card, RemoteFile, Variant
from glmdesk.library.hubs.sources import Item
from glmdesk.supply.choice import Choice
from glmdesk.ui import closer, text
from tests.ui.markup import Markup

HOSTILE = '<img src=x onerror="alert(1)">\'"&</h2><script>alert(2)</script>'
GB = 10**9


def variant(id: str, *, confirmed: bool = True) -> Variant:
    return Variant(id=id, repository="o/r", size=7 * GB, confirmed=confirmed)


def test_no_word_becomes_markup() -> None:
    page = Markup(closer.head(HOSTILE, HOSTILE) + closer.fault(HOSTILE) + closer.lines([HOSTILE]))
    assert not {"img", "script"} & set(page.tags)
    assert page.words.count(HOSTILE) == 4
    assert [one["data-do"] for one in page.buttons] == ["close"]


def test_nothing_is_said_of_a_model_without_a_card() -> None:
    assert closer.about(None) == ""
    assert "<p>" not in closer.head("M", "")


def test_files_to_choose_from() -> None:
    offered = (variant("Q4"), variant("Q5"), variant("Q8", confirmed=False))
    assert closer.sizes(offered, {"Q5"}) == [
        ("Q4, 7.0 GB", "Q4"), (f"Q5, {text.IS_HERE}", "Q5"), ("Q8, about 7.0 GB", "Q8"),
    ]  # fmt: skip


def test_what_is_built_in_has_nothing_to_choose() -> None:
    card = Card(id="m", name="M", variants=(variant("Q4"),))
    assert closer.variants(Choice(id="m", name="M", card=card)) == card.variants
    built_in = Card(id="m", name="M", variants=(variant("Q4"),), builtin=True)
    assert closer.variants(Choice(id="m", name="M", card=built_in)) == ()
    assert closer.variants(Choice(id="m", name="M")) == ()


def test_where_a_download_comes_from() -> None:
    item = Item(
        id="m", name="M", source="ms", repository="o/r",
        files=(RemoteFile(path="a/m.gguf", size=7 * GB),), mmproj=RemoteFile(path="p.gguf"),
    )  # fmt: skip
    assert closer.origin(item) == "It comes from ms:o/r."
    assert list(closer.files(item)) == ["m.gguf, 7.0 GB", "p.gguf"]


def test_a_file_that_is_here_needs_no_button() -> None:
    assert 'class="facts here"' in closer.verdict(None, here=True)
    assert closer.verdict(None, here=False) == f"<p>{text.UNKNOWN_FIT}</p>"
