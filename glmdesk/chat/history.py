"""From stored entries to the messages a model reads. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from glmdesk.messages import Message, Text
from glmdesk.store.conversations import Entry


def turns(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    """Each question with its answer; the last question may have none yet."""
    question: Entry | None = None
    for entry in entries:
        if entry.role == "assistant":
            if question:
                yield question, entry
            question = None
            continue
        if question:
            yield question, None
        question = entry
    if question:
        yield question, None


def worth_sending(question: Entry, answer: Entry | None) -> bool:
    """A turn that failed before a word was said is not sent again: it would fail again."""
    return answer is None or bool(answer.text) or answer.state not in ("failed", "interrupted")


def answer_message(answer: Entry) -> Message:
    parts = (Text(text=answer.text),) if answer.text.strip() else ()
    return Message(role="assistant", parts=parts, tokens=answer.tokens, thinking=answer.thinking)


def as_sent(question: Message, answer: Entry | None) -> Message:
    """The question with the switch its answer was written with; None where it is yet to come."""
    return replace(question, think=answer.think if answer else None)
