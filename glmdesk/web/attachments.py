"""Hand attachments to whom they belong: pictures to be shown, everything else to be saved."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse

from glmdesk.errors import StorageError
from glmdesk.identity import Identity
from glmdesk.store.files import Files

SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")
"""What a browser may show itself; a file of any other kind could hold a script."""


def router(files: Files, identify: Callable[[Request], Identity]) -> APIRouter:
    """GET /files/<sha256>; 404 for a file that is another's or not there."""
    routes = APIRouter()

    @routes.get("/files/{sha256}")
    def file(sha256: str, request: Request) -> FileResponse:
        try:
            path, attachment = files.find(identify(request).name, sha256)
        except StorageError as error:
            raise HTTPException(status_code=404, detail=error.message) from None
        shown = attachment.media_type in SHOWN
        media_type = attachment.media_type if shown else "application/octet-stream"
        place = "inline" if shown else "attachment"
        headers = {
            "content-disposition": f"{place}; filename*=utf-8''{quote(attachment.name, safe='')}",
            "cache-control": "private, max-age=31536000, immutable",
        }
        return FileResponse(path, media_type=media_type, headers=headers)

    return routes
