"""Who may speak to the server: a matrix of Host, Origin, method and route."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from glmdesk.web.guard import HEADERS, Guard, Listener, refusal

LISTENER = Listener(port=7860)

GOOD_HOSTS = ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST:7860"]
BAD_HOSTS = [
    "evil.example", "evil.example:7860", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:7861", "localhost.",
    "localhost.:7860", "localhost.evil.example:7860", "127.0.0.2:7860", "0.0.0.0:7860", "[::]:7860",
    "user@127.0.0.1:7860", "127.0.0.1:7860.evil.example", "2130706433:7860", "", "127.1:7860",
]  # fmt: skip
BAD_ORIGINS = [
    "http://evil.example", "null", "https://127.0.0.1:7860", "http://127.0.0.1", "http://127.0.0.1:7861",
    "http://localhost.:7860", "http://127.0.0.1:7860.evil.example", "file://", "", "http://[::1",
    "http://user@127.0.0.1:7860", "http://127.0.0.1:7860@evil.example", "chrome-extension://abc",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]


def ask(method: str, **headers: str) -> str:
    plain = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(method, Headers(plain), LISTENER)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_programs_and_the_page_itself_pass(host: str, method: str) -> None:
    assert ask(method, host=host) == ""
    assert ask(method, host=host, origin=f"http://{host}", sec_fetch_site="same-origin") == ""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("host", BAD_HOSTS)
def test_other_names_for_this_machine_are_refused(host: str, method: str) -> None:
    assert "answers only to" in ask(method, host=host)
    assert ask(method, host=host, origin=f"http://{host}")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_other_origins_are_refused(origin: str, method: str) -> None:
    assert "Another web page" in ask(method, host="127.0.0.1:7860", origin=origin)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "x"])
@pytest.mark.parametrize("method", METHODS)
def test_cross_site_requests_without_origin_are_refused(site: str, method: str) -> None:
    """An image tag or a form of another page: no Origin, but the browser says where it came from."""
    assert ask(method, host="127.0.0.1:7860", sec_fetch_site=site, sec_fetch_mode="no-cors")
    frame = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert ask(method, host="127.0.0.1:7860", sec_fetch_site=site, **frame)


def test_a_link_to_the_page_may_be_followed() -> None:
    link = {
        "sec_fetch_mode": "navigate",
        "sec_fetch_dest": "document",
        "sec_fetch_site": "cross-site",
    }
    assert ask("GET", host="127.0.0.1:7860", **link) == ""
    assert ask("POST", host="127.0.0.1:7860", **link)


def test_two_hosts_are_refused() -> None:
    raw = [(b"host", b"127.0.0.1:7860"), (b"host", b"evil.example")]
    assert refusal("GET", Headers(raw=raw), LISTENER)


@pytest.fixture
def client() -> Iterator[TestClient]:
    touched: list[str] = []

    async def touch(request: Request) -> PlainTextResponse:
        touched.append(request.method)
        return PlainTextResponse("secret", headers={"access-control-allow-origin": "*"})

    inner = Starlette(routes=[Route("/{path:path}", touch, methods=METHODS)])
    with TestClient(Guard(inner, LISTENER), base_url="http://127.0.0.1:7860") as made:
        made.app_state["touched"] = touched
        yield made


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_request_reaches_nothing(client: TestClient, method: str) -> None:
    answer = client.request(method, "/x", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "secret" not in answer.text
    assert client.app_state["touched"] == []
    assert answer.headers["content-security-policy"]


def test_every_answer_has_the_headers(client: TestClient) -> None:
    answer = client.get("/x")
    assert answer.text == "secret"
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "access-control-allow-origin" not in answer.headers
    policy = HEADERS["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "*" not in policy


def test_websockets_are_guarded_too() -> None:
    with (
        TestClient(Guard(Starlette(), LISTENER), base_url="http://evil.example") as client,
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("/queue"),
    ):
        pass
    assert refused.value.code == 1008
