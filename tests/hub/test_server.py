"""The fault server itself: what it says it does, it does."""

import gzip
import hashlib
import time
import urllib.parse

import httpx
import pytest

from tests.hub.server import (
    GATED,
    TREE,
    Bytes,
    Cut,
    Delay,
    Drip,
    Etag,
    Expired,
    Flip,
    Generated,
    Gzip,
    HubServer,
    Length,
    Page,
    Refuse,
    Reset,
    Stall,
    Status,
    Whole,
    WrongRange,
    Zeros,
)

DATA = bytes(range(256)) * 40


@pytest.fixture
def hub() -> "HubServer":
    server = HubServer()
    server.add("o/r", {"a.gguf": DATA, "sub/b.gguf": b"b", "README.md": b"hello"})
    return server


def get(hub: HubServer, path: str = "a.gguf", **headers: str) -> httpx.Response:
    """A request of its own connection; `Range` and others as keywords, _ for -."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"{hub.url}/o/r/resolve/main/{urllib.parse.quote(path)}"
    return httpx.get(address, headers=names, follow_redirects=True, timeout=3)


def test_whole_files_and_ranges(hub: HubServer) -> None:
    with hub:
        whole = get(hub)
        assert whole.content == DATA
        assert whole.headers["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
        assert whole.headers["x-repo-commit"] == hub.repositories["o/r"].commit
        part = get(hub, Range="bytes=100-199")
        assert part.status_code == 206
        assert part.content == DATA[100:200]
        assert part.headers["content-range"] == f"bytes 100-199/{len(DATA)}"
        assert get(hub, Range="bytes=10000-").content == DATA[10000:]
        assert get(hub, Range="bytes=-5").content == DATA[-5:]
        past = get(hub, Range=f"bytes={len(DATA)}-")
        assert past.status_code == 416
        assert get(hub, Range="bytes=1-2", If_Range='"other"').status_code == 200
        assert get(hub, "sub/b.gguf").content == b"b"
        assert get(hub, "none.gguf").headers["x-error-code"] == "EntryNotFound"
        assert hub.sent["sub/b.gguf"] == 1


def test_head_tells_without_a_body(hub: HubServer) -> None:
    with hub:
        answer = httpx.head(f"{hub.url}/o/r/resolve/main/a.gguf")
        assert answer.headers["content-length"] == str(len(DATA))
        assert hub.sent["a.gguf"] == 0


def test_connections_are_kept(hub: HubServer) -> None:
    with hub, httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"{hub.url}/o/r/resolve/main/a.gguf").content == DATA
        assert len(hub.requests) == 3


def test_redirects_with_signatures(hub: HubServer) -> None:
    hub.redirect = True
    with hub:
        first = httpx.get(f"{hub.url}/o/r/resolve/main/a.gguf")
        link = first.headers["location"]
        assert first.status_code == 302
        assert link.startswith(hub.cdn_url)
        assert first.headers["x-linked-size"] == str(len(DATA))
        assert httpx.get(link, headers={"Range": "bytes=0-9"}).content == DATA[:10]
        assert httpx.get(link.replace("Signature=", "Signature=0")).status_code == 403
        hub.expire_links()
        assert httpx.get(link).status_code == 403
        assert get(hub).content == DATA
        assert get(hub, "README.md").content == b"hello"
        hub.faults("a.gguf", [Expired()])
        assert get(hub).status_code == 403
        hub.faults("a.gguf", [Cut(10)])
        with pytest.raises(httpx.RemoteProtocolError):
            get(hub)


def test_an_expired_link_without_redirects(hub: HubServer) -> None:
    with hub:
        hub.faults("a.gguf", [Expired()])
        assert get(hub).status_code == 403
        assert get(hub).content == DATA


@pytest.mark.parametrize("fault", [Cut(1000), Cut(0), Length(5), Reset(1000), Refuse()])
def test_broken_lines(hub: HubServer, fault: Cut | Length | Reset | Refuse) -> None:
    with hub:
        hub.faults("a.gguf", [fault])
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            get(hub)
        assert get(hub).content == DATA


def test_a_reset_is_one(hub: HubServer) -> None:
    with hub:
        hub.faults("a.gguf", [Reset(0)])
        with pytest.raises(httpx.ReadError):
            get(hub)


def test_wrong_answers(hub: HubServer) -> None:
    with hub:
        script = [WrongRange(7), Whole(), Etag("x"), Length(-1), Flip(3), Page(), Status(503, "9")]
        hub.faults("a.gguf", script)
        wrong = get(hub, Range="bytes=100-199")
        assert wrong.content == DATA[107:207]
        assert wrong.headers["content-range"] == f"bytes 107-206/{len(DATA)}"
        assert get(hub, Range="bytes=100-199").status_code == 200
        assert get(hub).headers["etag"] == '"x"'
        assert get(hub).content == DATA[:-1]
        flipped = get(hub, Range="bytes=100-199").content
        assert [place for place in range(100) if flipped[place] != DATA[100 + place]] == [3]
        assert get(hub).headers["content-type"].startswith("text/html")
        assert get(hub).headers["retry-after"] == "9"
        assert hub.left("a.gguf") == 0


def test_gzip_nobody_asked_for(hub: HubServer) -> None:
    with hub:
        hub.faults("a.gguf", [Gzip()])
        address = f"{hub.url}/o/r/resolve/main/a.gguf"
        with httpx.stream("GET", address, headers={"Accept-Encoding": "identity"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert gzip.decompress(b"".join(answer.iter_raw())) == DATA


def test_slow_answers(hub: HubServer) -> None:
    with hub:
        hub.faults("a.gguf", [Delay(0.2), Stall(10), Drip(rate=20, after=len(DATA) - 4)])
        begin = time.monotonic()
        assert get(hub).content == DATA
        assert time.monotonic() - begin >= 0.2
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{hub.url}/o/r/resolve/main/a.gguf", timeout=0.2)
        begin = time.monotonic()
        assert get(hub).content == DATA
        assert time.monotonic() - begin >= 0.19


def test_a_stall_ends_with_the_server(hub: HubServer) -> None:
    with hub:
        hub.faults("a.gguf", [Stall(10)])
        with httpx.stream("GET", f"{hub.url}/o/r/resolve/main/a.gguf", timeout=5) as answer:
            hub.close()
            with pytest.raises(httpx.HTTPError):
                answer.read()


def test_the_rate_is_kept() -> None:
    with HubServer(rate=20e6) as hub:
        hub.add("o/r", {"a.gguf": Generated(4_000_000, sha256="0" * 64)})
        begin = time.monotonic()
        assert len(get(hub).content) == 4_000_000
        assert 0.15 < time.monotonic() - begin < 1


def test_gates(hub: HubServer) -> None:
    with hub:
        hub.gate("o/r", "hf_x")
        assert httpx.get(f"{hub.url}/api/models/o/r").status_code == 200
        assert get(hub).status_code == 401
        assert get(hub, Authorization="Bearer hf_y").status_code == 403
        assert get(hub, Authorization="Bearer hf_x").content == DATA
        hub.gate("o/r", "hf_x", gated=False)
        assert httpx.get(f"{hub.url}/api/models/o/r").status_code == 401
        hub.gate("o/r", "")
        hub.faults("a.gguf", [GATED])
        assert get(hub).headers["x-error-code"] == "GatedRepo"


def test_the_tree_comes_in_pages(hub: HubServer) -> None:
    with hub:
        hub.page_size = 2
        hub.repositories["o/r"].extra.append({"type": "file", "path": "../x", "size": 1, "oid": ""})
        address, names = f"{hub.url}/api/models/o/r/tree/main?recursive=true", []
        while address:
            answer = httpx.get(address)
            names += [row["path"] for row in answer.json()]
            address = answer.links.get("next", {}).get("url", "")
        assert names == ["a.gguf", "sub/b.gguf", "README.md", "../x"]
        row = httpx.get(f"{hub.url}/api/models/o/r/tree/main").json()[0]
        assert row["lfs"] == {
            "oid": hashlib.sha256(DATA).hexdigest(), "size": len(DATA), "pointerSize": 134,
        }  # fmt: skip
        hub.faults(TREE, [Status(429)])
        assert httpx.get(f"{hub.url}/api/models/o/r/tree/main").status_code == 429
        assert httpx.get(f"{hub.url}/api/models/o/none/tree/main").status_code == 401
        assert httpx.get(f"{hub.url}/api/models/o/r/tree/v9").status_code == 404


def test_modelscope(hub: HubServer) -> None:
    with hub:
        address = f"{hub.url}/api/v1/models/o/r/repo/files?Revision=master&Recursive=true"
        rows = httpx.get(address).json()["Data"]["Files"]
        assert [row["Path"] for row in rows if row["Type"] == "tree"] == ["sub"]
        assert rows[0]["Sha256"] == hashlib.sha256(DATA).hexdigest()
        hub.hashes = False
        assert httpx.get(address).json()["Data"]["Files"][0]["Sha256"] == ""
        assert httpx.get(f"{hub.url}/models/o/r/resolve/master/a.gguf").content == DATA


@pytest.mark.parametrize(
    "content", [Generated(2_500_000, 7, head=b"GGUF"), Zeros(2_500_000, head=b"GGUF")]
)
def test_generated_content_is_the_same_however_it_is_read(content: Generated) -> None:
    whole = content.read(0, content.size)
    assert len(whole) == content.size
    assert whole[:4] == b"GGUF"
    for start, length in ((0, 10), (2, 5), (1_048_570, 20), (2_499_990, 100), (5, 1_500_000)):
        assert content.read(start, length) == whole[start : start + length]
    assert content.sha256 == Bytes(whole).sha256


def test_twenty_gigabytes_cost_nothing() -> None:
    content = Generated(20 * 10**9, seed=1, sha256="0" * 64)
    with HubServer() as hub:
        hub.add("o/r", {"a.gguf": content})
        part = get(hub, Range="bytes=19999999990-")
        assert part.content == content.read(19_999_999_990, 10)
        blocks = [content.read(number * 2**20, 16) for number in range(100)]
        assert len(set(blocks)) == 100
