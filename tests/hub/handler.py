"""What is answered to each address: listings, repositories, files, signed links."""

import hashlib
import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.hub.content import Content
from tests.hub.faults import Delay, Expired, Fault, Page, Raw, Refuse, Status
from tests.hub.sending import Answer, send

if TYPE_CHECKING:
    from tests.hub.listener import Listener
    from tests.hub.server import Repository

_LFS = (".gguf", ".bin", ".safetensors")
_AT_THE_HUB = (Status, Expired, Page, Delay, Refuse, Raw)
"""Faults of the redirect's own answer; the others are for who sends the bytes."""
_PLACES = {"main", "master"}


@dataclass(kw_only=True)
class Seen:
    """One request: `headers` in lower case; `listener` is "hub" or "cdn"; `status` 0 if none was sent."""

    listener: str
    method: str
    path: str
    headers: Mapping[str, str]
    status: int = 0
    when: float = field(default_factory=time.monotonic)


class Handler(BaseHTTPRequestHandler):
    """Serves the hub's port and the second one: see `server`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"
    seen: Seen

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = Seen(
            listener=self.server.name, method=self.command, path=self.path, headers=headers
        )
        self.server.hub.note(self.seen)
        if self.path.startswith("http://"):  # we are used as a proxy
            self.path = "/" + self.path.split("/", 3)[-1]
        if self.server.hub.moved and self.server.name == "hub":
            self.send_body(307, b"", "text/plain", {"Location": self.server.hub.moved + self.path})
            return
        path, _, query = self.path.partition("?")
        parts = path.split("/")[1:]
        self._route(parts)(parts, dict(urllib.parse.parse_qsl(query)))

    do_HEAD = do_GET

    def do_CONNECT(self) -> None:
        """What a proxy is asked for; this one refuses."""
        self.seen = Seen(listener="hub", method="CONNECT", path=self.path, headers={})
        self.server.hub.note(self.seen)
        self.send_body(403, b"", "text/plain")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `requests` tells more."""

    def send_response(self, code: int, message: str | None = None) -> None:
        if hasattr(self, "seen"):
            self.seen.status = int(code)
        super().send_response(code, message)

    def _route(self, parts: list[str]) -> Callable[[list[str], dict[str, str]], None]:
        if self.server.name == "cdn":
            return self._link
        match parts:
            case ["api", "models", _, _, "tree", _, *_]:
                return self._tree
            case ["api", "models", _, _] | ["api", "models", _, _, "revision", _]:
                return self._info
            case ["api", "v1", "models", _, _, "repo", "files"]:
                return self._modelscope
            case ["models", _, _, "resolve", _, _, *_]:
                return lambda parts, query: self._resolve(parts[1:], query)
            case [_, _, "resolve", _, _, *_]:
                return self._resolve
        return lambda parts, query: self.refuse(404, "EntryNotFound")

    # listings

    def _tree(self, parts: list[str], query: dict[str, str]) -> None:
        if not (entry := self._entry(parts[2], parts[3], parts[5])) or self._failed("api:tree"):
            return
        rows = [_row(name, file) for name, file in entry.files.items()] + entry.extra
        start, step = int(query.get("cursor", 0)), self.server.hub.page_size
        headers = {"X-Repo-Commit": entry.commit}
        if start + step < len(rows):
            base = self.server.url + self.path.partition("?")[0]
            again = urllib.parse.urlencode(query | {"cursor": str(start + step)})
            headers["Link"] = f'<{base}?{again}>; rel="next"'
        self.send_json(rows[start : start + step], headers)

    def _info(self, parts: list[str], query: dict[str, str]) -> None:
        revision = parts[5] if len(parts) > 5 else "main"
        if not (entry := self._entry(parts[2], parts[3], revision)) or self._failed("api:info"):
            return
        name = f"{parts[2]}/{parts[3]}"
        rows = [_row(file, content) for file, content in entry.files.items()] + entry.extra
        siblings = [_sibling(row, "blobs" in query) for row in rows]
        self.send_json({
            "_id": "0", "id": name, "modelId": name, "sha": entry.commit, "private": False,
            "gated": "manual" if entry.gated else False, "disabled": False, "tags": [],
            "downloads": 0, "likes": 0, "siblings": siblings,
        })  # fmt: skip

    def _modelscope(self, parts: list[str], query: dict[str, str]) -> None:
        revision = query.get("Revision", "master")
        if not (entry := self._entry(parts[3], parts[4], revision)) or self._failed(
            "api:modelscope"
        ):
            return
        files = [
            {
                "Name": name.rsplit("/", 1)[-1], "Path": name, "Type": "blob", "Size": file.size,
                "Sha256": file.sha256 if self.server.hub.hashes else "", "IsLFS": _is_lfs(name),
                "Revision": entry.commit,
            }
            for name, file in entry.files.items()
        ]  # fmt: skip
        files += [
            {"Name": "", "Path": row["path"], "Type": "blob", "Size": row["size"]}
            for row in entry.extra
        ]
        folders = {name.rsplit("/", 1)[0] for name in entry.files if "/" in name}
        files += [{"Name": one, "Path": one, "Type": "tree", "Size": 0} for one in sorted(folders)]
        self.send_json(
            {"Code": 200, "Data": {"Files": files}, "Message": "success", "Success": True}
        )

    # files

    def _resolve(self, parts: list[str], query: dict[str, str]) -> None:
        entry = self._entry(parts[0], parts[1], parts[3])
        if not entry or self._is_closed_to_us(entry):
            return
        path = urllib.parse.unquote("/".join(parts[4:]), errors="surrogateescape")
        if path not in entry.files:
            self.refuse(404, "EntryNotFound")
            return
        hub, file = self.server.hub, entry.files[path]
        redirects = hub.redirect and _is_lfs(path)
        fault = hub.next_fault(path, self.command, _AT_THE_HUB if redirects else ())
        if self._answered(fault):
            return
        answer = Answer(path=path, content=file, etag=_etag(path, file), commit=entry.commit)
        if redirects or isinstance(fault, Expired):
            self._redirect(f"{parts[0]}/{parts[1]}/{path}", answer, isinstance(fault, Expired))
        else:
            send(self, answer, fault)

    def _redirect(self, place: str, answer: Answer, expired: bool) -> None:
        hub = self.server.hub
        target = "/" + urllib.parse.quote(place, errors="surrogateescape")
        self.send_response(302)
        self.send_header("Location", f"{hub.cdn_url}{target}?{hub.sign(target, expired=expired)}")
        self.send_header("X-Repo-Commit", answer.commit)
        self.send_header("X-Linked-Size", str(answer.content.size))
        self.send_header("X-Linked-Etag", f'"{answer.etag}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _link(self, parts: list[str], query: dict[str, str]) -> None:
        """A file by a signed link: the second listener knows no tokens."""
        hub, place = self.server.hub, self.path.partition("?")[0]
        if not hub.is_signed(place, query.get("Expires", ""), query.get("Signature", "")):
            self.send_body(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
            return
        path = urllib.parse.unquote("/".join(parts[2:]), errors="surrogateescape")
        entry = hub.repositories[f"{parts[0]}/{parts[1]}"]
        if path not in entry.files:
            self.send_body(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
            return
        file = entry.files[path]
        fault = hub.next_fault(path, self.command)
        if not self._answered(fault):
            answer = Answer(path=path, content=file, etag=_etag(path, file), commit="")
            send(self, answer, fault)

    # answers without bytes of a file

    def _entry(self, owner: str, name: str, revision: str) -> "Repository | None":
        """The repository, or None after this was answered with what is wrong."""
        hub = self.server.hub
        entry = hub.repositories.get(f"{owner}/{name}")
        if not entry:
            self.refuse(401 if "authorization" not in self.seen.headers else 404, "RepoNotFound")
            return None
        if not entry.gated and self._is_closed_to_us(entry):
            return None
        if urllib.parse.unquote(revision) not in _PLACES | {entry.revision, entry.commit}:
            self.refuse(404, "RevisionNotFound")
            return None
        return entry

    def _is_closed_to_us(self, entry: "Repository") -> bool:
        """Whether a token is missing; then this was answered. A gated repository shows its listing."""
        shown = self.seen.headers.get("authorization", "")
        if not entry.token or shown == f"Bearer {entry.token}":
            return False
        self.refuse(403 if shown and entry.gated else 401, "GatedRepo" if entry.gated else "")
        return True

    def _failed(self, target: str) -> bool:
        return self._answered(self.server.hub.next_fault(target, self.command))

    def _answered(self, fault: Fault) -> bool:
        """Whether the fault is an answer of its own, which was given now."""
        match fault:
            case Status():
                self.refuse(fault.status, fault.code, fault)
            case Page():
                self.send_body(200, fault.html.encode(), "text/html; charset=utf-8")
            case Refuse():
                self.close_connection = True
            case Raw():
                self.close_connection = True
                self.wfile.write(fault.data)
            case Delay():
                self.server.hub.closing.wait(fault.seconds)
                return False
            case _:
                return False
        return True

    def refuse(self, status: int, code: str = "", fault: Status | None = None) -> None:
        body = fault.body if fault else json.dumps({"error": code or f"status {status}"})
        headers = {"X-Error-Code": code, "X-Error-Message": f"test: {code}"} if code else {}
        if fault and fault.retry_after:
            headers["Retry-After"] = fault.retry_after
        self.send_body(status, body.encode(), "application/json", headers)

    def send_json(self, value: object, headers: dict[str, str] | None = None) -> None:
        self.send_body(200, json.dumps(value).encode(), "application/json", headers)

    def send_body(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_lfs(path: str) -> bool:
    return path.lower().endswith(_LFS)


def _etag(path: str, file: Content) -> str:
    """As the hub does it: the sha256 of large files, git's own hash of small ones."""
    if _is_lfs(path):
        return file.sha256
    return hashlib.sha1(b"blob %d\0" % file.size + file.read(0, file.size)).hexdigest()


def _sibling(row: dict[str, Any], blobs: bool) -> dict[str, Any]:
    """A file as the repository's own record has it."""
    short = {"rfilename": row["path"]}
    if not blobs:
        return short
    lfs = row.get("lfs")
    if lfs:
        lfs = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
    return short | {"size": row.get("size"), "blobId": row.get("oid"), "lfs": lfs}


def _row(path: str, file: Content) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "file", "path": path, "size": file.size, "oid": "0" * 40}
    if _is_lfs(path):
        row["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": 134}
    return row
