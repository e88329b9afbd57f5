"""The table of pico's exercises, and how often training asks for each.

Needs a random generator, Pillow and the DejaVu fonts, nothing else; gives `Sample`s.
"""

from functools import partial
from random import Random

from tools.pico.document_tasks import t_doc, t_pages
from tools.pico.picture_tasks import t_color, t_count, t_desc, t_follow, t_read, t_shape, t_two
from tools.pico.samples import Part, Sample, Task, Tool, Turn
from tools.pico.text_tasks import t_countto, t_hello, t_markdown, t_name, t_repeat, t_tool

__all__ = [
    "EASY_TASKS",
    "EASY_WEIGHTS",
    "PICTURE_TASKS",
    "Part",
    "Sample",
    "TASKS",
    "Task",
    "Tool",
    "Turn",
    "WEIGHTS",
    "draw",
    "draw_name",
]

TASKS: dict[str, Task] = {
    "t_color": t_color,
    "t_shape": t_shape,
    "t_count": t_count,
    "t_desc": t_desc,
    "t_read": t_read,
    "t_two": t_two,
    "t_follow": t_follow,
    "t_doc": t_doc,
    "t_pages": t_pages,
    "t_name": t_name,
    "t_repeat": t_repeat,
    "t_hello": t_hello,
    "t_countto": t_countto,
    "t_markdown": t_markdown,
    "t_tool": t_tool,
}
EASY_TASKS: dict[str, Task] = {
    "t_repeat": t_repeat,
    "t_color": partial(t_color, easy=True),
    "t_shape": partial(t_shape, easy=True),
    "t_desc": partial(t_desc, easy=True),
    "t_read": partial(t_read, easy=True),
    "t_doc": partial(t_doc, easy=True),
    "t_name": t_name,
    "t_hello": t_hello,
    "t_countto": t_countto,
}
"""The first stage of training: one shape, one or two digits, one to three facts."""

PICTURE_TASKS = frozenset(
    ("t_color", "t_shape", "t_count", "t_desc", "t_read", "t_two", "t_follow")
)
WEIGHTS = {
    "t_color": 14,
    "t_shape": 8,
    "t_count": 6,
    "t_desc": 14,
    "t_read": 20,
    "t_two": 8,
    "t_follow": 5,
    "t_doc": 18,
    "t_pages": 12,
    "t_name": 2,
    "t_repeat": 8,
    "t_hello": 2,
    "t_countto": 2,
    "t_markdown": 6,
    "t_tool": 6,
}
EASY_WEIGHTS = {
    "t_repeat": 32,
    "t_color": 16,
    "t_shape": 6,
    "t_desc": 10,
    "t_read": 16,
    "t_doc": 12,
    "t_name": 5,
    "t_hello": 2,
    "t_countto": 2,
}


def draw(rng: Random, easy: bool = False) -> Sample:
    """An exercise of any task, each as often as its weight says."""
    tasks, weights = (EASY_TASKS, EASY_WEIGHTS) if easy else (TASKS, WEIGHTS)
    return tasks[draw_name(rng, weights)](rng)


def draw_name(rng: Random, weights: dict[str, int]) -> str:
    """The name of a task. One draw from a bag, so that a seed gives what it always gave."""
    return rng.choice([name for name, weight in weights.items() for _ in range(weight)])
