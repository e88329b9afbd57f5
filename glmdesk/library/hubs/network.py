"""How glmdesk speaks to hubs: the client, and a sentence of its own for each way in which that fails."""

import contextlib
import email.utils
import errno
import re
import socket
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import httpx

from glmdesk.errors import (
    BusyError,
    CertificateError,
    DownloadError,
    FileMissing,
    GatedError,
    LookupFailed,
    OfflineError,
    PortalError,
    ProxyError,
    RepositoryMissing,
    RevisionMissing,
    TokenError,
    UnreachableError,
)
from glmdesk.library.hubs.kept import NOTHING

TIMEOUT_S = 20.0
LOCAL = ("all://localhost", "all://*.localhost", "all://127.0.0.1", "all://[::1]")
"""What never goes through a proxy, in the client's own patterns."""
HEADERS = {"User-Agent": "glmdesk", "Accept-Encoding": "identity"}
_LAST_STATUS_OF_PORTALS = 511
_MAX_LISTING = 64 << 20
_LISTING_S = 60.0
_WITH_TOKEN = "give a token that may read it: in HF_TOKEN, or on the page under Models"
_NO_NETWORK = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What was asked for, for the sentences; `page` is where a person can look."""

    page: str
    repository: str
    revision: str = ""
    file: str = ""
    has_token: bool = False
    token_fault: str = ""
    """Why HF_TOKEN is not used, though it is set."""


def open_client(timeout: float = TIMEOUT_S) -> httpx.Client:
    """A client with the proxies of the environment or the system; this computer is never behind one.

    The token is a header of single requests, and httpx drops it on the way to another host.
    """
    return httpx.Client(
        mounts={pattern: None for pattern in LOCAL},
        follow_redirects=True,
        timeout=timeout,
        headers=HEADERS,
    )


def bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A listing as it comes, but not forever: at most 64 MiB and a minute. Raises TimeoutError."""
    end, size = time.monotonic() + _LISTING_S, 0
    for piece in pieces:
        size += len(piece)
        if size > _MAX_LISTING or time.monotonic() > end:
            raise TimeoutError
        yield piece


def host_of(address: str) -> str:
    with contextlib.suppress(ValueError):
        return urllib.parse.urlsplit(address).hostname or address
    return address


def origin_of(address: str) -> tuple[str, str, int]:
    """(scheme, host, port): what a token is bound to. ("", "", 0) for what is no address."""
    try:
        parts = urllib.parse.urlsplit(address)
        standard = {"https": 443, "http": 80}.get(parts.scheme, 0)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or standard
    except ValueError:
        return "", "", 0


def has_proxy(address: str) -> bool:
    """Whether the environment or the system has a proxy for this address."""
    scheme, host, _ = origin_of(address)
    proxies = urllib.request.getproxies()
    if host in ("localhost", "127.0.0.1", "::1") or not (proxies.get(scheme) or proxies.get("all")):
        return False
    return not urllib.request.proxy_bypass(host)


def explain(error: BaseException, address: str) -> DownloadError:
    """What a connection to `address` died of, as an error with its own sentence."""
    host = host_of(address)
    for cause in _causes(error):
        if isinstance(cause, ConnectionRefusedError | socket.gaierror) and has_proxy(address):
            return ProxyError(
                f"The proxy on the way to {host} does not answer. What is already here is kept. Check "
                "HTTPS_PROXY or the proxy of the system settings, or put the host into NO_PROXY."
            )
        if found := _explain_one(cause, host):
            return found
    return UnreachableError(
        f"{host} did not answer as it should ({type(error).__name__}). What is already here is kept. "
        "Try again in a moment."
    )


def _explain_one(cause: BaseException, host: str) -> DownloadError | None:
    if type(cause).__name__ == "ProxyError":
        return ProxyError(
            f"The proxy refused the way to {host}. What is already here is kept. Check HTTPS_PROXY or "
            "the proxy of the system settings, or put the host into NO_PROXY."
        )
    if isinstance(cause, ssl.SSLError):
        reason = _tls_reason(cause)
        return CertificateError(
            f"The connection to {host} cannot be trusted ({reason}), and was closed. Check the date of "
            "this computer; in a company or hotel network ask for its certificate (SSL_CERT_FILE)."
        )
    if isinstance(cause, socket.gaierror):
        if cause.errno == socket.EAI_AGAIN:
            return _offline(host)
        return LookupFailed(
            f"The name {host} was not found. What is already here is kept. Check the spelling of "
            "HF_ENDPOINT if it is set, and whether this computer is online."
        )
    if isinstance(cause, OSError) and cause.errno in _NO_NETWORK:
        return _offline(host)
    return _explain_silence(cause, host)


