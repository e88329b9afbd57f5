"""Show the pages of what people attached to whom they belong: pictures, texts, and where a passage stands."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from glmdesk.chat.papers import Papers
from glmdesk.errors import GlmdeskError
from glmdesk.identity import Identity

SIDES = (160, 320, 640, 1080, 1600, 2400)
"""Pixels of the longer side. Only these are drawn, so that the cache holds few of each page."""
LONGEST_PASSAGE = 1000
"""Characters of a passage that are looked for."""
_KEPT = {"cache-control": "private, max-age=31536000, immutable"}
_FRESH = "private, no-cache"

Made = TypeVar("Made")


def router(
    papers: Papers, identify: Callable[[Request], Identity], model: Callable[[], str]
) -> APIRouter:
    """GET /files/<sha256>/pages/<n>[/text|/find]; n is 0 for a picture.

    404 for a file that is another's or not there, and for a page that it does not have. `model` says
    which one is loaded: pages are described as that one sees them.
    """
    routes = APIRouter()

    @routes.get("/files/{sha256}/pages/{page}")
    def picture(sha256: str, page: int, request: Request, side: int = 1600) -> FileResponse:
        """WebP, at least `side` pixels long unless the page has fewer."""
        path = _told(lambda: papers.thumbnail(identify(request).name, sha256, page, _step(side)))
        return FileResponse(path, media_type="image/webp", headers=_KEPT)

    @routes.get("/files/{sha256}/pages/{page}/text")
    def text(sha256: str, page: int, request: Request, response: Response) -> dict[str, Any]:
        view = _told(lambda: papers.view(identify(request).name, sha256, page, model()))
        response.headers["cache-control"] = _FRESH
        return {
            "name": view.name,
            "number": view.number,
            "pages": view.pages,
            "label": view.label,
            "text": view.text,
            "picture": view.picture,
            "sees": view.sees,
            "tokens": view.tokens,
        }

    @routes.get("/files/{sha256}/pages/{page}/find")
    def find(
        sha256: str, page: int, request: Request, response: Response, words: str = ""
    ) -> dict[str, Any]:
        """Boxes in thousandths of the page's width and height."""
        passage = words.strip()[:LONGEST_PASSAGE]
        owner = identify(request).name
        boxes = _told(lambda: papers.find(owner, sha256, page, passage)) if passage else ()
        response.headers["cache-control"] = _FRESH
        return {"boxes": boxes}

    return routes


def _step(side: int) -> int:
    """The smallest of SIDES that is not smaller than `side`, or the largest."""
    return next((step for step in SIDES if step >= side), SIDES[-1])


def _told(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except GlmdeskError as error:
        raise HTTPException(status_code=404, detail=error.message) from None
