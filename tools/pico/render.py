"""Write an exercise in GLM's chat format, cut into what pico reads and what it should say.

Needs a `Sample` and a random generator (system prompt or none, thinking or not); gives segments in
order. `chat_template.jinja` writes the same for a running model.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tools.pico.samples import Part, Sample, Tool, Turn

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are glmdesk, a friendly assistant.",
    "Answer briefly.",
    "Respond in English.",
    "Be precise and cite pages as [p. N].",
)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of the chat; `is_target` marks what the model is trained to say."""

    content: Part
    is_target: bool = False


def render(sample: Sample, rng: Random, easy: bool = False) -> list[Segment]:
    """The chat and its answer; thinking is rarer while training is easy."""
    segments = [Segment(content="[gMASK]<sop>")]
    if sample.messages[0].role != "tools" and rng.random() < 0.25:
        segments.append(Segment(content="<|system|>\n" + rng.choice(SYSTEM_PROMPTS)))
    thinks = rng.random() < (0.15 if easy else 0.4)
    for turn in sample.messages:
        segments.extend(Segment(content=part) for part in _turn(turn, thinks))
    return segments + _answer(sample, thinks)


def _turn(turn: Turn, thinks: bool) -> Iterator[Part]:
    match turn.role, turn.content:
        case "tools", list(tools):
            yield _tools(tools)
        case "user", tuple(parts):
            yield "<|user|>\n"
            yield from parts
            if not thinks:
                yield "/nothink"
        case "assistant", str(text):
            yield f"<|assistant|>\n<think></think>\n{text}"
        case "observation", str(text):
            yield f"<|observation|>\n<tool_response>\n{text}\n</tool_response>"
        case _:
            raise TypeError(f"a turn of {turn.role} cannot hold {type(turn.content).__name__}")


def _tools(tools: list[Tool]) -> str:
    functions = (json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
    return "\n".join(("<|system|>\n# Tools", *functions))


def _answer(sample: Sample, thinks: bool) -> list[Segment]:
    """A call ends by handing over to the tool, anything else by handing over to the user."""
    end = "<|observation|>" if sample.answer.startswith("<tool_call>") else "<|user|>"
    said = sample.answer + end
    prompt = Segment(content="<|assistant|>\n")
    if thinks:
        said = f"<think>{sample.thinking}</think>\n{said}"
        return [prompt, Segment(content=said, is_target=True)]
    not_thinking = Segment(content="<think></think>\n")
    return [prompt, not_thinking, Segment(content=said, is_target=True)]
