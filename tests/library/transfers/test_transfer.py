"""Downloads against a real server: all goes well, or goes wrong in every way, and nothing wrong is kept."""

import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glmdesk.errors import (
    BusyError,
    DiskError,
    DiskFull,
    DownloadDamaged,
    DownloadElsewhere,
    DownloadError,
    FileMissing,
    GatedError,
    PortalError,
    TokenError,
    UnreachableError,
    UnsafeName,
)
from glmdesk.library.cards.card import RemoteFile
from glmdesk.library.transfers import download as downloads
from glmdesk.library.transfers import fetch, journal, manifest, part
from glmdesk.library.transfers.connection import LineError, Lines, proxy_for
from glmdesk.library.transfers.hashing import BLOCK, block_hash
from glmdesk.paths import shipped
from tests.hub.content import Bytes
from tests.hub.faults import (
    GATED,
    NO_FILE,
    UNAUTHORISED,
    Cut,
    Delay,
    Drip,
    Etag,
    Expired,
    Fault,
    Fine,
    Flip,
    Gzip,
    Length,
    Page,
    Raw,
    Refuse,
    Reset,
    Stall,
    Status,
    Whole,
    WrongRange,
)
from tests.hub.listener import Listener
from tests.hub.server import HubServer
from tests.library.hostile import HOSTILE
from tests.library.transfers.fetching import (
    FAST,
    HEAD,
    MIB,
    Fetched,
    accepted,
    hub_of,
    is_right,
    one_file,
    publish,
    three_files,
)

NAME = "small-Q8_0.gguf"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_model_is_one_thing(server: HubServer, models: Path) -> None:
    files = three_files()
    item = publish(server, files)
    fetched = Fetched(item, models, hub_of(server, models))
    assert fetched.run()
    assert is_right(models / "small", files)
    last = fetched.reports[-1]
    assert (last.state, last.done, last.total) == ("finished", item.total, item.total)
    assert all(file.verified for file in last.files)
    assert len(last.files) == 3
    record = manifest.read(models / "small")
    assert record is not None
    assert record.item() == item
    assert record.confirmed
    first = record.files[0]
    data = (models / "small" / first.name).read_bytes()
    hashes = [block_hash(data[place : place + BLOCK]) for place in range(0, len(data), BLOCK)]
    assert first.blocks == "".join(hashes)
    assert sum(server.sent.values()) <= item.total + 16 * 3


def test_several_ranges_come_at_once(server: HubServer, models: Path) -> None:
    files = one_file(16 * MIB)
    server.rate = 40 * MIB
    assert Fetched(publish(server, files), models, hub_of(server, models)).run()
    ranges = [seen.headers["range"] for seen in server.requests]
    assert len(ranges) == len(set(ranges)) > 8
    assert is_right(models / "small", files)


RECOVERABLE = [
    Cut(0), Cut(100_000), Reset(0), Reset(100_000), Refuse(), Stall(), Stall(100_000), Drip(50),
    Drip(1, 50_000), Delay(0.1), Delay(2), WrongRange(1), WrongRange(-7), Whole(), Gzip(), Expired(),
    Etag(), Length(-1), Length(5), Status(429), Status(500), Status(503), Status(408), Raw(), Flip(77),
]  # fmt: skip


