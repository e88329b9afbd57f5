"""The page: its parts are placed, dressed, and joined to what they do."""

from typing import Any

import gradio as gr

from glmdesk import paths
from glmdesk.app import App
from glmdesk.ui import joining, layout, text
from glmdesk.ui.archiving import ArchivePage
from glmdesk.ui.attaching import AttachmentsPage
from glmdesk.ui.page import Page
from glmdesk.ui.stocking import ShelfPage
from glmdesk.ui.viewing import Identify, Viewing

QUEUE_LOOK_S = 0.02
"""Gradio looks for work a thousand times a second: 3 % of a core while nobody does anything."""


def build(app: App, identify: Identify) -> gr.Blocks:
    viewing = Viewing(app, identify)
    with gr.Blocks(
        title=text.TITLE, analytics_enabled=False, fill_height=True, fill_width=True
    ) as page:
        panels = layout.place(viewing)
        attachments = AttachmentsPage(app, identify, viewing)
        handlers = Page(viewing, panels, attachments)
        joining.join(page, panels, handlers, attachments)
        joining.join_shelf(panels, ShelfPage(app, identify), handlers)
        joining.join_attachments(panels, attachments)
        joining.join_archive(panels, ArchivePage(app, identify, attachments))
    page._queue.sleep_when_free = QUEUE_LOOK_S
    page.has_launched = True  # a mounted page never says so, and Gradio then checks no path
    return page


def dress() -> dict[str, Any]:
    """Theme, style and script, all from this machine. Each script file is one function, `() => {…}`."""
    styles, scripts = _shipped("css"), _shipped("js")
    return {
        "theme": gr.themes.Soft(
            primary_hue="indigo", neutral_hue="slate", font=["system-ui", "sans-serif"]
        ),
        "css": "\n".join(styles),
        "js": "() => {\n" + "".join(f"({script}\n)();\n" for script in scripts) + "}",
    }


def _shipped(kind: str) -> list[str]:
    """All files of a kind, in the order of their names."""
    files = sorted((paths.shipped("assets") / kind).glob(f"*.{kind}"))
    return [file.read_text(encoding="utf-8") for file in files]
