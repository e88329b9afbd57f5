"""What the models panel does: look, download, pause, check, remove, and say whether a model fits."""

import html
import json
import threading
from collections.abc import Callable
from typing import Any

import gradio as gr

from glmdesk.app import App
from glmdesk.errors import (
    DownloadDamaged,
    FileMissing,
    GlmdeskError,
    RepositoryMissing,
    RevisionMissing,
    UnsafeName,
    UsageError,
)
from glmdesk.library.fitting.fit import Plan
from glmdesk.library.transfers.progress import Progress
from glmdesk.ui import closer, shelf, text
from glmdesk.ui.panels.shelf import LARGEST, LOOK_S, REST_S, SMALLEST, STEP, USUAL
from glmdesk.ui.viewing import Identify

_HOPELESS = {
    error.code
    for error in (DownloadDamaged, FileMissing, RepositoryMissing, RevisionMissing, UnsafeName)
}
"""Errors that most likely come again when a download is tried again."""
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
        self._answer = ""
        """What came of the last action, as HTML."""

    def open(self, request: gr.Request) -> list[Any]:
        """Updates for panel, then `Shelf.shown`: no details, and nothing that was said before."""
        self._check_owner(request)
        self._answer = ""
        *shown, _ = self.look(request)
        return [gr.Column(visible=True), *shown, gr.Column(visible=False)]

    def look(self, request: gr.Request) -> list[Any]:
        """Updates for `Shelf.shown`; asked again and again while the panel is open."""
        self._check_owner(request)
        try:
            rows = self._supply.rows()
        except GlmdeskError as error:
            resting = gr.Timer(REST_S, active=True)
            return [gr.skip(), _said(error.message, fault=True), resting, gr.skip()]
        moving = any(row.progress and row.progress.state in _MOVING for row in rows)
        moving = moving or bool(self._checking) or self._supply.library.busy
        cards = shelf.draw(rows, self._supply.machine_line(), self._hopeless())
        pace = gr.Timer(LOOK_S if moving else REST_S, active=True)
        return [cards, self._news(), pace, gr.skip()]

    def _hopeless(self) -> set[str]:
        return {one.id for one in self._supply.downloads.list() if one.code in _HOPELESS}

    def _news(self) -> str:
        """What checks found, and what came of the last action: each look says it again."""
        return _said(" ".join(filter(None, tuple(self._checks.values())))) + self._answer

    def act(self, action: str, request: gr.Request) -> list[Any]:
        """What a button of a card asks for. Updates for `Shelf.shown`."""
        self._check_owner(request)
        do, model = _asked(action)
        return self._try(lambda: self._do(do, model), request)

    def _try(self, action: Callable[[], None], request: gr.Request) -> list[Any]:
        self._answer = ""
        try:
            action()
        except GlmdeskError as error:
            self._answer = _said(error.message, fault=True)
        return self.look(request)

    def _do(self, do: str, model: str) -> None:
        downloads = self._supply.downloads
        actions: dict[str, Callable[[str], object]] = {
            "pull": self._supply.pull,
            "pause": downloads.pause,
            "resume": downloads.resume,
            "cancel": downloads.cancel,
            "verify": self._verify,
            "remove": self._remove,
            "forget": self._forget,
        }
        if do in actions:
            self._checks.pop(model, None)
            actions[do](model)

    def _remove(self, model: str) -> None:
        self._answer = _said(self._supply.keeping.remove(model, self._is_used))

    def _forget(self, _: str) -> None:
        """The token; one in HF_TOKEN is not ours to remove."""
        tokens = self._supply.tokens
        before = tokens.where()
        tokens.remove()
        after = {"": text.TOKEN_GONE if before else text.TOKEN_NONE, "environment": text.TOKEN_SET}
        left = tokens.where()
        self._answer = _said(after.get(left, text.TOKEN_STAYS), fault=left not in after)

    def _is_used(self, model: str) -> bool:
        now = self._app.pool.status
        here = now.model == model and now.state != "failed"
        return here or self._supply.is_loaded_elsewhere(model)

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
        shown = self._try(lambda: self._pull_any(address), request)
        return [gr.skip() if self._answer else "", *shown]

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
            self._answer = _said(error.message, fault=True)
            return [gr.skip(), self._news()]
        self._answer = _said(text.TOKEN_KEPT[where])
        return ["", self._news()]

    def used(self, action: str, request: gr.Request) -> str:
        """The model that a card's button wants to chat with; "" for other buttons."""
        self._check_owner(request)
        do, model = _asked(action)
        return model if do == "use" else ""

    # one model

    def choose(self, action: str, request: gr.Request) -> list[Any]:
        """Details of the model of a card, or none any more. Updates for `Shelf.closer`; none for other
        buttons."""
        self._check_owner(request)
        do, model = _asked(action)
        if do == "close":
            return [gr.Column(visible=False), *[gr.skip()] * 7]
        return self._open_details(model) if do == "details" else [gr.skip()] * 8

    def _open_details(self, model: str) -> list[Any]:
        try:
            return self._details(model)
        except GlmdeskError as error:
            if begun := self._supply.begun(model):
                more = closer.lines([closer.origin(begun.item), *closer.files(begun.item)])
                return _bare(begun.item.name, f"<p>{text.FIT_LATER}</p>", more)
            return _bare(model, closer.fault(error.message), "")

    def _details(self, model: str) -> list[Any]:
        choice = self._supply.choose(model)
        card, offered = choice.card, closer.variants(choice)
        named = card.id if card and offered else choice.id
        sizes = closer.sizes(offered, {one.id for one in offered if self._is_here(named, one.id)})
        plan = self._plan(named, choice.label if offered else "", 0)
        trained = plan.search.weights.dimensions.n_ctx_train if plan else 0
        largest = max(SMALLEST + STEP, min(LARGEST, trained or USUAL))
        return [
            gr.Column(visible=True),
            named,
            closer.head(choice.name, closer.about(card)),
            gr.Dropdown(
                choices=sizes, value=choice.label if offered else None, visible=bool(offered)
            ),
            gr.Slider(
                maximum=largest, value=min(largest, plan.n_ctx if plan else SMALLEST), visible=True
            ),
            closer.verdict(plan, here=bool(offered and choice.installed)),
            gr.Button(visible=bool(offered)),
            closer.lines(self._supply.show(model).lines),
        ]

    def fit(self, model: str, variant: str | None, n_ctx: float, request: gr.Request) -> str:
        """The verdict for a context in tokens."""
        self._check_owner(request)
        plan = self._plan(model, variant or "", int(n_ctx))
        return closer.verdict(plan, here=bool(variant) and self._is_here(model, variant or ""))

    def _is_here(self, model: str, variant: str) -> bool:
        try:
            return self._supply.choose(f"{model}:{variant}").installed is not None
        except GlmdeskError:
            return False

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


def _asked(action: str) -> tuple[str, str]:
    """(what a button asks for, the model it asks it for), from the script's JSON; "" where it is none."""
    try:
        asked = json.loads(action)
        return str(asked["do"]), str(asked["model"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""


def _bare(name: str, fit: str, more: str) -> list[Any]:
    """Details of a model of which there is nothing to choose. Updates for `Shelf.closer`."""
    return [
        gr.Column(visible=True),
        "",
        closer.head(name, ""),
        gr.Dropdown(visible=False),
        gr.Slider(visible=False),
        fit,
        gr.Button(visible=False),
        more,
    ]


def _said(message: str, *, fault: bool = False) -> str:
    if not message:
        return ""
    kind = 'role="alert" class="problem"' if fault else 'role="status"'
    return f"<p {kind}>{html.escape(message)}</p>"
