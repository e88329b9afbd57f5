"""The listings of Hugging Face and its mirrors; the only door to huggingface_hub."""

from collections.abc import Iterator

import httpx2
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from glmdesk import __version__
from glmdesk.errors import DownloadError
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.hubs.listing import Listing, commit_of, files_of, remote_file
from glmdesk.library.hubs.network import (
    HEADERS,
    LOCAL,
    TIMEOUT_S,
    Place,
    bounded,
    explain,
    host_of,
    portal,
    refusal,
)


class _Bounded(httpx2.SyncByteStream):
    """An answer's body that ends some time."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return bounded(self._stream)

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Bounded(response.stream)


def _client() -> httpx2.Client:
    return httpx2.Client(
        mounts={pattern: None for pattern in LOCAL},
        follow_redirects=True,
        timeout=TIMEOUT_S,
        headers=HEADERS,
        event_hooks={"response": [_bound]},
    )


# The library has one client for the process: its own would send this computer's addresses through a proxy.
huggingface_hub.set_client_factory(_client)
# Set here, since its own variable is only read when it is imported, which another package may have done.
constants.HF_HUB_DISABLE_TELEMETRY = True


def list_files(
    endpoint: str, token: str, repository: str, revision: str, *, token_fault: str = ""
) -> Listing:
    """One request: the commit and every file with size and, where it is a large one, sha256.

    Raises DownloadError.
    """
    api = huggingface_hub.HfApi(
        endpoint=endpoint, token=token or False, library_name="glmdesk", library_version=__version__
    )
    place = Place(
        page=f"{endpoint}/{repository}", repository=repository, revision=revision,
        has_token=bool(token), token_fault=token_fault,
    )  # fmt: skip
    try:
        found = api.model_info(
            repository, revision=revision, files_metadata=True, timeout=TIMEOUT_S
        )
    except HfHubHTTPError as error:
        raise refusal(error.response.status_code, error.response.headers, place) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise explain(error, endpoint) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise portal(host_of(endpoint)) from error
    return _listing(found, place)


def _listing(found: huggingface_hub.ModelInfo, place: Place) -> Listing:
    if not commit_of(found.sha):
        raise DownloadError(
            f"{host_of(place.page)} did not say which version of {place.repository} it has. "
            f"{NOTHING} Look at {place.page}, then try again."
        )
    rows = [
        remote_file(
            file.rfilename,
            file.lfs.size if file.lfs else file.size,
            file.lfs.sha256 if file.lfs else "",
        )
        for file in found.siblings or []
    ]
    return Listing(
        source="hf", repository=place.repository, revision=place.revision,
        commit=commit_of(found.sha), files=files_of(rows),
    )  # fmt: skip
