"""What a chat's earlier questions leave for the next one."""

from glmdesk.chat.earlier import Earlier
from glmdesk.messages import Attachment, Choice, SentPage

AUTO = Choice()
SHA, OTHER = "a" * 64, "b" * 64
PART = SentPage(number=3, mode="text", start=10, end=90)
PAGE = SentPage(number=3, mode="text")


def document(sha256: str = SHA, choice: Choice = AUTO, pages: int = 9) -> Attachment:
    return Attachment(
        sha256=sha256, name="a.pdf", kind="document", media_type="application/pdf", size=1,
        pages=pages, choice=choice,
    )  # fmt: skip


def searched(one: Attachment, *sent: SentPage) -> bool:
    return Earlier().after([one], {one.sha256: sent}).searched(()) == (one,)


def test_a_document_of_which_parts_were_sent_is_searched_again() -> None:
    assert searched(document(), PART)
    assert searched(document(), PAGE)
    assert searched(document(choice=Choice(way="search")), PAGE)
    assert not searched(document(pages=1), PAGE)
    assert not searched(document(choice=Choice(pages="3")), PAGE)
    assert not searched(document(choice=Choice(way="whole")), PAGE)
    assert not searched(document())


def test_what_is_attached_anyway_is_not_searched_again() -> None:
    one = document()
    assert Earlier().after([one], {SHA: (PART,)}).searched([one]) == ()


def test_pages_add_up_over_questions() -> None:
    earlier = Earlier().after([document()], {SHA: (PART,)}).after([], {SHA: (PAGE,)})
    assert earlier.sent == {SHA: (PART, PAGE)}


def test_a_question_names_documents_it_was_sent_parts_of() -> None:
    one, other = document(), document(OTHER)
    earlier = Earlier().after([one, other], {SHA: (PART,), OTHER: (PART,)})
    assert earlier.named([other], {SHA: (PAGE,), OTHER: (PAGE,)}) == (other, one)
    assert Earlier().named([], {SHA: (PAGE,)}) == ()
