"""Texts that repeat: loops as models fall into them, and answers that are right as they are."""

import json
from collections.abc import Iterable, Iterator
from random import Random

Samples = dict[str, str]


def _mixed(*parts: str | tuple[str, ...], times: int = 60) -> str:
    """The parts in a row, many times; of a tuple, one is drawn each time."""
    draw = Random(1).choice
    return "".join(
        draw(part) if isinstance(part, tuple) else part for _ in range(times) for part in parts
    )


def restating() -> Samples:
    """The same sentences again and again, with small changes."""
    street = (
        "The picture shows a narrow street in an old town. ",
        "On the left there is a small shop with a green door. ",
        "Two people are walking towards the camera. ",
        "The sky is grey and it seems to have rained. ",
        "A bicycle leans against the wall on the right. ",
        "There is a sign above the door, but it cannot be read. ",
    )
    return {
        "thinking": _mixed(
            ("Wait, ", "Hmm, ", "But wait, ", "Actually, "),
            "let me re-read the question. The user asks how many red balls are left in the bag after two are taken out. ",
            ("There are", "We have"),
            " seven red balls at first, and two are taken, so five remain. ",
            ("So the answer is five. ", "The answer should be five. ", "Thus, five. "),
            (
                "But the question says 'at most', so I should check again.\n\n",
                "However, I should double check that.\n\n",
            ),
        ),
        "the answer again": _mixed(
            "The capital of Australia is Canberra",
            (".", " (not Sydney).", ", as was said above."),
            " It was chosen as a compromise between Sydney and Melbourne in 1908. ",
            ("In summary, ", "To conclude, ", "In short, ", "Therefore, "),
        ),
        "sentences in any order": _mixed(street, times=160),
        "describing": _mixed(
            "In the background ",
            ("there are", "one can see"),
            " several tall buildings with many windows, and in front a group of people crosses the street. ",
            ("The overall mood is calm. ", "The scene feels busy. ", "It is a typical city. "),
        ),
        "options": _mixed(
            ("Option A", "Option B", "Option C", "Option D"),
            " would be to store the session in a cookie, which is simple but limited in size. ",
            ("That may be fine. ", "That is not ideal. "),
        ),
        "code": _mixed(
            ("    def test_value(self):\n", "    def test_value_again(self):\n"),
            "        result = self.parser.parse('value', strict=True)\n"
            "        self.assertEqual(result.name, 'value')\n"
            "        self.assertIsNone(result.error)\n"
            "        with open(path) as file:\n            self.assertTrue(file.read())\n\n",
        ),
        "chinese": _mixed(
            ("但是，", "不过，", "等等，"),
            "我需要再检查一下题目的条件。题目说小明有五个苹果，给了小红两个，所以还剩三个。",
            ("所以答案是三。", "因此答案应该是三个。"),
        ),
    }


def periods() -> Samples:
    """The very same over and over."""
    paragraph = (
        "To install the package, open a terminal and run the command that is shown below. If it fails, "
        "see that you are connected to the network and that no proxy is in the way. Then start the "
        "program and choose a folder for your data.\n\n"
    )
    page = (
        "It should be noted that every one of these approaches has its own costs, and that the choice "
        "depends on how often the data changes, how many people read it at once, and whether a stale "
        "answer does any harm. A cache in front of the database is the simplest, but it must be cleared "
        "whenever something is written. A second copy that is read only is safer, though it lags behind. "
        "A queue in between smooths out peaks, while it makes errors harder to trace. The table above "
        "shows how they compare on the machine of the test, with a warm disk and with a cold one, each "
        "as the median of ten runs. " * 3
    )
    return {
        "a word": "the " * 1200,
        "a sentence": "I hope this helps! Let me know if you have any other questions. " * 40,
        "a paragraph": paragraph * 15,
        "a page": page * 6,
        "zeros in a list": "0, " * 1000,
        "a row of a table": "| a | b | c | d |\n" * 120,
        "after a good beginning": page + "and so on " * 400,
    }


def fine() -> Samples:
    """Repetition that is meant."""
    return {**_asked_for(), **_tables(), **_data(), **_code(), **_steps(), **_verses()}


