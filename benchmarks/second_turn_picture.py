"""How much sooner the second question about a picture is answered than the first, and than llama-server does it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from statistics import median

from PIL import Image

from benchmarks import peers
from benchmarks.figure import Figure, Options
from benchmarks.hearing import assistant, greedy, hear, user
from benchmarks.server_peer import LlamaServer, serving
from benchmarks.stage import PICO_LIMITS, WIDE_LIMITS, Stage
from glmdesk.documents.sizes import PictureLimits
from glmdesk.engines.base import Engine
from glmdesk.messages import Message, Picture, Usage
from tools.pico.scenes import scene

N = 7
MOST, MOST_OF_SERVER = 0.03, 1.1
SIDE = 640
"""Becomes 644, which is 23 × 23 tokens."""
FIRST, ANSWER, SECOND = "What do you see?", "I see a red circle.", "And what color is the square?"
NAME = "second-turn-picture"


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Seconds to the first token of both questions, and what the second one reused."""

    first_s: float
    second_s: float
    usage: Usage = Usage()


def measure(stage: Stage, options: Options) -> Iterator[Figure]:
    """Medians over different pictures: the wide model, the same beside llama-server, then pico."""
    program = peers.find("llama-server")
    with ExitStack() as open_:
        engine = open_.enter_context(stage.engine(stage.wide))
        server = None
        if program is not None:
            log = stage.folder / "server.log"
            server = open_.enter_context(serving(program, stage.wide, log))
        ours, theirs = _both(stage, options, engine, server)
    yield _own(NAME, ours, f"<= {MOST}")
    if program is None:
        yield peers.not_measured(f"{NAME}.server", "llama-server", f"<= {MOST_OF_SERVER}")
    else:
        yield _beside(ours, theirs, peers.version(program))
    with stage.engine(stage.pico()) as engine:
        pictures = _pictures(stage, options, PICO_LIMITS, 112)
        yield _own(f"{NAME}.pico", [ask_twice(engine, picture) for picture in pictures][1:], "")


def _both(
    stage: Stage, options: Options, engine: Engine, server: LlamaServer | None
) -> tuple[list[Turns], list[Turns]]:
    """Ours and theirs in turns; the first picture is for warming up."""
    ours, theirs = [], []
    for picture in _pictures(stage, options, WIDE_LIMITS, SIDE):
        ours.append(ask_twice(engine, picture))
        if server is not None:
            theirs.append(_ask_server_twice(server, picture))
    return ours[1:], theirs[1:]


def _pictures(
    stage: Stage, options: Options, limits: PictureLimits, side: int
) -> Iterator[Picture]:
    for turn in range(1 + options.count(N)):
        yield draw_picture(options.seed + turn, stage, limits, side)


def _own(name: str, turns: list[Turns], target: str) -> Figure:
    first, second = median(turn.first_s for turn in turns), median(t.second_s for t in turns)
    ratio = median(turn.second_s / turn.first_s for turn in turns)
    cached = all(turn.usage.cached_tokens >= turn.usage.image_tokens > 0 for turn in turns)
    return Figure(
        name=name,
        value=ratio,
        unit="ratio",
        target=target,
        met=ratio <= MOST and cached if target else None,
        note=f"first {1000 * first:.1f} ms, second {1000 * second:.1f} ms; "
        f"{turns[-1].usage.cached_tokens} tokens reused, "
        f"{turns[-1].usage.image_tokens} of them the picture's; n {len(turns)}",
    )


def _beside(ours: list[Turns], theirs: list[Turns], version: str) -> Figure:
    pairs = list(zip(ours, theirs, strict=True))
    ratio = median(one.second_s / other.second_s for one, other in pairs)
    first = median(one.first_s / other.first_s for one, other in pairs)
    second = 1000 * median(other.second_s for other in theirs)
    return Figure(
        name=f"{NAME}.server",
        value=ratio,
        unit="ratio",
        target=f"<= {MOST_OF_SERVER}",
        peer=f"{second:.1f} ms",
        met=ratio <= MOST_OF_SERVER,
        note=f"ours {1000 * median(one.second_s for one in ours):.1f} ms; the first turn "
        f"{first:.2f} × theirs; {version}, n {len(pairs)}",
    )


def draw_picture(seed: int, stage: Stage, limits: PictureLimits, side: int) -> Picture:
    """Shapes on a square of `side` pixels; each seed gives other ones."""
    image, _ = scene(Random(seed), sizes=((112, 112),))
    return stage.picture(image.resize((side, side), Image.Resampling.BICUBIC), limits)


def ask_twice(engine: Engine, picture: Picture) -> Turns:
    """One token is asked for, so that the end of the answer is the moment of its first token."""
    first, second = (hear(engine, greedy(talk, max_tokens=1)) for talk in _talks(picture))
    return Turns(first_s=first.seconds, second_s=second.seconds, usage=second.usage)


def _ask_server_twice(server: LlamaServer, picture: Picture) -> Turns:
    first, second = (server.chat(talk, max_tokens=1) for talk in _talks(picture))
    return Turns(first_s=first.seconds, second_s=second.seconds)


def _talks(picture: Picture) -> tuple[list[Message], list[Message]]:
    question = user(picture, FIRST)
    return [question], [question, assistant(ANSWER), user(SECOND)]