def _tls_reason(error: ssl.SSLError) -> str:
    """ "self-signed certificate", "WRONG_VERSION_NUMBER", ..."""
    found = (getattr(error, name, "") for name in ("verify_message", "reason"))
    return next((str(text) for text in found if text), "TLS failed")


def _explain_silence(cause: BaseException, host: str) -> DownloadError | None:
    if isinstance(cause, ConnectionRefusedError):
        return UnreachableError(
            f"{host} refuses the connection. What is already here is kept. Try again in a moment."
        )
    if isinstance(cause, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return UnreachableError(
            f"The connection to {host} broke. What is already here is kept. Try again in a moment."
        )
    if isinstance(cause, TimeoutError) or type(cause).__name__.endswith("Timeout"):
        return UnreachableError(
            f"{host} does not answer in time. What is already here is kept. Try again in a moment."
        )
    return None


def _offline(host: str) -> OfflineError:
    return OfflineError(
        f"This computer seems to be offline: there is no way to {host}. What is already here is kept, "
        "and models on this disk work. Connect it, then try again."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the deepest last; each once."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        link = link.__cause__ or link.__context__
    yield from seen


def refusal(status: int, headers: Mapping[str, str], place: Place) -> DownloadError:
    """The error for an answer of 400 or more; `headers` by names in lower case (httpx's do)."""
    host, code = host_of(place.page), headers.get("x-error-code", "")
    if status == 429:
        return busy(headers, host)
    if status >= 500:
        return _trouble(status, headers, host)
    if code == "GatedRepo" or status == 403:
        return _gated(place, host)
    if status == 401 and code != "RepoNotFound":
        return _unknown_person(place, host)
    return _missing(status, code, place, host)


def busy(headers: Mapping[str, str], host: str) -> BusyError:
    seconds = retry_after(headers)
    wait = f"asks to wait {seconds:.0f} s" if seconds else "asks to wait a little"
    return BusyError(
        f"{host} had too many requests and {wait}. What is already here is kept. Try again then; "
        "a token (HF_TOKEN) raises the limit.",
        seconds,
    )


def _trouble(status: int, headers: Mapping[str, str], host: str) -> DownloadError:
    if status == _LAST_STATUS_OF_PORTALS:
        return portal(host)
    return BusyError(
        f"{host} has trouble of its own (status {status}). What is already here is kept. Try again in "
        "some minutes.",
        retry_after(headers),
    )


def portal(host: str) -> PortalError:
    return PortalError(
        f"A web page came instead of an answer of {host}: probably the login page of this network. "
        "Nothing was saved of it. Open a browser, log in, then try again."
    )


def _gated(place: Place, host: str) -> GatedError:
    step = "check that your token may read it" if place.has_token else _WITH_TOKEN
    return GatedError(
        f"The publisher of {place.repository} asks you to accept terms first. {NOTHING} "
        f"Open {place.page}, accept them there, and {step}.{_unused(place)}"
    )


def _unused(place: Place) -> str:
    return f" {place.token_fault}" if place.token_fault and not place.has_token else ""


def _unknown_person(place: Place, host: str) -> TokenError:
    if place.has_token:
        return TokenError(
            f"{host} does not accept the token for {place.repository}. {NOTHING} Check "
            "the token, or make a new one that may read this repository."
        )
    return TokenError(
        f"{host} asks who you are: {place.repository} is private, or has another name. "
        f"{NOTHING} Check the name, or {_WITH_TOKEN}.{_unused(place)}"
    )


def _missing(status: int, code: str, place: Place, host: str) -> DownloadError:
    if code == "RevisionNotFound":
        return RevisionMissing(
            f"{place.repository} has no revision {place.revision!r}. {NOTHING} Leave the "
            f"revision out, or look it up at {place.page}."
        )
    if code == "EntryNotFound" or (place.file and code != "RepoNotFound"):
        name = place.file or "that file"
        return FileMissing(
            f"{place.repository} has no {name} any more. What is already here is kept. Look at "
            f"{place.page} for its new name."
        )
    if status in (401, 404, 410):
        return RepositoryMissing(
            f"There is no repository {place.repository} at {host}, or it is private. "
            f"{NOTHING} Check the spelling, upper and lower case too.{_unused(place)}"
        )
    return DownloadError(
        f"{host} refused what was asked for (status {status}). {NOTHING} Look at "
        f"{place.page}, then try again."
    )


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float:
    """Seconds that the answer asks to wait, from Retry-After (number or date) or RateLimit; else 0."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    if value:
        with contextlib.suppress(TypeError, ValueError, IndexError):
            date = email.utils.parsedate_to_datetime(value)
            return max(0.0, date.timestamp() - (time.time() if now is None else now))
    found = re.search(r"\br=0\s*;\s*t=(\d{1,6})", headers.get("ratelimit", ""))
    return float(found[1]) if found else 0.0