def _asked_for() -> Samples:
    return {
        "hello, fifty times": "hello\n" * 50,
        "hello, numbered": _lines(f"{i}. hello" for i in range(1, 101)),
        "lines for school": "I will not talk in class.\n" * 50,
        "the greeting twenty times": "Good morning, dear children, did you all sleep well? " * 20,
        "counting": _lines(str(i) for i in range(1, 500)),
        "counting in a row": ", ".join(map(str, range(1, 600))),
        "separators": f"Title\n{'=' * 300}\n{'-' * 300}\nText\n{'* ' * 200}\n",
        "leaders": _lines(f"Chapter {i} {'.' * 80} {i * 11}" for i in range(1, 20)),
        "zeros": "The file begins with " + "00 " * 200,
        "base64 of nothing": "data:;base64," + "AAAA" * 180,
    }


def _tables() -> Samples:
    draw = Random(2).choice
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    dishes = [["Oats", "Eggs", "Toast"], ["Soup", "Salad", "Rice"], ["Fish", "Pasta", "Curry"]]
    rule = f"|{'-' * 60}|{'-' * 60}|{'-' * 60}|\n"
    return {
        "wide rules": "| Name | Value | Note |\n"
        + rule
        + _lines(f"| row {i} | {i * 7 % 13} | {'yes' if i % 3 else 'no'} |" for i in range(90)),
        "meals": _lines(
            f"| {day} | {' | '.join(map(draw, dishes))} |" for _ in range(9) for day in days
        ),
        "empty rows": "| Name | Mon | Tue | Wed | Thu | Fri |\n" + "|  |  |  |  |  |  |\n" * 40,
        "empty cells": _lines(f"| {i} |  |  |" for i in range(1, 121)),
        "truth": _lines("| " + " | ".join(draw("TF") for _ in range(6)) + " |" for _ in range(64)),
        "times": _lines(f"{a} x {b} = {a * b}" for a in range(1, 16) for b in range(1, 16)),
    }


def _data() -> Samples:
    random = Random(3)
    names = ["Ann", "Ben", "Cid", "Dora"]
    people = [
        {"id": i, "name": random.choice(names), "active": bool(i % 2), "role": random.choice(["admin", "user"])}
        for i in range(90)
    ]  # fmt: skip
    grid = [
        {"x": x, "y": y, "type": random.choice(["wall", "floor", "door"])}
        for x in range(14)
        for y in range(14)
    ]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return {
        "objects": json.dumps(people, indent=2),
        "grid": json.dumps(grid),
        "one object thirty times": json.dumps([{"value": 0, "label": ""}] * 30),
        "matrix of zeros": _lines(f"[{', '.join('0' * 16)}]," for _ in range(16)),
        "matrix of bits": _lines(f"[{', '.join(random.choices('01', k=24))}]," for _ in range(40)),
        "game of life": _lines("".join(random.choices(".#", k=20)) for _ in range(96)),
        "chessboard": ("░█" * 8 + "\n" + "█░" * 8 + "\n") * 8,
        "csv": _lines(
            f"2024-{month:02d}-{day:02d},{random.randint(90, 110)},{random.randint(1000, 9999)}"
            for month in range(1, 5)
            for day in range(1, 28)
        ),
        "hex": _lines(f"{i * 16:08x}  {random.randbytes(16).hex(' ')}" for i in range(60)),
        "base64": "".join(random.choices(letters, k=1800)),
        "dna": "".join(random.choices("ACGT", k=2000)),
        "log": _lines(
            f"2024-05-01 12:00:{i:02d} INFO server: GET /api/items/{i} 200 OK in {i * 7 % 31} ms"
            for i in range(80)
        ),
    }


