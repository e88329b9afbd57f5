"""The weights of a model that is not here yet, from the headers of its files at the hub."""

from collections.abc import Callable

import httpx

from glmdesk.errors import DownloadError
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.fitting.remote_header import read_remote_header
from glmdesk.library.fitting.weights import Weights
from glmdesk.library.gguf.header import Header
from glmdesk.library.hubs.network import Place, explain, open_client, portal, refusal
from glmdesk.library.hubs.sources import Hub, Item

_PARTIAL = 206


def read_weights(hub: Hub, item: Item) -> Weights:
    """Exact, for a few MB of each file. Raises DownloadError, ModelDamaged or ModelUnsupported."""
    with open_client() as client:
        headers = [_read(client, hub, item, file) for file in item.files]
        projector = _read(client, hub, item, item.mmproj) if item.mmproj else None
    return Weights.from_headers(headers, projector)


def _read(client: httpx.Client, hub: Hub, item: Item, file: RemoteFile) -> Header:
    return read_remote_header(_fetcher(client, hub, item, file), file.size, file.name)


def _fetcher(
    client: httpx.Client, hub: Hub, item: Item, file: RemoteFile
) -> Callable[[int, int], bytes]:
    url = hub.address(item, file)
    place = hub.place(item, file)

    def fetch(offset: int, length: int) -> bytes:
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}", **hub.headers_for(url)}
        try:
            with client.stream("GET", url, headers=wanted) as answer:
                if not answer.is_success or _is_page(answer):
                    raise _refused(answer, place)
                return answer.read() if _is_what_was_asked(answer, offset, length) else b""
        except httpx.HTTPError as error:
            raise explain(error, url) from error

    return fetch


def _is_what_was_asked(answer: httpx.Response, offset: int, length: int) -> bool:
    """Those bytes and no more: a server may send anything."""
    said = answer.headers.get("content-length", "")
    place = answer.headers.get("content-range", "").removeprefix("bytes ")
    plain = answer.headers.get("content-encoding", "identity").lower() == "identity"
    is_part = answer.status_code == _PARTIAL and place.startswith(f"{offset}-")
    return plain and is_part and said.isdecimal() and int(said) <= length


def _is_page(answer: httpx.Response) -> bool:
    return str(answer.headers.get("content-type", "")).lower().startswith("text/html")


def _refused(answer: httpx.Response, place: Place) -> DownloadError:
    if answer.is_success:
        return portal(answer.url.host)
    return refusal(answer.status_code, answer.headers, place)
