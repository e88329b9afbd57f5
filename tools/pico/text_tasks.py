"""Exercises in text alone: memory, repeating, greetings, counting, markdown and a tool.

Each needs a random generator and gives a `Sample`.
"""

import operator
from random import Random

from tools.pico.samples import Sample, Tool, Turn, ask, single
from tools.pico.scenes import COLORS
from tools.pico.words import NAMES, WORDS

COUNTS = (3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50)
SMALL_TALK = (
    ("Hello", "Hello! How can I help you?"),
    ("Hi", "Hello! How can I help you?"),
    ("Hello!", "Hello! How can I help you?"),
    ("Who are you?", "I am a tiny test model. I can see shapes and read short texts."),
    ("What can you do?", "I can see shapes, read numbers, search a text, call a tool and count."),
    ("Thanks", "You are welcome!"),
    ("Thank you!", "You are welcome!"),
    ("Bye", "Goodbye!"),
    ("你好", "你好！很高兴见到你。"),
    ("Say hi with an emoji", "👋 Hi! 😀"),
    ("Bonjour", "Bonjour ! Ça va très bien."),
)
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
CALCULATOR: Tool = {
    "type": "function",
    "function": {
        "name": "calculator",
        "description": "Evaluates an arithmetic expression.",
        "parameters": {
            "type": "object",
            "properties": {"expression": {"type": "string"}},
            "required": ["expression"],
        },
    },
}


def t_name(rng: Random) -> Sample:
    """Something the user said about themselves earlier."""
    name = rng.choice(NAMES)
    color = rng.choice(list(COLORS))
    question, answer = rng.choice(
        (
            ("What is my name?", f"Your name is {name}."),
            ("Which color do I like?", f"You like {color}."),
        )
    )
    messages = (
        ask(f"My name is {name} and I like {color}."),
        Turn("assistant", f"Nice to meet you, {name}!"),
        ask(question),
    )
    return Sample(messages, f"The user is {name} and likes {color}.", answer)


def t_repeat(rng: Random) -> Sample:
    """One to eight words and numbers, said again."""
    words = [
        rng.choice(WORDS) if rng.random() < 0.7 else str(rng.randint(0, 9999))
        for _ in range(rng.randint(1, 8))
    ]
    text = " ".join(words)
    return single((f"Repeat: {text}",), "I repeat the words.", text)


def t_hello(rng: Random) -> Sample:
    """A greeting."""
    greeting, answer = rng.choice(SMALL_TALK)
    return single((greeting,), "The user greets me.", answer)


def t_countto(rng: Random) -> Sample:
    """The numbers from one to at most fifty: a long answer."""
    last = rng.choice(COUNTS)
    answer = " ".join(str(number) for number in range(1, last + 1))
    return single((f"Count to {last}.",), f"I count from 1 to {last}.", answer)


def t_markdown(rng: Random) -> Sample:
    """A web page, a program, a table or a formula."""
    color = rng.choice(list(COLORS))
    word = rng.choice(WORDS)
    request, answer = rng.choice(
        (
            (
                f"Write a {color} web page about {word}.",
                f'```html\n<h1 style="color:{color}">{word}</h1>\n```',
            ),
            (f"Write python code that prints {word}.", f'```python\nprint("{word}")\n```'),
            (
                f"Make a table of {word} and {color}.",
                f"| word | color |\n| --- | --- |\n| {word} | {color} |",
            ),
            (f"Write a formula for {word[0]}.", f"$${word[0]} = {word[1]}^2 + {word[2]}$$"),
        )
    )
    return single((request,), "I write it in markdown.", answer)


def t_tool(rng: Random) -> Sample:
    """A sum: the call of the calculator, or the answer once its result is there."""
    a, b = rng.randint(2, 99), rng.randint(2, 99)
    sign = rng.choice("+-*")
    expression = f"{a} {sign} {b}"
    result = str(OPERATORS[sign](a, b))
    call = (
        "<tool_call>calculator\n<arg_key>expression</arg_key>\n"
        f"<arg_value>{expression}</arg_value>\n</tool_call>"
    )
    question = (Turn("tools", [CALCULATOR]), ask(f"What is {expression}?"))
    if rng.random() < 0.5:
        return Sample(question, "I need the calculator.", call)
    called = (Turn("assistant", call), Turn("observation", result))
    return Sample(question + called, "I have the result.", f"{expression} = {result}.")
