"""The app as it is served: every route behind the guard, files only to their owner, nothing extra."""

import json
import socket
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from glmdesk.app import App
from glmdesk.errors import ServerError
from glmdesk.store.files import Upload
from glmdesk.web.guard import HEADERS
from glmdesk.web.server import PageServer, _bind

FOREIGN = [
    {"host": "evil.example:7860"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
]


def paths_of(client: TestClient) -> list[tuple[str, str]]:
    """Every (method, path) that the served app knows, Gradio's own included."""
    found: list[tuple[str, str]] = []
    todo = [("", route) for route in client.app._app.routes]  # type: ignore[attr-defined]
    while todo:
        prefix, route = todo.pop()
        if isinstance(route, Mount):
            todo += [(prefix + route.path, inner) for inner in route.routes or ()]
        elif isinstance(route, Route):
            found += [(method, prefix + route.path) for method in route.methods or ()]
    return found


def test_the_page_and_health(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    page = client.get("/")
    assert page.status_code == 200
    assert "glmdesk" in page.text
    for name, value in HEADERS.items():
        assert page.headers[name] == value


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: " ".join(headers.values()))
def test_every_route_refuses_foreign_requests(client: TestClient, headers: dict[str, str]) -> None:
    routes = paths_of(client)
    assert len(routes) > 20
    for method, path in routes:
        address = path.replace("{", "").replace("}", "").replace(":path", "")
        answer = client.request(method, address or "/", headers=headers)
        assert answer.status_code == 403, (method, path)


def test_a_file_goes_to_its_owner_as_what_it_is(
    client: TestClient, app: App, picture: Path
) -> None:
    shown = app.files.add(
        "owner", Upload(source=picture, name='a "b" ü.gif', kind="picture", media_type="image/gif")
    )
    answer = client.get(f"/files/{shown.sha256}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.content == picture.read_bytes()


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/pdf", "text/plain"]
)
def test_what_could_hold_a_script_is_only_saved(
    client: TestClient, app: App, tmp_path: Path, media_type: str
) -> None:
    path = tmp_path / "x"
    path.write_text(f"<script>{media_type}</script>")
    kept = app.files.add(
        "owner", Upload(source=path, name="x.html", kind="document", media_type=media_type)
    )
    answer = client.get(f"/files/{kept.sha256}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["0" * 64, "..", "..%2f..%2fglmdesk.db", "%2e%2e/glmdesk.db", "x", "A" * 64]
)
def test_other_names_are_not_found(client: TestClient, name: str) -> None:
    answer = client.get(f"/files/{name}")
    assert answer.status_code == 404 or "SQLite" not in answer.text


def test_another_owners_file_is_not_found(client: TestClient, app: App, picture: Path) -> None:
    path = picture.with_name("other.gif")
    path.write_bytes(picture.read_bytes() + b"\x00")
    theirs = app.files.add(
        "visitor", Upload(source=path, name="x.gif", kind="picture", media_type="image/gif")
    )
    assert client.get(f"/files/{theirs.sha256}").status_code == 404


@pytest.mark.parametrize("name", ["glmdesk.db", "log/glmdesk.log", "secret", "settings.toml"])
def test_gradio_hands_out_nothing_of_the_data_folder(
    client: TestClient, app: App, name: str
) -> None:
    path = app.paths.home / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    for address in (f"/gradio_api/file={path}", f"/file={path}", "/gradio_api/file=/etc/passwd"):
        assert client.get(address).status_code in (403, 404), address


def call(client: TestClient, target: str, data: list[object]) -> str:
    """Call the page's own function that `target` is the only event of; returns all that it answers."""
    config = client.get("/config").json()
    function = next(
        one["id"]
        for one in config["dependencies"]
        if [event for _, event in one["targets"]] == [target] and len(one["inputs"]) == len(data)
    )
    asked = {"data": data, "fn_index": function, "session_hash": "attack"}
    joined = client.post("/gradio_api/queue/join", json=asked)
    assert joined.status_code == 200
    with client.stream("GET", "/gradio_api/queue/data?session_hash=attack") as answer:
        for line in answer.iter_lines():
            if "process_completed" in line or "unexpected_error" in line:
                return line
    return ""


def attach(client: TestClient, path: str) -> str:
    """Ask the page to send the file at `path` with a question."""
    file = {"path": path, "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}
    return call(client, "submit", [{"text": "look", "files": [file]}, "", "auto", "pico", "0", ""])


def take(client: TestClient, path: str) -> str:
    """Ask the strip of attachments to take the file at `path` in."""
    wishes = [
        {"do": "announce", "key": path, "name": "x.txt"},
        {"do": "take", "key": path, "path": path},
    ]
    return call(client, "change", [json.dumps(wishes), "", "pico"])


def test_a_file_that_came_through_the_page_is_taken(client: TestClient, app: App) -> None:
    path = app.paths.uploads / "note.txt"
    path.write_text("The code of lima is 4821.")
    attach(client, str(path))
    assert len(list(app.paths.files.iterdir())) >= 1
    assert app.list("owner")[0].title == "look"


@pytest.mark.parametrize(
    "kind",
    ["outside", "relative", "climbing", "link", "models", "http", "file", "passwd", "folder"],
)
def test_no_other_file_can_be_sent(
    client: TestClient, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(f"a secret of {kind}")
    monkeypatch.chdir(tmp_path)
    (app.paths.uploads / "link.txt").unlink(missing_ok=True)
    (app.paths.uploads / "link.txt").symlink_to(secret)
    (app.paths.models / "weights.txt").write_text("weights")
    path = {
        "outside": str(secret),
        "relative": "secret.txt",
        "climbing": f"{app.paths.uploads}/../../../{tmp_path.name}/secret.txt",
        "link": str(app.paths.uploads / "link.txt"),
        "models": str(app.paths.models / "weights.txt"),
        "http": "http://127.0.0.1:9/x.txt",
        "file": f"file://{secret}",
        "passwd": "/etc/passwd",
        "folder": str(app.paths.uploads),
    }[kind]
    before = {file.name for file in app.paths.files.iterdir()}, len(app.list("owner"))
    for answer in (attach(client, path), take(client, path)):
        assert "secret of" not in answer
        assert "Traceback" not in answer
    if kind != "folder":
        assert "Only files that are attached on this page" in answer
    assert ({file.name for file in app.paths.files.iterdir()}, len(app.list("owner"))) == before
    assert secret.exists()


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/gradio_api/openapi.json", "/docs", "/redoc", "/gradio_api/info", "/info",
             "/monitoring", "/gradio_api/monitoring", "/gradio_api/monitoring/summary"],
)  # fmt: skip
def test_nothing_describes_the_server(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (403, 404), answer.text[:80]


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port} is in use.*--port"):
            _bind(port, 7860)
        free = _bind(None, port)
        assert free.getsockname()[1] != port
        free.close()


def test_it_serves_only_this_machine(app: App) -> None:
    server = PageServer(app, None)
    url = server.start()
    try:
        assert url.startswith("http://127.0.0.1:")
    finally:
        server.stop()