@pytest.mark.parametrize("fault", RECOVERABLE, ids=repr)
def test_each_fault_alone(server: HubServer, models: Path, fault: Fault) -> None:
    """On the first answer, which only looks at the file, and on one with its bytes."""
    files = one_file()
    item = publish(server, files)
    server.faults(NAME, [fault, Fine(), fault])
    assert Fetched(item, models, hub_of(server, models)).run()
    assert server.left(NAME) == 0
    assert is_right(models / "small", files)
    again = item.total if isinstance(fault, Flip) else 3 * MIB
    assert server.sent[NAME] <= item.total + again + 2 * MIB


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (GATED, GatedError), (Status(403), GatedError), (UNAUTHORISED, TokenError),
        (NO_FILE, FileMissing), (Page(), PortalError), (Status(410), DownloadError),
        (Status(400), DownloadError),
    ],
    ids=repr,
)  # fmt: skip
def test_what_only_a_person_can_cure_stops_at_once(
    server: HubServer, models: Path, fault: Fault, error: type[DownloadError]
) -> None:
    files = one_file()
    item = publish(server, files)
    server.faults(NAME, [Fine(), Fine(), fault])
    with pytest.raises(error) as caught:
        Fetched(item, models, hub_of(server, models)).run()
    assert type(caught.value) is not GatedError or "accept" in caught.value.message
    assert accepted(models / "small") == []
    assert Fetched(item, models, hub_of(server, models)).run()
    assert is_right(models / "small", files)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Status(503), BusyError), (Status(429, retry_after="1"), BusyError),
        (Refuse(), UnreachableError), (Reset(0), UnreachableError), (Cut(0), UnreachableError),
        (WrongRange(3), DownloadError), (Gzip(), DownloadError), (Length(-1), DownloadError),
        (Expired(), DownloadError), (Raw(), UnreachableError),
    ],
    ids=repr,
)  # fmt: skip
def test_what_never_ends_is_given_up(
    server: HubServer, models: Path, fault: Fault, error: type[DownloadError]
) -> None:
    item = publish(server, one_file())
    server.always(NAME, fault)
    with pytest.raises(error, match=r"kept|Nothing was downloaded\."):
        Fetched(item, models, hub_of(server, models)).run()
    assert len(server.requests) < 40
    assert accepted(models / "small") == []


def test_a_server_without_ranges_is_one_stream(server: HubServer, models: Path) -> None:
    files = one_file()
    server.always(NAME, Whole())
    assert Fetched(publish(server, files), models, hub_of(server, models)).run()
    assert is_right(models / "small", files)
    assert len(server.requests) <= 4


def test_a_server_that_loses_its_ranges_goes_on_as_one_stream(
    server: HubServer, models: Path
) -> None:
    files = one_file()
    server.faults(NAME, [Fine(), Fine(), Fine()])
    server.always(NAME, Whole())
    assert Fetched(publish(server, files), models, hub_of(server, models)).run()
    assert is_right(models / "small", files)


def test_retry_after_is_honoured_and_shown(server: HubServer, models: Path) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(0.05)

    server.faults(NAME, [Fine(), Status(429, retry_after="40")])
    fetched = Fetched(
        publish(server, one_file()), models, hub_of(server, models), replace(FAST, sleep=wait)
    )
    assert fetched.run()
    assert max(waits) == 40
    assert any("asks to wait 40 s" in note for note in fetched.notes)


def test_what_the_first_request_waits_for_is_reported(server: HubServer, models: Path) -> None:
    server.faults(NAME, [Status(429, retry_after="40")])
    fetched = Fetched(publish(server, one_file()), models, hub_of(server, models))
    assert fetched.run()
    noted = [one for one in fetched.reports if "asks to wait 40 s" in one.note]
    assert noted
    assert "Trying again in 40 s" in noted[0].note
    assert noted[0].done == 0


def test_an_hour_is_not_waited_for(server: HubServer, models: Path) -> None:
    waits: list[float] = []
    server.always(NAME, Status(429, retry_after="3600"))
    item, hub = publish(server, one_file()), hub_of(server, models)
    with pytest.raises(BusyError, match=r"asks to wait 1 h 0 min\. Nothing was down") as caught:
        Fetched(item, models, hub, replace(FAST, sleep=waits.append)).run()
    assert caught.value.retry_after == 3600
    assert waits == []


