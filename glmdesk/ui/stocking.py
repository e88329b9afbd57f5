"""What the models panel does: look, download, pause, check, remove, and say whether a model fits."""

import html
import json
import threading
from collections.abc import Callable
from typing import Any

import gradio as gr

from glmdesk.app import App
from glmdesk.errors import GlmdeskError, UsageError
from glmdesk.library.cards.card import Card
from glmdesk.library.fitting.fit import Plan
from glmdesk.library.fitting.placement import PARTS
from glmdesk.library.transfers.progress import Progress
from glmdesk.sizes import size
from glmdesk.supply.choice import Choice
from glmdesk.ui import shelf, text
from glmdesk.ui.panels.shelf import LARGEST, SMALLEST, STEP
from glmdesk.ui.shelf import Part
from glmdesk.ui.viewing import Identify

_MOVING = ("waiting", "checking", "downloading", "verifying", "elsewhere")


class ShelfPage:
    """The handlers of the models panel. Only the owner may use them: each asks who it is."""

    def __init__(self, app: App, identify: Identify) -> None:
        self._app = app
        self._supply = app.supply
        self._identify = identify
        self._checks: dict[str, str] = {}
        """What the last check of a model's files said, by its id; how far it is, while it runs."""
        self._checking: set[str] = set()

    def open(self, request: gr.Request) -> list[Any]:
        """Updates for panel, then `Shelf.shown`."""
        return [gr.Column(visible=True), *self.look(request)]

    def look(self, request: gr.Request) -> list[Any]:
        """Updates for `Shelf.shown`; asked again while something moves."""
        self._check_owner(request)
        try:
            rows = self._supply.rows()
        except GlmdeskError as error:
            return [gr.skip(), _said(error.message), gr.Timer(active=False)]
        moving = any(row.progress and row.progress.state in _MOVING for row in rows)
        more = bool(self._checking) or self._supply.library.busy
        said = " ".join(filter(None, self._checks.values()))
        cards = shelf.draw(rows, self._supply.machine_line(), "")
        return [cards, _said(said), gr.Timer(active=moving or more)]

    def act(self, action: str, request: gr.Request) -> list[Any]:
        """What a button of a card asks for. Updates for `Shelf.shown`."""
        self._check_owner(request)
        try:
            asked = json.loads(action)
            do, model = str(asked["do"]), str(asked["model"])
        except (ValueError, KeyError, TypeError):
            return self.look(request)
        return self._try(lambda: self._do(do, model), request)

    def _try(self, action: Callable[[], None], request: gr.Request) -> list[Any]:
        try:
            action()
        except GlmdeskError as error:
            return self._look_and_say(error, request)
        return self.look(request)

    def _look_and_say(self, error: GlmdeskError, request: gr.Request) -> list[Any]:
        cards, _, timer = self.look(request)
        return [cards, _said(error.message), timer]

    def _do(self, do: str, model: str) -> None:
        downloads = self._supply.downloads
        actions: dict[str, Callable[[str], object]] = {
            "pull": self._supply.pull,
            "pause": downloads.pause,
            "resume": downloads.resume,
            "cancel": downloads.cancel,
            "verify": self._verify,
            "remove": self._remove,
        }
        self._checks.pop(model, None)
        if do in actions:
            actions[do](model)

    def _remove(self, model: str) -> None:
        self._checks[model] = self._supply.keeping.remove(model, self._is_used)

    def _is_used(self, model: str) -> bool:
        return self._app.pool.status.model == model and self._app.pool.status.state != "failed"

    def _verify(self, model: str) -> None:
        """In the background: it reads every byte."""
        self._checking.add(model)

        def tell(progress: Progress) -> None:
            self._checks[model] = f"{model}: {shelf.progress_line(progress)}."

        def check() -> None:
            try:
                found = self._supply.keeping.verify(model, threading.Event(), tell).sentence
            except GlmdeskError as error:
                found = error.message
            self._checks[model] = found
            self._checking.discard(model)

        threading.Thread(target=check, name="verify", daemon=True).start()

    def add(self, address: str, request: gr.Request) -> list[Any]:
        """Download any repository. Updates for the address, then `Shelf.shown`; an address that cannot be
        had stays, to be mended."""
        self._check_owner(request)
        try:
            self._pull_any(address)
        except GlmdeskError as error:
            return [gr.skip(), *self._look_and_say(error, request)]
        return ["", *self.look(request)]

    def _pull_any(self, address: str) -> None:
        if not address.strip():
            raise UsageError(f"Nothing was named. Write {text.ADD_HINT}.")
        self._supply.pull(address.strip())

    def keep_token(self, token: str, request: gr.Request) -> list[Any]:
        """Updates for the token's field, then `said`."""
        self._check_owner(request)
        try:
            where = self._supply.tokens.save(token)
        except GlmdeskError as error:
            return [gr.skip(), _said(error.message)]
        place = "the system's keyring" if where == "keyring" else "a file that only you can read"
        return ["", _said(f"The token is kept in {place}.")]

    def used(self, action: str, request: gr.Request) -> str:
        """The model that a card's button wants to chat with; "" for other buttons."""
        self._check_owner(request)
        try:
            asked = json.loads(action)
            return str(asked["model"]) if asked["do"] == "use" else ""
        except (ValueError, KeyError, TypeError):
            return ""

    # one model

    def choose(self, action: str, request: gr.Request) -> list[Any]:
        """Details of the model of a card. Updates for `Shelf.closer`; none for other buttons."""
        self._check_owner(request)
        nothing = [gr.skip()] * 8
        try:
            asked = json.loads(action)
            if asked["do"] != "details":
                return nothing
            return self._details(str(asked["model"]))
        except (ValueError, KeyError, TypeError, GlmdeskError):
            return nothing

    def _details(self, model: str) -> list[Any]:
        choice = self._supply.choose(model)
        card, variants = choice.card, _variants(choice)
        named = card.id if card and variants else choice.id
        plan = self._plan(named, choice.label if variants else "", 0)
        trained = plan.search.weights.dimensions.n_ctx_train if plan else LARGEST
        largest = max(SMALLEST + STEP, min(LARGEST, trained or LARGEST))
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._supply.show(model).lines)
        return [
            gr.Column(visible=True),
            named,
            f"<h2>{html.escape(choice.name)}</h2><p>{html.escape(_about(card))}</p>",
            gr.Dropdown(
                choices=variants, value=choice.label if variants else None, visible=bool(variants)
            ),
            gr.Slider(maximum=largest, value=min(largest, plan.n_ctx if plan else SMALLEST)),
            _plan_html(plan),
            gr.Button(visible=bool(variants)),
            f"<details><summary>{text.ALL_FACTS}</summary><ul>{lines}</ul></details>",
        ]

    def fit(self, model: str, variant: str | None, n_ctx: float, request: gr.Request) -> str:
        """The verdict for a context in tokens."""
        self._check_owner(request)
        return _plan_html(self._plan(model, variant or "", int(n_ctx)))

    def _plan(self, model: str, variant: str, n_ctx: int) -> Plan | None:
        try:
            name = f"{model}:{variant}" if variant else model
            return self._supply.fit(name, n_ctx=n_ctx).plan
        except GlmdeskError:
            return None

    def pull_variant(self, model: str, variant: str | None, request: gr.Request) -> list[Any]:
        """Download the size that is chosen in the details. Updates for `Shelf.shown`."""
        self._check_owner(request)
        return self._try(
            lambda: self._pull_any(f"{model}:{variant}" if variant else model), request
        )

    def _check_owner(self, request: gr.Request) -> None:
        if not self._identify(request).is_owner:
            raise gr.Error(text.OWNER_ONLY, print_exception=False)


