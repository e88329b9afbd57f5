"""pico's exercises as glmdesk's own requests."""

import re
from collections.abc import Iterator

from benchmarks.hearing import assistant, greedy, user
from benchmarks.stage import Stage
from glmdesk.engines.base import Request
from glmdesk.messages import Message, Text, ToolCall
from tools.pico.samples import Sample, Turn

_CALL = re.compile(r"<tool_call>(\w+)\n(.*)</tool_call>", re.DOTALL)
_ARGUMENT = re.compile(r"<arg_key>(.*?)</arg_key>\n<arg_value>(.*?)</arg_value>", re.DOTALL)


def request(sample: Sample, think: bool, stage: Stage) -> Request:
    """The chat of a sample; its pictures go through the reader."""
    tools = [
        tool
        for turn in sample.messages
        if turn.role == "tools" and isinstance(turn.content, list)
        for tool in turn.content
    ]
    return greedy(
        list(_messages(sample, stage)), think="on" if think else "off", tools=tuple(tools)
    )


def _messages(sample: Sample, stage: Stage) -> Iterator[Message]:
    for turn in sample.messages:
        if turn.role != "tools":
            yield _message(turn, stage)


def _message(turn: Turn, stage: Stage) -> Message:
    match turn.role, turn.content:
        case "user", tuple(parts):
            return user(*(p if isinstance(p, str) else stage.picture(p) for p in parts))
        case "assistant", str(text):
            return _said(text)
        case "observation", str(text):
            return Message(role="tool", parts=(Text(text=text),))
    raise TypeError(f"a turn of {turn.role} cannot hold {type(turn.content).__name__}")


def _said(text: str) -> Message:
    """An earlier answer, or the call it made."""
    call = _CALL.fullmatch(text)
    if call is None:
        return assistant(text)
    arguments = dict(_ARGUMENT.findall(call[2]))
    return Message(role="assistant", tool_calls=(ToolCall(name=call[1], arguments=arguments),))
