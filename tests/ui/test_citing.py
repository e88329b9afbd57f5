"""Citations become links to pages that were sent, and only to those."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from glmdesk.store.conversations import Entry
from glmdesk.ui import render
from tests.ui.asked import OTHER, REPORT, asked, document, entry

A_REPORT, B_REPORT = document(REPORT, "report.pdf"), document(OTHER, "other_file.v2.pdf")


def shown(words: str, *questions: Entry) -> str:
    bubbles = render.bubbles([*questions, entry("assistant", words)])
    return str(bubbles[-1]["content"][0]["text"])


def links(markdown: str) -> list[tuple[str, str, int, str]]:
    """(what is shown, sha256, page, words) of each link."""
    found = re.findall(r"\[(\[[^]]*\]|[^][]*)\]\((/files/\S+) \"[^\"]*\"\)", markdown)
    parts = [(label, urlsplit(address)) for label, address in found]
    return [
        (label, url.path.split("/")[2], int(url.path.split("/")[4]), parse_qs(url.fragment)["words"][0])
        for label, url in parts
    ]  # fmt: skip


def test_a_page_that_was_sent_is_a_link() -> None:
    words = shown("It rained. The code is 77 [p. 2].", asked({A_REPORT: (1, 2, 3)}))
    assert links(words) == [("[p. 2]", REPORT, 2, "The code is 77")]
    assert words.startswith("It rained. The code is 77 [[p. 2]](/files/")
    assert words.endswith('"report&#46;pdf, page 2").')


@pytest.mark.parametrize("words", ["It is 77 [p. 9].", "It is 77 [other.pdf, p. 2].", "77 [see p. 9]"])  # fmt: skip
def test_a_page_that_was_not_sent_is_none(words: str) -> None:
    markdown = shown(words, asked({A_REPORT: (1, 2, 3)}))
    assert markdown == words.replace("[", "&#91;").replace("]", "&#93;")


def test_without_documents_there_are_no_links() -> None:
    assert "](" not in shown("It is 77 [p. 2].", entry(words="hello"))
    assert "](" not in shown("It is 77 [p. 2](http://evil.example/).")


def test_several_pages_in_one() -> None:
    markdown = shown("So it is said [p. 2, 9, 3].", asked({A_REPORT: (1, 2, 3)}))
    assert [link[:3] for link in links(markdown)] == [("2", REPORT, 2), ("3", REPORT, 3)]
    assert ", 9, [3](" in markdown
    assert markdown.startswith("So it is said &#91;p. [2](")


def test_a_range_leads_to_its_first_page_that_was_sent() -> None:
    markdown = shown("So it is said [pp. 3-5].", asked({A_REPORT: (1, 4, 5)}))
    assert [link[:3] for link in links(markdown)] == [("[pp. 3-5]", REPORT, 4)]


def test_the_latest_question_with_the_page_counts() -> None:
    questions = (
        asked({A_REPORT: (1, 2, 3)}),
        entry("assistant", "yes"),
        asked({B_REPORT: (1, 2)}),
    )
    markdown = shown("a b c d [p. 2] e f g h [p. 3]", *questions)
    assert [link[1:3] for link in links(markdown)] == [(OTHER, 2), (REPORT, 3)]


def test_of_two_documents_of_one_question_the_first_unless_one_is_named() -> None:
    question = asked({A_REPORT: (1, 2), B_REPORT: (1, 2, 3)})
    named = "one [p. 2] two [other_file.v2.pdf, p. 2] three [Other_File.v2, p. 1] four [p. 3]"
    assert [link[1:3] for link in links(shown(named, question))] == [
        (REPORT, 2), (OTHER, 2), (OTHER, 1), (OTHER, 3),
    ]  # fmt: skip
    assert '"other&#95;file&#46;v2&#46;pdf, page 3"' in shown("four [p. 3]", question)


def test_what_is_sent_later_or_elsewhere_does_not_count() -> None:
    later = [entry("assistant", "It is [p. 2]."), asked({A_REPORT: (2,)})]
    assert "](" not in render.bubbles(later)[0]["content"][0]["text"]


def test_questions_that_are_not_shown_count_too() -> None:
    (bubble,) = render.bubbles([entry("assistant", "It is [p. 2].")], before=[asked({A_REPORT: (2,)})])  # fmt: skip
    assert links(bubble["content"][0]["text"])


@pytest.mark.parametrize(
    ("words", "harmless"),
    [
        ("![p. 2]", "&#33;[[p. 2]]("),
        ("![p. 9](/files/x)", "&#33;&#91;p. 9&#93;(/files/x)"),
        ("[p. 9]: http://evil.example", "&#91;p. 9&#93;: http"),
        ("[<b>.pdf, p. 9]", "&#91;&lt;b>.pdf, p. 9&#93;"),
        ("`[p. 2]`", "`[p. 2]`"),
        ("```\n[p. 2]", "```\n[p. 2]"),
    ],
)
def test_no_other_markdown_comes_of_it(words: str, harmless: str) -> None:
    assert shown(words, asked({A_REPORT: (1, 2)})).startswith(harmless)


def test_words_and_names_cannot_leave_the_link() -> None:
    name = 'a" onclick="x" )](javascript:1)\n<b>.pdf'
    markdown = shown('Say "x") <i> & [a](b) %20 all of it [p. 2].', asked({document(REPORT, name): (2,)}))  # fmt: skip
    (link,) = links(markdown)
    assert link[:3] == ("[p. 2]", REPORT, 2)
    assert "<" not in markdown
    assert "javascript:" not in markdown
    assert markdown.count('"') == 4  # two of the words, two around the title