def _variants(choice: Choice) -> list[str]:
    """The sizes to choose from; also for one that is here, since another one may lie beside it."""
    if not choice.card or choice.card.builtin:
        return []
    sizes = [one.id for one in choice.card.variants]
    here = choice.installed
    if here and (here.foreign or here.quant not in sizes):
        return []
    return sizes


def _about(card: Card | None) -> str:
    return (card.good_for or card.summary) if card else ""


def _said(message: str) -> str:
    return f'<p role="status">{html.escape(message)}</p>' if message else ""


def _plan_html(plan: Plan | None) -> str:
    if plan is None:
        return f"<p>{text.UNKNOWN_FIT}</p>"
    about = "" if plan.exact else f" {text.ESTIMATE}"
    bars = "".join(
        f"<h3>{html.escape(share.device)}, {size(share.usable)}</h3>"
        + shelf.memory_bar(
            [
                *(Part(name=part, size=getattr(share, part)) for part in PARTS),
                Part(name="free", size=share.free),
            ],
            share.usable,
        )
        for share in plan.memory
        if share.used
    )
    return (
        f'<p class="pill-line"><span class="pill {shelf.TONES[plan.kind]}">{html.escape(plan.verdict)}'
        f"</span> {html.escape(plan.sentence)}{about}</p>{bars}"
    )
