"""The listings of ModelScope, over its HTTP interface."""

import json
from typing import Any

import httpx

from glmdesk.errors import RepositoryMissing
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.hubs.listing import Listing, files_of, remote_file
from glmdesk.library.hubs.network import (
    Place,
    bounded,
    explain,
    host_of,
    open_client,
    portal,
    refusal,
)

REVISION = "master"
"""What ModelScope calls the main revision."""


def list_files(endpoint: str, repository: str, revision: str) -> Listing:
    """Every file with its size and, mostly, its sha256; ModelScope tells no commit.

    Raises DownloadError.
    """
    place = Place(page=f"{endpoint}/models/{repository}", repository=repository, revision=revision)
    address = f"{endpoint}/api/v1/models/{repository}/repo/files"
    try:
        with (
            open_client() as client,
            client.stream(
                "GET", address, params={"Revision": revision, "Recursive": "true"}
            ) as answer,
        ):
            body = b"".join(bounded(answer.iter_bytes()))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise explain(error, endpoint) from error
    if answer.status_code >= 400:
        raise refusal(answer.status_code, answer.headers, place)
    rows = _rows(body, place)
    files = files_of(
        [remote_file(row.get("Path"), row.get("Size"), row.get("Sha256")) for row in rows]
    )
    return Listing(source="ms", repository=repository, revision=revision, commit="", files=files)


def _rows(body: bytes, place: Place) -> list[dict[str, Any]]:
    """Its files, without folders."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise portal(host_of(place.page)) from error
    if not isinstance(values, dict):
        raise portal(host_of(place.page))
    data = values.get("Data")
    found = data.get("Files") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise RepositoryMissing(
            f"ModelScope has no repository {place.repository} with the revision {place.revision}. "
            f"{NOTHING} Check the spelling, upper and lower case too."
        )
    return [row for row in found if isinstance(row, dict) and row.get("Type") != "tree"]