def test_one_damage_on_the_way_costs_the_file_once(server: HubServer, models: Path) -> None:
    files = one_file()
    server.faults(NAME, [Fine(), Fine(), Flip(5000)])
    fetched = Fetched(publish(server, files), models, hub_of(server, models))
    assert fetched.run()
    assert is_right(models / "small", files)
    assert any("damaged on its way" in note for note in fetched.notes)


def test_damage_again_is_refused(server: HubServer, models: Path) -> None:
    item = publish(server, one_file())
    server.always(NAME, Flip(5000))
    with pytest.raises(DownloadDamaged, match="checksum"):
        Fetched(item, models, hub_of(server, models)).run()
    assert accepted(models / "small") == []
    assert not journal.part_path(models / "small" / ".download", NAME).exists()
    server.clear()
    assert Fetched(item, models, hub_of(server, models)).run()


@pytest.mark.parametrize(
    "data", [b"no model at all, but long enough", b"<!DOCTYPE html><html>", b""]
)
def test_what_is_no_model_is_refused(server: HubServer, models: Path, data: bytes) -> None:
    item = publish(server, {NAME: Bytes(data)})
    kind = PortalError if data.startswith(b"<") else DownloadDamaged
    with pytest.raises(kind):
        Fetched(item, models, hub_of(server, models)).run()
    assert accepted(models / "small") == []


def test_pause_and_resume_fetch_nothing_twice(server: HubServer, models: Path) -> None:
    files = one_file(24 * MIB)
    item, hub = publish(server, files), hub_of(server, models)
    server.rate = 60 * MIB
    for stop_at in (6 * MIB, 15 * MIB):
        began = time.monotonic()
        assert not Fetched(item, models, hub).run(stop_at)
        assert time.monotonic() - began < 5
        assert accepted(models / "small") == []
    assert Fetched(item, models, hub).download.progress("paused").done >= 15 * MIB
    assert Fetched(item, models, hub).run()
    assert is_right(models / "small", files)
    assert server.sent[NAME] <= item.total + 2 * 4 * MIB


def test_a_stalled_server_shows_no_speed_and_can_be_paused(server: HubServer, models: Path) -> None:
    item = publish(server, one_file())
    server.always(NAME, Stall(200_000))
    fetched = Fetched(item, models, hub_of(server, models), replace(FAST, stall_s=30.0))
    began = time.monotonic()
    threading.Timer(0.5, fetched.stop.set).start()
    assert not fetched.run()
    assert time.monotonic() - began < 4


def test_expired_links_are_asked_for_again(models: Path) -> None:
    with HubServer(redirect=True, rate=30 * MIB) as server:
        files = one_file(12 * MIB)
        item = publish(server, files)
        timers = [threading.Timer(wait, server.expire_links) for wait in (0.1, 0.2)]
        for timer in timers:
            timer.start()
        assert Fetched(item, models, hub_of(server, models)).run()
        assert is_right(models / "small", files)
        assert any(seen.status == 403 for seen in server.requests if seen.listener == "cdn")
        assert server.sent[NAME] <= item.total + MIB


def test_the_token_goes_to_the_hub_alone(models: Path) -> None:
    with HubServer(redirect=True) as server:
        item = publish(server, one_file())
        server.gate("owner/Small-GGUF", "hf_secret")
        with pytest.raises(GatedError):
            Fetched(item, models, hub_of(server, models)).run()
        assert Fetched(item, models, hub_of(server, models, "hf_secret")).run()
        shown = {(seen.listener, "authorization" in seen.headers) for seen in server.requests}
        assert shown == {("hub", False), ("hub", True), ("cdn", False)}
        assert all(seen.headers["accept-encoding"] == "identity" for seen in server.requests)


def test_a_file_that_changed_starts_anew_and_says_so(server: HubServer, models: Path) -> None:
    hub = hub_of(server, models)
    old = publish(server, one_file(12 * MIB, seed=1))
    server.rate = 40 * MIB
    assert not Fetched(old, models, hub).run(4 * MIB)
    server.rate = 0
    files = one_file(12 * MIB, seed=2)
    fetched = Fetched(publish(server, files), models, hub)
    assert fetched.run()
    assert is_right(models / "small", files)
    assert any("changed on the hub" in note for note in fetched.notes)


