"""Words for pages that tests make: sentences without sense, in several languages, seeded."""

from random import Random

_NOUNS = (
    "valve", "pump", "committee", "harbour", "winter", "letter", "engine", "teacher", "market",
    "bridge", "forest", "council", "journey", "kitchen", "village", "account", "budget", "history",
    "garden", "machine", "window", "message", "question", "answer", "library", "station", "river",
)  # fmt: skip
_VERBS = (
    "follows", "opens", "describes", "changes", "needs", "keeps", "shows", "replaces", "supports",
    "measures", "carries", "explains", "reaches", "protects", "closes",
)  # fmt: skip
_JOINTS = ("and", "because", "although", "when", "before", "while", "so that", "after", "until")
_KINDS = ("old", "second", "quiet", "public", "narrow", "recent", "heavy", "common", "northern")
_CHINESE = (
    "阀门", "委员会", "冬天", "图书馆", "机器", "预算", "需要", "每周", "检查", "压力", "温度", "之后", "必须",
    "重新", "打开", "说明", "历史", "问题", "车站", "经过", "保护",
)  # fmt: skip
_GREEK = (
    "λόγος",
    "θάλασσα",
    "πόλη",
    "βιβλίο",
    "και",
    "το",
    "είναι",
    "μέρα",
    "σπίτι",
    "νερό",
    "δρόμος",
)
_SYMBOLS = "|~^_;:'!`{}[]<>=+*#%@\\/"


def sentence(rng: Random) -> str:
    words = [_clause(rng)]
    if rng.random() < 0.6:
        words += [rng.choice(_JOINTS), _clause(rng)]
    return " ".join(words).capitalize() + "."


def _clause(rng: Random) -> str:
    kind = f"{rng.choice(_KINDS)} " if rng.random() < 0.5 else ""
    return f"the {kind}{rng.choice(_NOUNS)} {rng.choice(_VERBS)} the {rng.choice(_NOUNS)}"


def paragraph(rng: Random, sentences: int = 6) -> str:
    return " ".join(sentence(rng) for _ in range(sentences))


def prose(rng: Random, paragraphs: int = 5) -> str:
    return "\n\n".join(paragraph(rng, rng.randint(4, 8)) for _ in range(paragraphs))


def title(rng: Random) -> str:
    return f"The {rng.choice(_KINDS)} {rng.choice(_NOUNS)}".title()


def noun(rng: Random) -> str:
    return rng.choice(_NOUNS)


def chinese(rng: Random, sentences: int = 24) -> str:
    return "".join(
        "".join(rng.choices(_CHINESE, k=rng.randint(5, 11))) + "。" for _ in range(sentences)
    )


def greek(rng: Random, words: int = 180) -> str:
    return " ".join(rng.choices(_GREEK, k=words)) + "."


def misread(text: str, rng: Random) -> str:
    """As a bad reader of letters gives it: signs and capitals in the words, spaces anywhere."""
    return "".join(_misread(letter, rng) for letter in text)


def _misread(letter: str, rng: Random) -> str:
    if letter == "\n" or rng.random() < 0.45:
        return letter
    return rng.choice((rng.choice(_SYMBOLS), rng.choice("0158lI"), " ", letter.upper(), ""))


def slightly_misread(text: str, rng: Random) -> str:
    """As a good reader gives it: one letter in a hundred is wrong."""
    return "".join(rng.choice("cloe1ti") if rng.random() < 0.01 else letter for letter in text)
