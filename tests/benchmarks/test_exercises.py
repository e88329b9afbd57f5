"""pico's exercises become the same chat in glmdesk's words."""

from random import Random

from benchmarks.exercises import request
from benchmarks.stage import Stage
from glmdesk.messages import Picture, Text, ToolCall
from tools.pico.samples import Sample, Turn, ask
from tools.pico.scenes import scene
from tools.pico.text_tasks import CALCULATOR

CALL = (
    "<tool_call>calculator\n<arg_key>expression</arg_key>\n<arg_value>3 + 4</arg_value>\n"
    "</tool_call>"
)


def test_tools_calls_and_results(stage: Stage) -> None:
    turns = (
        Turn("tools", [CALCULATOR]),
        ask("What is 3 + 4?"),
        Turn("assistant", CALL),
        Turn("observation", "7"),
    )
    asked = request(Sample(turns, "", ""), True, stage)
    assert asked.tools == (CALCULATOR,)
    assert asked.think == "on"
    assert [message.role for message in asked.messages] == ["user", "assistant", "tool"]
    assert asked.messages[1].tool_calls == (
        ToolCall(name="calculator", arguments={"expression": "3 + 4"}),
    )
    assert asked.messages[2].parts == (Text(text="7"),)


def test_parts_keep_their_order(stage: Stage) -> None:
    image, _ = scene(Random(1), sizes=((112, 112),))
    turns = (ask("before ", image, " after"), Turn("assistant", "I see."), ask("And?"))
    asked = request(Sample(turns, "", ""), False, stage)
    before, picture, after = asked.messages[0].parts
    assert (before, after) == (Text(text="before "), Text(text=" after"))
    assert isinstance(picture, Picture)
    assert (picture.width, picture.height) == (112, 112)
    assert picture.path.read_bytes() == image.tobytes()
    assert asked.think == "off"