def test_another_etag_that_stays_starts_anew(server: HubServer, models: Path) -> None:
    """The content may be the same; only the server's word counts, and the checksum after it."""
    files = one_file(12 * MIB)
    item, hub = publish(server, files), hub_of(server, models)
    server.rate = 40 * MIB
    assert not Fetched(item, models, hub).run(4 * MIB)
    server.rate = 0
    server.always(NAME, Etag("1" * 64))
    fetched = Fetched(item, models, hub)
    assert fetched.run()
    assert any("changed on the hub" in note for note in fetched.notes)
    assert is_right(models / "small", files)


def test_size_and_hash_may_be_unknown(server: HubServer, models: Path) -> None:
    """As ModelScope's listing may leave them: the header is all that can be checked."""
    weights = next(shipped("models").glob("pico/pico*.gguf"))
    files = {"pico.gguf": Bytes(weights.read_bytes())}
    item = publish(server, dict(files))
    item = replace(item, files=(RemoteFile(path="pico.gguf"),))
    assert Fetched(item, models, hub_of(server, models)).run()
    assert is_right(models / "small", dict(files))
    record = manifest.read(models / "small")
    assert record is not None
    assert not record.confirmed


def test_a_broken_header_without_a_hash_is_refused(server: HubServer, models: Path) -> None:
    publish(server, {NAME: Bytes(HEAD + b"\xff" * 5000)})
    item = publish(server, {NAME: Bytes(HEAD + b"\xff" * 5000)})
    item = replace(item, files=(RemoteFile(path=NAME),))
    with pytest.raises(DownloadDamaged, match="no usable model file"):
        Fetched(item, models, hub_of(server, models)).run()
    assert accepted(models / "small") == []


def test_a_file_without_bytes_is_no_trouble_where_it_is_no_model(
    server: HubServer, models: Path
) -> None:
    item = publish(server, {NAME: Bytes(HEAD), "sub/other.gguf": Bytes(HEAD + b"1")})
    assert Fetched(item, models, hub_of(server, models)).run()
    assert accepted(models / "small") == ["other.gguf", NAME]


def test_no_files_is_an_error(server: HubServer, models: Path) -> None:
    item = replace(publish(server, one_file()), files=())
    with pytest.raises(FileMissing, match="no files"):
        Fetched(item, models, hub_of(server, models))


def test_damage_on_disk_between_two_runs_costs_a_block(server: HubServer, models: Path) -> None:
    files = one_file(24 * MIB)
    item, hub = publish(server, files), hub_of(server, models)
    server.rate = 40 * MIB
    assert not Fetched(item, models, hub).run(14 * MIB)
    parts = models / "small" / ".download"
    assert journal.read(parts, NAME).blocks  # type: ignore[union-attr]
    with journal.part_path(parts, NAME).open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    server.rate = 0
    before = server.sent[NAME]
    assert Fetched(item, models, hub).run()
    assert is_right(models / "small", files)
    assert server.sent[NAME] - before <= 10 * MIB + BLOCK + MIB


