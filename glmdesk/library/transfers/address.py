"""Where a file's bytes are: the hub's own address, then wherever it points to, which is kept while it works."""

import threading
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit

from glmdesk.library.hubs.network import Place
from glmdesk.library.transfers.answers import Offer, Setback, Wanted, read_offer
from glmdesk.library.transfers.connection import Answer, Lines

HeadersFor = Callable[[str], Mapping[str, str]]
"""Address -> headers that may be sent there; a token only to the hub itself."""
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_STEPS = 6


class Address:
    """One file at its hub. Safe between threads."""

    def __init__(self, url: str, place: Place, headers_for: HeadersFor, lines: Lines) -> None:
        self.url = url
        self.place = place
        self._headers_for = headers_for
        self._lines = lines
        self._found = ""
        self._lock = threading.Lock()

    def ask(self, wanted: Wanted) -> tuple[Answer, Offer]:
        """An answer whose body is what was wanted, or the whole file.

        Raises Setback, LineError or DownloadError.
        """
        answer = self._open(wanted.headers())
        try:
            redirected = urlsplit(answer.url).netloc != urlsplit(self.url).netloc
            offer = read_offer(answer.status, answer.headers, wanted, redirected=redirected)
        except BaseException as error:
            answer.close()
            if isinstance(error, Setback) and error.kind == "link":
                self._keep("")
            raise
        return answer, offer

    def _open(self, headers: Mapping[str, str]) -> Answer:
        with self._lock:
            url = self._found or self.url
        for _ in range(_MOST_STEPS):
            answer = self._lines.open(url, {**headers, **self._headers_for(url)})
            if answer.status not in _REDIRECTS:
                if answer.status in (200, 206):
                    self._keep(url)
                return answer
            with answer:
                url = self._next(url, answer.headers.get("location", ""))
        raise Setback("the server sends us in circles", "link")

    def _next(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        schemes = urlsplit(url).scheme, urlsplit(target).scheme
        if not location or schemes[1] not in ("http", "https") or schemes == ("https", "http"):
            raise Setback("the server points to an address that is not safe", "link")
        return target

    def _keep(self, url: str) -> None:
        with self._lock:
            self._found = url if url != self.url else ""
