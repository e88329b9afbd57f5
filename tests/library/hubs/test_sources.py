"""Repositories settled into models, against a hub over real HTTP."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk import __version__
from glmdesk.errors import (
    BusyError,
    DownloadError,
    FileMissing,
    GatedError,
    OfflineError,
    PortalError,
    RepositoryMissing,
    RevisionMissing,
    TokenError,
    UnreachableError,
    UnsafeName,
    rebuild,
)
from glmdesk.library.cards.card import RemoteFile, Variant
from glmdesk.library.hubs.network import open_client
from glmdesk.library.hubs.references import Reference
from glmdesk.library.hubs.sources import Endpoints, Hub, Item, read_endpoints
from glmdesk.library.hubs.tokens import Tokens
from tests.hub.server import (
    INFO,
    MODELSCOPE,
    NO_REPOSITORY,
    Cut,
    Fault,
    Generated,
    HubServer,
    Page,
    Raw,
    Refuse,
    Repository,
    Reset,
    Status,
)
from tests.library.hostile import HOSTILE

REPOSITORY = "ggml-org/GLM-4.6V-Flash-GGUF"
MODEL, PROJECTOR = "GLM-4.6V-Flash-Q4_K_M.gguf", "mmproj-GLM-4.6V-Flash-Q8_0.gguf"
TOKEN = "hf_secret0123456789"
AIR = "unsloth/GLM-4.5-Air-GGUF"
SHARDS = tuple(f"Q4_K_M/GLM-4.5-Air-Q4_K_M-0000{n}-of-00002.gguf" for n in (1, 2))


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as running:
        running.add(REPOSITORY, {
            "README.md": b"# GLM", MODEL: b"model" * 100, PROJECTOR: b"projector" * 10,
            "GLM-4.6V-Flash-Q8_0.gguf": b"larger" * 200,
        })  # fmt: skip
        running.add(AIR, {name: b"part" for name in reversed(SHARDS)})
        yield running


def hub_at(server: HubServer, tmp_path: Path, token: str = "", modelscope: str = "") -> Hub:
    endpoints = Endpoints(hf=server.url, modelscope=modelscope or server.url)
    return Hub(endpoints, Tokens({"HF_TOKEN": token}, tmp_path / "token"))


@pytest.fixture
def hub(server: HubServer, tmp_path: Path) -> Hub:
    return hub_at(server, tmp_path)


def hf(repository: str = REPOSITORY, select: str = "", revision: str = "main") -> Reference:
    return Reference(source="hf", repository=repository, select=select, revision=revision)


def ms(repository: str = REPOSITORY, select: str = "") -> Reference:
    return Reference(source="ms", repository=repository, select=select)


def test_a_listing_has_sizes_hashes_and_the_commit(server: HubServer, hub: Hub) -> None:
    listing = hub.list_files(hf())
    assert listing.commit == server.repositories[REPOSITORY].commit
    model, readme = listing.find(MODEL), listing.find("README.md")
    assert model is not None
    assert readme is not None
    assert model.size == 500
    assert model.sha256 == hashlib.sha256(b"model" * 100).hexdigest()
    assert (readme.size, readme.sha256) == (5, "")
    assert len([seen for seen in server.requests if seen.listener == "hub"]) == 1


def test_modelscope_lists_the_same_without_a_commit(hub: Hub) -> None:
    listing = hub.list_files(ms(AIR))
    assert {file.path for file in listing.files} == set(SHARDS)
    assert listing.files[0].sha256 == hashlib.sha256(b"part").hexdigest()
    assert (listing.commit, listing.revision) == ("", "master")


def test_a_model_is_one_item(server: HubServer, hub: Hub) -> None:
    item = hub.resolve(hf())
    assert (item.id, item.name) == ("glm-4.6v-flash-q4_k_m", "GLM-4.6V-Flash Q4_K_M")
    assert [file.path for file in item.files] == [MODEL]
    assert item.mmproj is not None
    assert item.mmproj.path == PROJECTOR
    assert item.total == 590
    assert not item.unverified
    assert hub.address(item, item.files[0]) == (
        f"{server.url}/{REPOSITORY}/resolve/{item.commit}/{MODEL}"
    )
    assert hub.page(item) == f"{server.url}/{REPOSITORY}"


def test_shards_keep_their_order_and_folders(server: HubServer, hub: Hub) -> None:
    item = hub.resolve(hf(AIR, "q4_k_m"))
    assert tuple(file.path for file in item.files) == SHARDS
    assert hub.address(item, item.files[1]).endswith(f"/resolve/{item.commit}/{SHARDS[1]}")


def test_modelscope_without_hashes_is_marked(server: HubServer, hub: Hub) -> None:
    server.hashes = False
    item = hub.resolve(ms())
    assert item.unverified
    assert item.source == "ms"
    assert hub.address(item, item.files[0]) == (
        f"{server.url}/models/{REPOSITORY}/resolve/master/{MODEL}"
    )
    assert hub.page(item) == f"{server.url}/models/{REPOSITORY}"


def test_a_large_repository_needs_no_memory(server: HubServer, hub: Hub) -> None:
    known = "ab" * 32
    server.add("o/big", {"big-Q4_K_M.gguf": Generated(20 * 10**9, sha256=known)})
    item = hub.resolve(hf("o/big"))
    assert item.total == 20 * 10**9
    assert item.files[0].sha256 == known


# what goes wrong, each with its own sentence

WRONG: list[tuple[list[Fault], type[DownloadError], str]] = [
    ([NO_REPOSITORY], RepositoryMissing, "no repository"),
    ([Status(401)], TokenError, "token"),
    ([Status(403, code="GatedRepo")], GatedError, REPOSITORY),
    ([Status(403)], GatedError, "terms"),
    ([Status(404, code="RevisionNotFound")], RevisionMissing, "revision"),
    ([Status(404)], RepositoryMissing, "spelling"),
    ([Status(429, retry_after="40")], BusyError, "40 s"),
    ([Status(429)], BusyError, "wait"),
    ([Status(503)], BusyError, "503"),
    ([Status(500)], BusyError, "500"),
    ([Status(418)], DownloadError, "418"),
    ([Page()], PortalError, "log in"),
    ([Status(511)], PortalError, "log in"),
    ([Refuse()], UnreachableError, "Try again"),
    ([Raw()], UnreachableError, "Try again"),
]


@pytest.mark.parametrize(("script", "kind", "words"), WRONG)
def test_hugging_face_fails(
    server: HubServer, hub: Hub, script: list[Fault], kind: type[DownloadError], words: str
) -> None:
    server.faults(INFO, script)
    with pytest.raises(DownloadError) as caught:
        hub.list_files(hf())
    assert type(caught.value) is kind
    assert words in caught.value.message
    assert caught.value.message.isprintable()
    assert server.left(INFO) == 0
    assert type(rebuild(caught.value.code, "x")) is kind
    assert hub.list_files(hf()).files


@pytest.mark.parametrize(("script", "kind", "words"), WRONG)
def test_modelscope_fails(
    server: HubServer, hub: Hub, script: list[Fault], kind: type[DownloadError], words: str
) -> None:
    server.faults(MODELSCOPE, script)
    with pytest.raises(DownloadError) as caught:
        hub.list_files(ms())
    assert type(caught.value) is kind
    assert words in caught.value.message
    assert hub.list_files(ms()).files


def test_busy_tells_the_seconds(server: HubServer, hub: Hub) -> None:
    server.faults(INFO, [Status(429, retry_after="40")])
    with pytest.raises(BusyError) as caught:
        hub.list_files(hf())
    assert caught.value.retry_after == 40


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"id": "x"}',
        '{"siblings": 1}',
        "\x00\xff",
        '{"sha": "../.."}',
        "[" * 100_000,
    ],
    ids=lambda body: ascii(body)[:20],
)
def test_an_answer_that_makes_no_sense(server: HubServer, hub: Hub, body: str) -> None:
    for target, reference in ((INFO, hf()), (MODELSCOPE, ms())):
        server.faults(target, [Status(200, body=body)])
        with pytest.raises(DownloadError) as caught:
            hub.list_files(reference)
        assert caught.value.message.endswith(".")


def test_other_revisions(server: HubServer, hub: Hub) -> None:
    commit = server.repositories[REPOSITORY].commit
    assert hub.list_files(hf(revision=commit)).commit == commit
    with pytest.raises(RevisionMissing, match="v9"):
        hub.list_files(hf(revision="v9"))
    with pytest.raises(RepositoryMissing, match="o/none"):
        hub.list_files(hf("o/none"))


def test_nobody_listens(tmp_path: Path) -> None:
    with HubServer() as gone:
        url = gone.url
    hub = Hub(Endpoints(hf=url, modelscope=url), Tokens({}, tmp_path / "token"))
    for reference in (hf(), ms()):
        with pytest.raises(UnreachableError, match="refuses"):
            hub.list_files(reference)


# the second source

VARIANT = Variant(
    id="Q4_K_M", repository=REPOSITORY, modelscope="mirror/GLM", files=(RemoteFile(path=MODEL),),
    mmproj=RemoteFile(path=PROJECTOR),
)  # fmt: skip


@pytest.fixture
def mirror() -> Iterator[HubServer]:
    with HubServer() as running:
        running.add("mirror/GLM", {MODEL: b"model" * 100, PROJECTOR: b"projector" * 10})
        yield running


@pytest.mark.parametrize(
    "fault", [Status(503), Refuse(), Reset(), Page(), Raw(), Status(429), Cut()]
)
def test_modelscope_stands_in(
    server: HubServer, mirror: HubServer, tmp_path: Path, fault: Fault
) -> None:
    server.always(INFO, fault)
    server.always(MODEL, fault)
    hub = hub_at(server, tmp_path, modelscope=mirror.url)
    if isinstance(fault, Cut | Reset):
        server.close()
    item = hub.resolve(VARIANT, id="glm-4.6v-flash", name="GLM-4.6V-Flash")
    assert (item.source, item.repository) == ("ms", "mirror/GLM")
    assert (item.id, item.name) == ("glm-4.6v-flash", "GLM-4.6V-Flash")
    assert "ModelScope" in item.note
    assert item.total == 590


@pytest.mark.parametrize("fault", [Status(403, code="GatedRepo"), Status(404), Status(401)])
def test_an_answer_is_no_reason_to_go_elsewhere(
    server: HubServer, mirror: HubServer, tmp_path: Path, fault: Fault
) -> None:
    server.always(INFO, fault)
    hub = hub_at(server, tmp_path, modelscope=mirror.url)
    with pytest.raises((GatedError, RepositoryMissing, TokenError)):
        hub.resolve(VARIANT)
    assert mirror.requests == []


def test_both_away_tells_of_the_first(server: HubServer, mirror: HubServer, tmp_path: Path) -> None:
    server.always(INFO, Status(503))
    mirror.always(MODELSCOPE, Status(404))
    hub = hub_at(server, tmp_path, modelscope=mirror.url)
    with pytest.raises(BusyError, match="503"):
        hub.resolve(VARIANT)


def test_the_first_source_is_asked_first(
    server: HubServer, mirror: HubServer, tmp_path: Path
) -> None:
    item = hub_at(server, tmp_path, modelscope=mirror.url).resolve(VARIANT)
    assert (item.source, item.note) == ("hf", "")
    assert mirror.requests == []


# variants of the catalogue


def test_a_sure_name_that_is_gone_is_told_with_the_nearest(server: HubServer, hub: Hub) -> None:
    server.rename(REPOSITORY, MODEL, "GLM-4.6V-Flash-Q4_K_M-v2.gguf")
    variant = Variant(
        id="Q4_K_M", repository=REPOSITORY, files=(RemoteFile(path=MODEL),), confirmed=True
    )
    with pytest.raises(FileMissing, match="Did you mean GLM-4.6V-Flash-Q4_K_M-v2.gguf"):
        hub.resolve(variant)


def test_an_unsure_name_is_settled_by_the_listing(server: HubServer, hub: Hub) -> None:
    for variant in (
        Variant(id="Q8_0", repository=REPOSITORY, files=(RemoteFile(path="guessed.gguf"),)),
        Variant(id="Q8_0", repository=REPOSITORY),
        Variant(id="large", repository=REPOSITORY, pattern="Q8_0"),
        Variant(id="large", repository=REPOSITORY, pattern="*-Q8_0.gguf"),
    ):
        item = hub.resolve(variant)
        assert [file.path for file in item.files] == ["GLM-4.6V-Flash-Q8_0.gguf"]
        assert item.files[0].size == 1200
        assert item.mmproj is not None


def test_the_listing_has_the_last_word(hub: Hub) -> None:
    file = RemoteFile(path=MODEL, size=1, sha256="0" * 64)
    item = hub.resolve(Variant(id="Q4_K_M", repository=REPOSITORY, files=(file,), confirmed=True))
    assert "changed" in item.note
    assert item.files[0].size == 500
    assert item.files[0].sha256 == hashlib.sha256(b"model" * 100).hexdigest()
    same = replace(file, sha256=item.files[0].sha256)
    again = hub.resolve(Variant(id="Q4_K_M", repository=REPOSITORY, files=(same,), confirmed=True))
    assert again.note == ""


def test_names_of_the_catalogue_are_not_sure_at_the_mirror(
    server: HubServer, mirror: HubServer, tmp_path: Path
) -> None:
    server.always(INFO, Status(503))
    mirror.rename("mirror/GLM", MODEL, "glm-4.6v-flash-q4_k_m.gguf")
    sure = replace(VARIANT, confirmed=True)
    item = hub_at(server, tmp_path, modelscope=mirror.url).resolve(sure)
    assert [file.path for file in item.files] == ["glm-4.6v-flash-q4_k_m.gguf"]
    assert item.mmproj is not None


def test_a_projector_that_is_gone_is_told(server: HubServer, hub: Hub) -> None:
    server.rename(REPOSITORY, PROJECTOR, "vision.bin")
    with pytest.raises(FileMissing, match="mmproj"):
        hub.resolve(VARIANT)


# tokens


def test_the_token_goes_to_the_hub_and_shows_nowhere(server: HubServer, tmp_path: Path) -> None:
    server.gate(REPOSITORY, TOKEN, gated=False)
    with pytest.raises(TokenError):
        hub_at(server, tmp_path).list_files(hf())
    with pytest.raises(TokenError) as caught:
        hub_at(server, tmp_path, "hf_wrong").list_files(hf())
    assert "hf_wrong" not in caught.value.message
    hub = hub_at(server, tmp_path, TOKEN)
    assert hub.list_files(hf()).files
    assert TOKEN not in f"{hub!r}{vars(hub)!r}{hub.resolve(hf())!r}"


def test_no_token_for_anybody_else(server: HubServer, tmp_path: Path) -> None:
    hub = hub_at(server, tmp_path, TOKEN)
    assert hub.headers_for(f"{server.url}/o/r/resolve/main/a.gguf") == {
        "Authorization": f"Bearer {TOKEN}"
    }
    port = server.url.rpartition(":")[2]
    for url in (
        f"{server.cdn_url}/o/r", f"http://localhost:{port}/o/r", f"https://127.0.0.1:{port}/o/r",
        f"http://127.0.0.1:{port}1/", f"http://127.0.0.1.evil.example:{port}/",
        f"http://evil.example/@127.0.0.1:{port}", f"http://127.0.0.1:{port}@evil.example/",
        "http://[::1", "", "file:///etc/passwd", "//evil.example/",
    ):  # fmt: skip
        assert hub.headers_for(url) == {}


def test_no_token_in_the_clear(tmp_path: Path) -> None:
    tokens = Tokens({"HF_TOKEN": TOKEN}, tmp_path / "token")
    hub = Hub(Endpoints(hf="http://mirror.example", modelscope=""), tokens)
    assert hub.headers_for("http://mirror.example/o/r") == {}
    hub = Hub(Endpoints(hf="https://mirror.example"), tokens)
    assert hub.headers_for("https://MIRROR.example:443/o/r") != {}
    assert hub.headers_for("http://mirror.example/o/r") == {}


def test_a_redirect_of_the_listing_carries_no_token(server: HubServer, tmp_path: Path) -> None:
    with HubServer() as other:
        other.add(REPOSITORY, {MODEL: b"x"})
        server.moved = other.url
        hub = hub_at(server, tmp_path, TOKEN)
        for reference in (hf(), ms()):
            hub.list_files(reference)
        assert all("authorization" not in seen.headers for seen in other.requests)
        assert len(other.requests) == 2
    sent = [seen.headers.get("authorization", "") for seen in server.requests]
    assert sent == [f"Bearer {TOKEN}", ""]


def test_a_redirect_to_the_second_listener_carries_no_token(tmp_path: Path) -> None:
    with HubServer(redirect=True) as server:
        server.add(REPOSITORY, {MODEL: b"model"})
        server.gate(REPOSITORY, TOKEN)
        hub = hub_at(server, tmp_path, TOKEN)
        item = hub.resolve(hf())
        address = hub.address(item, item.files[0])
        with open_client() as client:
            answer = client.get(address, headers=hub.headers_for(address))
        assert answer.content == b"model"
        assert hub.headers_for(str(answer.url)) == {}
        seen = [(one.listener, one.headers.get("authorization", "")) for one in server.requests]
        assert seen == [("hub", f"Bearer {TOKEN}")] * 2 + [("cdn", "")]


def test_the_token_of_another_program_is_not_used(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_process")
    hub_at(server, tmp_path).list_files(hf())
    assert all("authorization" not in seen.headers for seen in server.requests)


# endpoints


def test_offline_asks_nobody(server: HubServer, tmp_path: Path) -> None:
    assert not read_endpoints({"HF_HUB_OFFLINE": "0"}).offline
    environment = {
        "HF_ENDPOINT": server.url,
        "HF_HUB_OFFLINE": "1",
        "MODELSCOPE_ENDPOINT": server.url,
    }
    hub = Hub(read_endpoints(environment), Tokens({}, tmp_path / "token"))
    for target in (hf(), ms(), VARIANT):
        with pytest.raises(OfflineError, match="HF_HUB_OFFLINE"):
            hub.resolve(target)
    assert server.requests == []


def test_endpoints() -> None:
    assert read_endpoints({}) == Endpoints()
    assert read_endpoints({"HF_ENDPOINT": "https://hf-mirror.com/"}).hf == "https://hf-mirror.com"
    for value in (
        "hf-mirror.com",
        "ftp://x",
        "https://",
        "https://me:pw@x.example",
        "https://a\nb",
        "x://",
    ):
        assert read_endpoints({"HF_ENDPOINT": value}) == Endpoints(faulty=("hf",))


def test_a_hub_with_a_wrong_address_is_never_asked(server: HubServer, tmp_path: Path) -> None:
    environment = {"HF_ENDPOINT": "hf-mirror.com", "MODELSCOPE_ENDPOINT": server.url}
    hub = Hub(read_endpoints(environment), Tokens({}, tmp_path / "token"))
    for target in (hf(), VARIANT):
        with pytest.raises(
            DownloadError, match="HF_ENDPOINT is not .* https:// or http:// "
        ) as caught:
            hub.resolve(target)
        assert "Nothing was downloaded." in caught.value.message
    assert hub.resolve(ms()).source == "ms"
    item = replace(hub.resolve(ms()), source="hf")
    with pytest.raises(DownloadError, match="HF_ENDPOINT"):
        hub.place(item, item.files[0])


@pytest.mark.parametrize("token", ["hf_half\nhalf", "hf_schlüssel"])
def test_a_token_that_cannot_be_sent_is_told_where_one_is_wanted(
    server: HubServer, tmp_path: Path, token: str
) -> None:
    hub = hub_at(server, tmp_path, token)
    assert hub.resolve(hf()).files
    server.faults(INFO, [Status(403, code="GatedRepo")])
    with pytest.raises(GatedError, match="HF_TOKEN is set, but is no access token") as caught:
        hub.list_files(hf())
    assert token not in caught.value.message


def test_where_a_token_goes_is_said(server: HubServer, hub: Hub) -> None:
    server.faults(INFO, [Status(403, code="GatedRepo")])
    with pytest.raises(GatedError, match="in HF_TOKEN, or on the page under Models"):
        hub.list_files(hf())


def test_a_fresh_process_asks_for_the_listing_alone_and_by_our_name(
    server: HubServer, tmp_path: Path
) -> None:
    unset = ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_OFFLINE")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path)}
    asks = (
        "from glmdesk.library.hubs import huggingface; "
        f"huggingface.list_files({server.url!r}, '', {REPOSITORY!r}, 'main')"
    )
    subprocess.run([sys.executable, "-c", asks], env=environment, check=True, timeout=60)
    assert len(server.requests) == 1
    name = server.requests[0].headers["user-agent"]
    assert name.startswith(f"glmdesk/{__version__};")


# hostile repositories


@pytest.fixture(scope="module")
def shared() -> Iterator[HubServer]:
    with HubServer() as running:
        yield running


@pytest.mark.parametrize("name", sorted(set(HOSTILE)), ids=lambda name: ascii(name)[:40])
def test_a_hostile_listing_gives_no_item(shared: HubServer, tmp_path: Path, name: str) -> None:
    """Asked for by name or by quant: no item has a file that would lie elsewhere."""
    model = f"{name}-Q4_K_M.gguf" if not name.lower().endswith(".gguf") else name
    rows = [{"type": "file", "path": path, "size": 1, "oid": "0" * 40} for path in (model, name)]
    shared.repositories["o/evil"] = Repository({}, extra=rows)
    hub = hub_at(shared, tmp_path)
    wanted = (
        hf("o/evil"),
        hf("o/evil", "Q4_K_M"),
        hf("o/evil", name),
        ms("o/evil"),
        ms("o/evil", name),
    )
    for reference in wanted:
        found = _outcome(hub, reference)
        if isinstance(found, Item):
            _assert_inside(found)
        else:
            assert found.message.isprintable()


def _outcome(hub: Hub, reference: Reference) -> Item | DownloadError:
    try:
        return hub.resolve(reference)
    except DownloadError as error:
        return error


def _assert_inside(item: Item) -> None:
    from glmdesk.library.hubs.names import place

    folder = Path("/models") / item.id
    for file in item.all_files:
        assert place(folder, file.path).parent == folder


def test_a_hostile_repository_name_cannot_become_a_folder(hub: Hub, server: HubServer) -> None:
    server.add("o/nul", {"model.gguf": b"x"})
    with pytest.raises(UnsafeName):
        hub.resolve(hf("o/nul"))


def test_rows_that_are_nonsense_are_left_out(hub: Hub, server: HubServer) -> None:
    entry = server.add("o/odd", {"a-Q4_0.gguf": b"x"})
    entry.extra.append({"type": "file", "path": "b-Q8_0.gguf", "size": -5, "oid": "0" * 40})
    entry.extra.append({"type": "file", "path": "c-Q8_0.gguf", "size": "big", "oid": "0" * 40})
    entry.extra.append({
        "type": "file", "path": "d.gguf", "size": 1 << 70, "oid": "0" * 40,
        "lfs": {"oid": "../../etc", "size": 1 << 70, "pointerSize": 1},
    })  # fmt: skip
    listing = hub.list_files(hf("o/odd"))
    assert [file.size for file in listing.files] == [1, 0, 0, 0]
    assert listing.files[3].sha256 == ""