def test_no_room_is_said_before_anything_comes(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = publish(server, three_files())
    monkeypatch.setattr(
        "glmdesk.library.transfers.transfer.free_bytes", lambda path: item.total - 1
    )
    with pytest.raises(DiskFull, match="Free 0 kB, then go on") as caught:
        Fetched(item, models, hub_of(server, models)).run()
    assert "Nothing was downloaded. " in caught.value.message
    assert sum(server.sent.values()) <= 16


def test_the_room_that_is_needed_is_said_with_the_spare(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = publish(server, one_file(5_000_000))
    monkeypatch.setattr("glmdesk.library.transfers.transfer.free_bytes", lambda path: 21_000_000)
    says = r"needs 5\.0 MB of room and 1\.0 GB to spare; .* has 21\.0 MB free\. .* Free 984 MB"
    with pytest.raises(DiskFull, match=says):
        Fetched(item, models, hub_of(server, models), replace(FAST, reserve=10**9)).run()


def test_room_that_goes_while_it_comes_pauses(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = one_file(24 * MIB)
    item, hub = publish(server, files), hub_of(server, models)
    server.rate = 30 * MIB
    monkeypatch.setattr(fetch, "_DISK_LOOK_S", 0.02)
    room = iter([10**12] * 5)
    monkeypatch.setattr(fetch, "free_bytes", lambda path: next(room, 50))
    with pytest.raises(DiskFull, match="kept"):
        Fetched(item, models, hub, replace(FAST, reserve=100)).run()
    monkeypatch.undo()
    done = Fetched(item, models, hub).download.progress("paused").done
    assert 0 < done < item.total
    server.rate = 0
    assert Fetched(item, models, hub).run()
    assert is_right(models / "small", files)
    assert server.sent[NAME] <= item.total + 4 * MIB


def test_a_write_that_fails_for_room_pauses(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = one_file()
    item, hub = publish(server, files), hub_of(server, models)
    left = [3 * MIB]

    def write(file: object, offset: int, data: bytes) -> None:
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        part.write_at(file, offset, data)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "write_at", write)
    with pytest.raises(DiskFull):
        Fetched(item, models, hub).run()
    monkeypatch.undo()
    assert Fetched(item, models, hub).download.progress("paused").done > MIB
    assert Fetched(item, models, hub).run()
    assert is_right(models / "small", files)


def test_a_disk_that_fails_says_so(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(file: object, offset: int, data: bytes) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(fetch, "write_at", write)
    with pytest.raises(DiskError, match="Input/output error"):
        Fetched(publish(server, one_file()), models, hub_of(server, models)).run()


def test_only_one_writes(server: HubServer, models: Path) -> None:
    item, hub = publish(server, one_file()), hub_of(server, models)
    parts = models / "small" / ".download"
    parts.mkdir(parents=True)
    with downloads.hold(parts):
        assert downloads.is_held(parts)
        with pytest.raises(DownloadElsewhere):
            Fetched(item, models, hub).run()
    assert not downloads.is_held(parts)
    assert Fetched(item, models, hub).run()


def test_a_shared_file_is_not_fetched_again(server: HubServer, models: Path) -> None:
    """Another variant of a model whose projector is here already."""
    files = three_files()
    item, hub = publish(server, files), hub_of(server, models)
    assert Fetched(item, models, hub).run()
    before = server.sent["mmproj-small-F16.gguf"]
    other = publish(server, {**one_file(), "mmproj-small-F16.gguf": files["mmproj-small-F16.gguf"]})
    assert Fetched(other, models, hub).run()
    assert server.sent["mmproj-small-F16.gguf"] == before
    assert len(accepted(models / "small")) == 4


def test_an_end_that_was_cut_off_is_gone_on_with(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if killed after the files were put into the folder, and before that was written down."""
    files = three_files()
    item, hub = publish(server, files), hub_of(server, models)

    def write(folder: Path, manifest: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(manifest, "write", write)
    with pytest.raises(DiskError):
        Fetched(item, models, hub).run()
    monkeypatch.undo()
    assert len(accepted(models / "small")) == 3
    (models / "small" / "mmproj-small-F16.gguf").unlink()
    server.sent.clear()
    assert Fetched(item, models, hub).run()
    assert is_right(models / "small", files)
    assert set(server.sent) == {"mmproj-small-F16.gguf"}


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_stay_out(
    name: str, server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when whoever made the item did not look."""
    monkeypatch.setattr("glmdesk.library.hubs.sources.Item.__post_init__", lambda item: None)
    item = publish(server, one_file())
    hub = hub_of(server, tmp_path)
    with pytest.raises(UnsafeName):
        Fetched(replace(item, files=(RemoteFile(path=name, size=5),)), tmp_path / "models", hub)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("id", ["..", ".", "", "a/b", "a\\b", "/etc", "C:x", "con", "x."])
def test_hostile_ids_stay_out(id: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeName):
        downloads.model_folder(tmp_path, id)


def test_a_link_in_the_folder_is_not_written_through(server: HubServer, models: Path) -> None:
    outside = models.parent / "outside"
    outside.write_bytes(b"precious")
    (models / "small").mkdir(parents=True)
    (models / "small" / NAME).symlink_to(outside)
    with pytest.raises(UnsafeName):
        Fetched(publish(server, one_file()), models, hub_of(server, models)).run()
    assert outside.read_bytes() == b"precious"


def _mixed(rng: random.Random, size: int) -> list[Fault]:
    after = rng.randrange(size)
    kinds: list[Fault] = [
        Fine(), Cut(after), Reset(after), Refuse(), Stall(after), Whole(), WrongRange(1), Gzip(),
        Expired(), Etag(), Length(-1), Status(503), Status(429, retry_after="1"), Raw(), Drip(9, after),
    ]  # fmt: skip
    return [rng.choice(kinds) for _ in range(rng.randrange(3, 9))]


@pytest.mark.parametrize("seed", range(12))
def test_mixed_faults(server: HubServer, models: Path, seed: int) -> None:
    rng = random.Random(seed)
    files = one_file(rng.randrange(MIB, 9 * MIB), seed)
    item = publish(server, files)
    script = _mixed(rng, MIB)
    server.faults(NAME, script)
    assert Fetched(item, models, hub_of(server, models), replace(FAST, stall_s=0.3)).run()
    assert is_right(models / "small", files)
    assert server.sent[NAME] <= item.total + len(script) * 2 * MIB


def test_proxies_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for("https://huggingface.co/a") == ""
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "inside.test")
    assert proxy_for("https://huggingface.co/a") == "http://proxy.test:3128"
    assert proxy_for("http://huggingface.co/a") == ""
    assert proxy_for("https://inside.test/a") == ""
    monkeypatch.setenv("http_proxy", "proxy.test:3128")
    assert proxy_for("http://huggingface.co/a") == "http://proxy.test:3128"
    assert proxy_for("http://127.0.0.1:5/a") == ""


def test_it_comes_through_a_proxy(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub itself stands in for one: it is asked for a whole address, and knows none."""
    for name in ("https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url.replace("http://", "http://user:pass%20word@"))
    lines = Lines(5)
    with lines.open("http://hub.test/owner/name/resolve/main/a.gguf", {}) as answer:
        assert answer.status in (401, 404)
    seen = server.requests[-1]
    assert seen.path == "http://hub.test/owner/name/resolve/main/a.gguf"
    assert seen.headers["proxy-authorization"] == "Basic dXNlcjpwYXNzIHdvcmQ="
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(LineError, match="cannot use the proxy"):
        lines.open("http://hub.test/a", {})
    lines.close()


def test_lines_are_kept(server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    whole = Listener.get_request

    def get(listener: Listener) -> object:
        opened.append(listener)
        return whole(listener)

    monkeypatch.setattr(Listener, "get_request", get)
    assert Fetched(publish(server, one_file(16 * MIB)), models, hub_of(server, models)).run()
    assert len(server.requests) > 10
    assert len(opened) <= FAST.connections + 1


def test_unix_only_permissions_are_told(server: HubServer, models: Path) -> None:
    if os.geteuid() == 0:
        models.write_bytes(b"a file where the folder should be")
    else:
        models.mkdir()
        models.chmod(0o500)
    with pytest.raises(DiskError, match="Nothing was downloaded"):
        Fetched(publish(server, one_file()), models, hub_of(server, models.parent)).run()
