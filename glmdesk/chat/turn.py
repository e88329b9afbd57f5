"""One turn: a prompt is fitted into the context, and the engine's events become an answer."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from glmdesk.chat.context import Fit, fit
from glmdesk.chat.prompt import Options, Prepared, TurnTools, request_of
from glmdesk.engines.base import Engine
from glmdesk.messages import Event, Message, Noted


def run(  # noqa: PLR0913 - both flags are set while it runs, so they are no options
    engine: Engine,
    prepared: Prepared,
    tools: TurnTools,
    options: Options,
    stop: threading.Event,
    answer_now: threading.Event | None = None,
) -> Iterator[Event]:
    """Fit the prompt into the context, then stream the answer; `answer_now` ends its thinking.

    Yields Noted for what a person should know, then the engine's events.
    Raises ContextFull, EngineError.
    """
    if prepared.note:
        yield Noted(text=prepared.note)
    request = request_of(engine, prepared.messages, options)
    price = engine.price(request)
    cut = fit(price.per_message, [m.role for m in prepared.messages], engine.info.n_ctx)
    if cut.start:
        tools.remember_start(prepared.seqs[cut.start])
        request = replace(request, messages=_cut(prepared.messages, cut))
        yield Noted(
            text=f"This chat is longer than the model can see: its first {cut.dropped} messages are "
            "no longer included."
        )
    yield from engine.stream(request, stop, answer_now)


def _cut(messages: Sequence[Message], cut: Fit) -> tuple[Message, ...]:
    system = messages[:1] if messages[0].role == "system" else ()
    return (*system, *messages[cut.start :])
