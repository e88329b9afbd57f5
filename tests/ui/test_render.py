"""What the Chatbot is given: exact text, safe names, every ending said."""

import html
from typing import Any

import pytest

from glmdesk.chat.jobs import Snapshot
from glmdesk.messages import Attachment, Timings, Usage
from glmdesk.store.conversations import Entry, State
from glmdesk.ui import render, text


def entry(role: str = "assistant", words: str = "", **values: Any) -> Entry:
    state: State = values.pop("state", "done")
    given: dict[str, Any] = {
        "id": 1, "conversation": "c", "seq": 1, "attachments": (), "thinking": "", "think": "auto",
        "model": "m", "usage": Usage(), "timings": Timings(), "tokens": (), "error": "", "note": "",
        "created": 0.0, "role": role, "text": words, "state": state,
    }  # fmt: skip
    return Entry(**(given | values))


def shown(*entries: Entry) -> list[str]:
    return [bubble["content"][0]["text"] for bubble in render.bubbles(entries)]


def test_text_stays_as_it_is() -> None:
    code = "    def f():\n\treturn 1\n\n"
    assert shown(entry(words=code)) == [code]
    bubble = render.bubbles([entry(words=code)])[0]
    assert bubble["content"] == [{"type": "text", "text": code}]


def test_what_a_person_typed_is_shown_so() -> None:
    words = "a <div id='x'> *b*\n    # c\n\n\td &amp; `e` $$f$$ [g](h)"
    markdown = shown(entry("user", words))[0]
    assert not set(markdown.replace("<br>", "")) & set("<>*`$[]()")
    lines = html.unescape(markdown.replace("<br>", "\n")).replace("\xa0", " ")
    assert lines == words.replace("\t", "    ")


@pytest.mark.parametrize(
    ("words", "harmless"),
    [
        ("a <b id='stop'> c", "a &lt;b id='stop'> c"),
        ("```html\n<h1>x</h1>\n```\n<i>", "```html\n<h1>x</h1>\n```\n&lt;i>"),
        ("```\n<b>", "```\n<b>"),
        ("~~~\n<a>\n~~~\n<b>", "~~~\n<a>\n~~~\n&lt;b>"),
        ("`<b>` and <b>", "`<b>` and &lt;b>"),
        ("``a ` <b>`` <c>", "``a ` <b>`` &lt;c>"),
        ("one ` tick <b>", "one ` tick &lt;b>"),
        ("``` a`b\n<b>", "``` a`b\n&lt;b>"),
        ("``<b>` x", "``&lt;b>` x"),
        ("\\`<b>` x", "\\`&lt;b>` x"),
        ("    ```\n<b>\n", "    ```\n&lt;b>\n"),
        ("$$a < b$$ <x>", "$$a \\lt  b$$ &lt;x>"),
        ("\\(a<b\\) <x>", "\\(a\\lt b\\) &lt;x>"),
    ],
)
def test_no_tags_outside_code(words: str, harmless: str) -> None:
    assert shown(entry(words=words)) == [harmless]
    assert render.live(Snapshot(text=words))[0]["content"][0]["text"] == harmless
    assert render.bubbles([entry(words="x", thinking=words)])[0]["content"][0]["text"] == harmless


def test_a_name_cannot_turn_its_direction() -> None:
    assert render.plain("a\u202egnp.exe") == "agnp&#46;exe"


def test_thinking_comes_first_and_folded_with_its_time() -> None:
    answer = entry(words="a", thinking="t", timings=Timings(thinking_s=2.34))
    first, second = render.bubbles([answer])
    assert first["metadata"] == {"title": "Thought for 2.3 s", "status": "done"}
    assert second["content"][0]["text"] == "a"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "cancelled"}, text.STOPPED),
        ({"state": "interrupted"}, "closed while this answer"),
        ({"state": "failed", "error": "It died."}, "It died"),
        ({"state": "done", "words": ""}, "without an answer"),
        ({"note": "Read as GB18030."}, "GB18030"),
    ],
)
def test_every_ending_is_said(values: dict[str, Any], said: str) -> None:
    words = str(values.pop("words", "half"))
    together = html.unescape(shown(entry(words=words, **values))[-1])
    assert together.startswith(words)
    assert said in together


def test_a_running_answer_is_not_among_the_finished() -> None:
    entries = [entry("user", "q"), entry(words="half", state="running")]
    assert len(render.bubbles(entries, running=True)) == 1
    unsaved = shown(*entries)[1]
    assert unsaved.startswith("half")
    assert "could not be saved" in unsaved


@pytest.mark.parametrize(
    "name",
    ["a](javascript:alert(1))[", "![x](http://evil.example/x.png)", "<img src=x onerror=alert(1)>",
     "a\n\n# b", "`x`", "[p](data:text/html,x)", "*b*"],
)  # fmt: skip
def test_a_file_name_is_only_a_name(name: str) -> None:
    attachment = Attachment(
        sha256="a" * 64, name=name, kind="document", media_type="text/plain", size=1
    )
    words = shown(entry("user", "", attachments=(attachment,)))[0]
    label = words[1 : words.rindex("](/files/")]
    assert words == f"[{label}](/files/{'a' * 64})"
    assert not set(label) & set("[]()<>!`*_$\\\n")
    assert html.unescape(label) == " ".join(name.split())


def test_an_attached_picture_is_shown_small() -> None:
    attachment = Attachment(
        sha256="a" * 64, name="x.heic", kind="picture", media_type="image/heic", size=1
    )
    words = shown(entry("user", "", attachments=(attachment,)))[0]
    assert words == f"![x&#46;heic](/files/{'a' * 64}/pages/0?side=640)"


def test_live() -> None:
    assert render.live(Snapshot()) == []
    thinking = render.live(Snapshot(thinking="hm"))
    assert thinking[0]["metadata"]["status"] == "pending"
    both = render.live(Snapshot(thinking="hm", text="so", thinking_s=1.0))
    assert both[0]["metadata"]["status"] == "done"
    assert both[1]["content"][0]["text"] == "so"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (Snapshot(position=1), text.NEXT_IN_LINE),
        (Snapshot(position=3), "2 answers before"),
        (Snapshot(read=5, to_read=1000), "5 of 1,000"),
        (Snapshot(), text.STARTING),
        (Snapshot(text="x"), ""),
        (Snapshot(state="done"), ""),
    ],
)
def test_status(now: Snapshot, said: str) -> None:
    assert said in render.status(now)
    assert said or not render.status(now)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "less than 0.1 s"), (1.26, "1.3 s"), (42.4, "42 s"), (125.0, "2 min 5 s")],
)
def test_thought_for(seconds: float, words: str) -> None:
    assert words in text.thought_for(seconds)


def test_meter() -> None:
    assert render.meter(10, 0) == ""
    assert "width:50%" in render.meter(512, 1024)
    assert "width:100%" in render.meter(4096, 1024)


@pytest.mark.parametrize(
    ("media_type", "covered"), [("application/pdf", True), ("text/plain", False)]
)
def test_a_document_that_can_be_drawn_shows_its_first_page(media_type: str, covered: bool) -> None:
    attachment = Attachment(
        sha256="a" * 64, name="a.pdf", kind="document", media_type=media_type, size=1
    )
    (words,) = shown(entry("user", "look", attachments=(attachment,)))
    assert (f"/files/{'a' * 64}/pages/1?side=160" in words) == covered
    assert f"](/files/{'a' * 64})" in words