def _code() -> Samples:
    random = Random(4)
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    pages = ["home", "about", "contact", "blog", "shop", "news", "team", "jobs", "press", "help"]
    glyph = [0, 0, 0, 0x18, 0x24, 0x42, 0x7E, 0xFF]
    return {
        "asserts": _lines(f"    assert add({a}, {b}) == {a + b}" for a in range(12) for b in range(9)),
        "cases": _lines(f"  case {i}:\n    return '{numbers[i % 10]}';" for i in range(99)),
        "css": _lines(f".col-{i} {{\n  width: {i * 100 / 24:.4f}%;\n  float: left;\n}}" for i in range(60)),
        "sql": _lines(
            f"INSERT INTO users (id, name, email) VALUES ({i}, '{name}{i}', '{name}{i}@example.com');"
            for i, name in enumerate(numbers * 6)
        ),
        "links": _lines(
            f'<li class="item"><a href="/page/{page}-{i}">{page}</a></li>'
            for i in range(5)
            for page in pages
        ),
        "circles": _lines(
            f'<circle cx="{random.randint(0, 400)}" cy="{random.randint(0, 400)}" r="5" fill="red" />'
            for _ in range(80)
        ),
        "font": _lines(
            ", ".join(f"0x{random.choice(glyph):02X}" for _ in range(8)) + "," for _ in range(64)
        ),
        "properties": _lines(
            f"    @property\n    def {name}(self) -> str:\n        return self._{name}\n"
            for name in pages + numbers
        ),
    }  # fmt: skip


def _steps() -> Samples:
    return {
        "towers of hanoi": _lines(
            f"{i}. {move}" for i, move in enumerate(_hanoi(7, ("A", "B", "C")), 1)
        ),
        "bubble sort": _lines(_bubble_sort()),
        "a plan": "\n".join(
            f"**Week {i}**\n- Run {3 + i % 4} km on Tuesday\n- Run {4 + i % 5} km on Thursday\n"
            f"- Rest on Friday\n- Long run of {8 + i} km on Sunday\n"
            for i in range(1, 40)
        ),
        "fizz buzz": _lines(
            "Fizz" * (i % 3 == 0) + "Buzz" * (i % 5 == 0) or str(i) for i in range(1, 401)
        ),
    }


def _hanoi(disks: int, pegs: tuple[str, str, str]) -> list[str]:
    if not disks:
        return []
    here, there, over = pegs
    before, after = (_hanoi(disks - 1, way) for way in ((here, over, there), (over, there, here)))
    return [*before, f"Move disk {disks} from {here} to {there}.", *after]


def _bubble_sort() -> Iterator[str]:
    row = Random(5).choices(range(1, 100), k=10)
    for end in range(len(row) - 1, 0, -1):
        for at in range(end):
            left, right = row[at : at + 2]
            yield f"Compare {left} and {right}: {'swap' if left > right else 'keep'}. Array: {row}"
            row[at : at + 2] = sorted((left, right))


def _verses() -> Samples:
    gifts = (
        "a partridge in a pear tree", "two turtle doves", "three French hens", "four calling birds",
        "five golden rings", "six geese a-laying", "seven swans a-swimming", "eight maids a-milking",
        "nine ladies dancing", "ten lords a-leaping", "eleven pipers piping", "twelve drummers drumming",
    )  # fmt: skip
    chorus = (
        "Oh, carry me home where the river runs slow,\nWhere lanterns are lit and the wild roses grow,\n"
        "Though the night may be long and the winter be cold,\nThere's a light in the window as in days of old.\n\n"
    )
    verses = (
        "I left in the spring with a pack on my back,\nAnd nothing but dust on a long winding track.\n\n",
        "I worked on the ships and I worked in the mine,\nI slept in the barns and I drank of the wine.\n\n",
        "A letter came late with a stamp torn in two,\nIt said that the orchard was blooming for you.\n\n",
        "So I sold my old coat and I gave up my key,\nAnd turned to the hills that were calling for me.\n\n",
    )
    draft = "".join(verses)
    return {
        "bottles": "\n".join(
            f"{n} bottles of beer on the wall, {n} bottles of beer.\n"
            f"Take one down and pass it around, {n - 1} bottles of beer on the wall.\n"
            for n in range(99, 20, -1)
        ),
        "days of Christmas": "\n".join(
            f"On day {day + 1} of Christmas my true love gave to me\n" + ",\n".join(gifts[day::-1])
            for day in range(12)
        ),
        "a song": "".join(verse + chorus for verse in verses) + chorus * 2,
        "drafts": f"{draft}Shorter?\n\n{draft}No, I keep it. The final answer:\n\n{draft}",
    }


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
