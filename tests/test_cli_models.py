"""`glmdesk models` and `glmdesk doctor` as a person types them: real processes, a real hub on this machine."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from glmdesk.library.local.loaded import Loaded
from tests.environment import clean_environment
from tests.hub.faults import GATED, Refuse
from tests.hub.server import HubServer
from tests.supply import stock

MIB = 1024 * 1024


class Terminal:
    """One person's installation, and the hub that it knows."""

    def __init__(self, folder: Path, hub: HubServer) -> None:
        self.hub = hub
        self.models = folder / "home" / "models"
        own = stock.environment(hub, folder / "person")
        self._environment = clean_environment(GLMDESK_HOME=folder / "home", **own)

    def run(self, *words: str | Path, say: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._command(*words), env=self._environment, input=say, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip

    def run_into(
        self, out: int | IO[str], *words: str, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._command(*words), env=self._environment | variables, stdout=out,
            stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command(*words), env=self._environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip

    def done(self, *words: str | Path, say: str = "") -> str:
        run = self.run(*words, say=say)
        assert run.returncode == 0, run
        assert "Traceback" not in run.stderr
        return run.stdout

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.done(*words, "--json"))

    def refused(self, *words: str | Path, code: int = 1, say: str = "") -> str:
        """What was said, when it was one sentence and no traceback."""
        run = self.run(*words, say=say)
        assert run.returncode == code, run
        assert "Traceback" not in run.stderr + run.stdout
        return run.stderr

    @staticmethod
    def _command(*words: str | Path) -> list[str]:
        return [sys.executable, "-m", "glmdesk", "models", *map(str, words)]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with HubServer() as hub:
        stock.publish(hub)
        yield Terminal(tmp_path, hub)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return stock.put(tmp_path / "disk", "mine")


# list, show, fit, path


def test_list(terminal: Terminal) -> None:
    shown = terminal.done("list")
    assert shown.splitlines()[1].startswith("pico ")
    for id in ("glm-4.6v-flash", "glm-4.5-air", "glm-4.7"):
        assert f"\n{id} " in shown
    assert "free on the disk" in shown.splitlines()[-1]
    rows = terminal.json("list")
    assert [row["id"] for row in rows if row["installed"]] == ["pico"]
    (flash,) = [row for row in rows if row["id"] == "glm-4.6v-flash"]
    assert (flash["variant"], flash["size"]) == ("Q4_K_M", 7_146_633_568)
    assert flash["verdict"]
    assert flash["progress"] is None


def test_show(terminal: Terminal) -> None:
    shown = terminal.done("show", "GLM-4.6V-Flash")
    assert "(the usual choice)" in shown
    assert "Known problem: " in shown
    found = terminal.json("show", "glm-4.6v-flash")
    assert found["id"] == "glm-4.6v-flash"
    assert "\n".join(found["lines"]) + "\n" == shown
    assert f"Here: {stock.WEIGHTS}" in terminal.done("show", "pico")


@pytest.mark.parametrize("what", ["show", "fit", "pull"])
def test_a_name_that_nothing_has(terminal: Terminal, what: str) -> None:
    said = terminal.refused(what, "nothing", code=2)
    assert "There is no model 'nothing'. Known are " in said
    assert "hf:OWNER/REPOSITORY" in said


def test_wrong_sizes_and_wrong_repositories(terminal: Terminal) -> None:
    said = terminal.refused("pull", "glm-4.6v-flash:Q1", code=2)
    assert "GLM-4.6V-Flash has no file 'Q1'. There is: Q2_K_L, " in said
    assert "does not name a repository" in terminal.refused("pull", "hf:nobody", code=2)
    said = terminal.refused("pull", "hf:owner/Small-GGUF:Q2_K")
    assert "Q2_K" in said
    assert "F16" in said
    assert "owner/Gone" in terminal.refused("pull", "hf:owner/Gone")
    assert not list(terminal.models.glob("*/*.gguf"))


def test_words_that_are_not_understood(terminal: Terminal) -> None:
    for words in ((), ("sing",), ("show",), ("fit", "x", "--gpu", "lots"), ("list", "x")):
        assert "usage: " in terminal.refused(*words, code=2)
    assert "is not a size in GB" in terminal.refused("fit", "--memory", "-1", code=2)
    assert "not allowed with" in terminal.refused("import", "x", "--move", "--link", code=2)


def test_fit_of_everything_on_a_described_machine(terminal: Terminal) -> None:
    shown = terminal.done("fit", "--memory", "32", "--gpu", "12")
    (flash,) = [line for line in shown.splitlines() if line.startswith("glm-4.6v-flash ")]
    assert "runs on the GPU" in flash
    (large,) = [line for line in shown.splitlines() if line.startswith("glm-4.7 ")]
    assert "does not fit: lacks " in large
    assert "are estimates" in shown
    fits = terminal.json("fit", "--memory", "32", "--gpu", "12")
    tones = {fit["id"]: fit["plan"]["kind"] for fit in fits}
    assert (tones["glm-4.6v-flash"], tones["glm-4.7"]) == ("gpu", "lacks")
    assert "pico" not in tones
    assert terminal.hub.requests == []


def test_fit_of_everything_although_one_is_damaged(terminal: Terminal) -> None:
    model = stock.put(terminal.models, "glm-4.6v-flash", stem="GLM-4.6V-Flash-Q4_K_M")
    model.write_bytes(b"GGUF" + bytes(100))
    shown = terminal.done("fit", "--memory", "32", "--gpu", "0")
    assert "glm-4.5-air " in shown
    assert "\nglm-4.6v-flash " not in shown
    said = "GLM-4.6V-Flash cannot be loaded: GLM-4.6V-Flash-Q4_K_M.gguf "
    assert said in shown
    assert said in terminal.refused("fit", "glm-4.6v-flash")


def test_fit_of_one_reads_its_header(terminal: Terminal) -> None:
    shown = terminal.done("fit", "glm-4.6v-flash", "--memory", "16", "--gpu", "0")
    assert shown.startswith("GLM-4.6V-Flash Q4_K_M: runs on the CPU\n")
    assert "\n  RAM: " in shown
    assert "The largest context that fits so: 8,192 tokens." in shown
    assert "An estimate" not in shown
    assert sum(terminal.hub.sent.values()) < MIB


def test_fit_with_a_context_and_as_json(terminal: Terminal) -> None:
    words = ("fit", stock.NAME, "--memory", "36", "--unified", "--n-ctx", "4096")
    (fit,) = terminal.json(*words)
    assert (fit["exact"], fit["size"], fit["variant"]) == (True, stock.SIZE, "F16")
    plan = fit["plan"]
    assert (plan["n_ctx"], plan["kind"], plan["n_gpu_layers"]) == (4096, "gpu", -1)
    assert [share["device"] for share in plan["memory"]] == ["RAM", "GPU"]
    assert "search" not in plan
    assert "placement" not in plan


def test_path(terminal: Terminal) -> None:
    assert terminal.done("path", "pico") == f"{stock.WEIGHTS}\n"
    said = terminal.refused("path", "glm-4.5-air")
    assert (
        "GLM-4.5-Air is not on this computer. Get it with: glmdesk models pull glm-4.5-air" in said
    )


# pull


def test_pull_and_pull_again(terminal: Terminal) -> None:
    run = terminal.run("pull", "glm-4.6v-flash")
    path = terminal.models / "glm-4.6v-flash" / stock.FLASH_FILES[0]
    assert (run.returncode, run.stdout) == (0, f"Complete: {path}\n")
    assert "finished, 4.7 MB of 4.7 MB" in run.stderr
    assert path.read_bytes() == stock.WEIGHTS.read_bytes()
    again = terminal.done("pull", "glm-4.6v-flash")
    assert again == f"GLM-4.6V-Flash Q4_K_M is here already: {path}\n"
    assert terminal.done("path", "glm-4.6v-flash") == f"{path}\n"
    row = terminal.json("list")[0]
    assert (row["id"], row["installed"], row["removable"]) == ("glm-4.6v-flash", True, True)


def test_pull_as_json_says_nothing_else(terminal: Terminal) -> None:
    run = terminal.run("pull", stock.NAME, "--json")
    path = terminal.models / stock.ID / "small-F16.gguf"
    assert json.loads(run.stdout) == {"path": str(path)}
    assert run.stderr == ""
    assert terminal.json("pull", stock.NAME) == {"path": str(path)}
    assert terminal.hub.sent["small-F16.gguf"] < 1.01 * stock.WEIGHTS.stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process")
def test_pull_goes_on_after_ctrl_c(terminal: Terminal) -> None:
    terminal.hub.rate, terminal.hub.send_buffer = MIB, 64 * 1024
    process = terminal.start("pull", stock.NAME)
    _until_something_came(terminal, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "of 4.7 MB; what came is kept. Run the same command again to go on." in said
    (row,) = [row for row in terminal.json("list") if row["id"] == stock.ID]
    assert (row["installed"], row["progress"]["state"]) == (False, "paused")
    assert row["progress"]["done"] > 0
    assert f"{stock.ID} " in terminal.done("list")
    terminal.hub.rate = 0
    terminal.done("pull", stock.NAME)
    assert terminal.hub.sent["small-F16.gguf"] < stock.WEIGHTS.stat().st_size + MIB
    assert "byte for byte" in terminal.done("verify", stock.ID)


def _until_something_came(terminal: Terminal, process: "subprocess.Popen[str]") -> None:
    for _ in range(600):
        if sum(terminal.hub.sent.values()) > MIB:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    pytest.fail("nothing came")


@pytest.mark.slow
def test_a_second_pull_shows_the_first_ones_progress(terminal: Terminal) -> None:
    terminal.hub.rate, terminal.hub.send_buffer = 1.2 * MIB, 64 * 1024
    first = terminal.start("pull", stock.NAME)
    _until_something_came(terminal, first)
    second = terminal.run("pull", stock.NAME)
    first.communicate(timeout=30)
    assert (first.returncode, second.returncode) == (0, 0), second
    assert "with another glmdesk, " in second.stderr
    assert second.stdout == f"Complete: {terminal.models / stock.ID / 'small-F16.gguf'}\n"
    assert sum(terminal.hub.sent.values()) < stock.SIZE + MIB


def test_a_gated_model_says_what_to_do(terminal: Terminal) -> None:
    terminal.hub.gate(stock.REPOSITORY, "hf_secret")
    said = terminal.refused("pull", stock.NAME)
    assert "token" in said.lower()
    assert len(said.splitlines()) == len([line for line in said.splitlines() if line])


def test_a_pull_that_fails_half_way_says_why_then_and_in_the_list(terminal: Terminal) -> None:
    terminal.hub.faults("mmproj-small-F16.gguf", [GATED])
    reason = "asks you to accept terms first. What came so far ("
    said = terminal.refused("pull", stock.NAME)
    assert said.splitlines()[-1].startswith("glmdesk: The publisher of owner/Small-GGUF ")
    assert reason in said
    shown = terminal.done("list")
    assert "failed, " in shown
    assert f"{stock.ID}: The publisher of owner/Small-GGUF {reason}" in shown
    said = terminal.refused("remove", stock.ID, say="n\n")
    assert "Nothing was removed." in said
    assert terminal.done("remove", stock.ID, "--yes") == f"What came of {stock.ID} was removed.\n"
    assert not (terminal.models / stock.ID).exists()


# verify, import, remove


def test_verify_and_repair(terminal: Terminal) -> None:
    terminal.done("pull", stock.NAME)
    path = terminal.models / stock.ID / "small-F16.gguf"
    assert "byte for byte" in terminal.done("verify", stock.ID)
    data = bytearray(path.read_bytes())
    data[2_000_000] ^= 4
    path.write_bytes(data)
    run = terminal.run("verify", stock.ID)
    assert run.returncode == 1
    assert "is damaged: small-F16.gguf, 1 block of 4 MiB" in run.stdout
    run = terminal.run("verify", stock.ID, "--json")
    assert (run.returncode, run.stderr) == (1, "")
    assert json.loads(run.stdout)["sound"] is False
    assert "byte for byte" in terminal.done("verify", stock.ID, "--repair")
    assert terminal.json("verify", stock.ID) == {
        "sound": True, "says": f"{stock.ID} is as it was downloaded, byte for byte.",
    }  # fmt: skip
    assert path.read_bytes() == stock.WEIGHTS.read_bytes()


def test_verify_after_an_import(terminal: Terminal, outside: Path) -> None:
    terminal.done("import", outside)
    assert "as it was imported, byte for byte" in terminal.done("verify", stock.ID)
    with (terminal.models / stock.ID / "small-F16.gguf").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\1\2\3\4")
    for words in (("verify", stock.ID), ("verify", stock.ID, "--repair")):
        run = terminal.run(*words)
        assert run.returncode == 1
        assert "then import or download it anew" in run.stdout


def test_a_repair_that_waits_says_so(terminal: Terminal) -> None:
    terminal.done("pull", stock.NAME)
    with (terminal.models / stock.ID / "small-F16.gguf").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\1\2\3\4")
    terminal.hub.faults("small-F16.gguf", [Refuse()])
    run = terminal.run("verify", stock.ID, "--repair")
    assert run.returncode == 0
    assert "The connection was lost. Trying again in " in run.stderr


def test_verify_without_a_record(terminal: Terminal) -> None:
    assert "its header is sound" in terminal.done("verify", "pico")
    assert "There is no model 'x'. Known are " in terminal.refused("verify", "x", code=2)


@pytest.mark.parametrize("how", ["--copy", "--move", "--link"])
def test_import(terminal: Terminal, outside: Path, how: str) -> None:
    shown = terminal.done("import", outside, how, "--name", "taken-in")
    path = terminal.models / "taken-in" / "small-F16.gguf"
    assert shown.splitlines() == [
        f"taken-in is here as taken-in: {path}",
        "Its vision projector came with it: mmproj-small-F16.gguf",
    ]
    assert path.read_bytes() == stock.WEIGHTS.read_bytes()
    assert outside.exists() == (how != "--move")
    assert (terminal.models / "taken-in" / "mmproj-small-F16.gguf").exists()
    assert path.samefile(outside) if how == "--link" else True


def test_import_as_json_and_twice(terminal: Terminal, outside: Path) -> None:
    found = terminal.json("import", outside)
    assert found == {
        "model": stock.ID, "path": str(terminal.models / stock.ID / "small-F16.gguf"),
        "mmproj": str(terminal.models / stock.ID / "mmproj-small-F16.gguf"),
    }  # fmt: skip
    assert f"There is a model {stock.ID} already" in terminal.refused("import", outside)


def test_import_of_what_is_no_model(terminal: Terminal, tmp_path: Path) -> None:
    assert "There is no model file at nowhere.gguf" in terminal.refused("import", "nowhere.gguf")
    (tmp_path / "text.gguf").write_text("hello")
    assert "is not a GGUF model file" in terminal.refused("import", tmp_path / "text.gguf")
    said = terminal.refused("import", stock.WEIGHTS, "--name", "../up", code=2)
    assert "cannot be the name of a model's folder" in said


def test_remove_asks(terminal: Terminal, outside: Path) -> None:
    terminal.done("import", outside)
    path = terminal.models / stock.ID / "small-F16.gguf"
    for answer in ("", "n\n", "\n", "yess\n"):
        assert "Nothing was removed." in terminal.refused("remove", stock.ID, say=answer)
        assert path.exists()
    shown = terminal.done("remove", stock.ID, say="y\n")
    assert shown.startswith(f"Removing {stock.ID} frees ")
    assert f"{stock.ID} was removed; that freed 4.7 MB." in shown
    assert not path.parent.exists()


def test_remove_without_asking(terminal: Terminal, outside: Path) -> None:
    terminal.done("import", outside, "--link")
    shown = terminal.done("remove", stock.ID, "--yes")
    assert shown == f"{stock.ID} was removed; that freed 1 kB.\n"
    assert outside.exists()
    assert "There is no model" in terminal.refused("remove", stock.ID, "--yes", code=2)
    assert "comes with glmdesk" in terminal.refused("remove", "pico", "--yes")


# names, damage, and what else runs


def test_every_name_that_the_help_promises(terminal: Terminal) -> None:
    terminal.done("pull", "glm-4.6v-flash")
    path = terminal.models / "glm-4.6v-flash" / stock.FLASH_FILES[0]
    names = ("GLM-4.6V-Flash:q4_k_m", f"hf:{stock.FLASH}", f"hf:{stock.FLASH}:Q4_K_M")
    for name in names:
        assert terminal.done("path", name) == f"{path}\n"
        assert "byte for byte" in terminal.done("verify", name)
    said = terminal.refused("path", "glm-4.6v-flash:Q8_0")
    assert "glmdesk models pull glm-4.6v-flash:Q8_0" in said
    assert "pull hf:owner/Other" in terminal.refused("path", "hf:owner/Other")
    assert "is not on this computer" in terminal.refused("path", f"ms:{stock.FLASH}")
    assert "has no file 'Q1'" in terminal.refused("path", "glm-4.6v-flash:Q1", code=2)
    assert "was removed" in terminal.done("remove", names[1], "--yes")
    assert not path.exists()


def test_show_of_one_size_and_of_a_repository(terminal: Terminal) -> None:
    shown = terminal.done("show", "glm-4.5-air:Q8_0")
    assert "\nQ8_0 " in shown
    assert "\nQ4_K_M " not in shown
    shown = terminal.done("show", "hf:owner/Small-GGUF")
    assert "Hugging Face: owner/Small-GGUF" in shown
    assert "3.0 MB  small-F16.gguf\n" in shown
    assert "On this machine: " in shown
    terminal.done("pull", stock.NAME)
    assert "Here: " in terminal.done("show", "hf:owner/Small-GGUF")


def test_a_repository_whose_file_is_cut_off(terminal: Terminal) -> None:
    weights = stock.WEIGHTS.read_bytes()[:1_500_000]
    terminal.hub.add("owner/Cut-GGUF", {"cut-F16.gguf": weights})
    said = terminal.refused("pull", "hf:owner/Cut-GGUF")
    assert (
        "as owner/Cut-GGUF publishes it, but it cannot be loaded: cut-F16.gguf is incomplete"
        in said
    )
    assert "cannot be loaded: " in terminal.refused("fit", "cut-f16")
    assert "cannot be loaded: " in terminal.refused("pull", "cut-f16")


def test_a_projector_that_is_gone_is_told(terminal: Terminal) -> None:
    terminal.done("pull", stock.NAME)
    (terminal.models / stock.ID / "mmproj-small-F16.gguf").unlink()
    for words in (("list",), ("show", stock.ID)):
        assert "mmproj-small-F16.gguf is missing, so it reads no pictures." in terminal.done(*words)
    assert "byte for byte" in terminal.done("verify", stock.ID, "--repair")
    assert "is missing" not in terminal.done("list")


def test_a_name_of_the_catalogue_for_another_model(terminal: Terminal, outside: Path) -> None:
    said = terminal.refused("import", outside, "--name", "glm-4.7", code=2)
    assert "small-F16.gguf does not hold GLM-4.7" in said
    assert not (terminal.models / "glm-4.7").exists()


def test_where_a_download_is_from(terminal: Terminal) -> None:
    other = stock.WEIGHTS.read_bytes() + bytes(1024)
    terminal.hub.add("owner/Other-GGUF", {"other-F16.gguf": other})
    terminal.done("pull", "hf:owner/Other-GGUF")
    terminal.done("pull", "glm-4.6v-flash")
    sources = {row["id"]: row["source"] for row in terminal.json("list")}
    assert sources["other-f16"] == "download"
    assert sources["glm-4.6v-flash"] == "catalogue download"


def test_a_context_that_no_model_has(terminal: Terminal) -> None:
    shown = terminal.done("fit", "pico", "--n-ctx", "999999999")
    assert "pico has no context of 999,999,999 tokens: this is for 32,768" in shown
    said = terminal.refused("fit", "--gpu", "8", "--unified", code=2)
    assert "not allowed with" in said


def test_what_a_killed_import_left_is_removed_and_told(terminal: Terminal) -> None:
    left = terminal.models / ".import" / "x"
    left.mkdir(parents=True)
    (left / "x.gguf").write_bytes(bytes(2_000_000))
    run = terminal.run("list")
    assert "What an interrupted import had left (2.0 MB) was removed." in run.stderr
    assert not left.parent.exists()


def test_a_model_that_another_process_has_loaded_stays(terminal: Terminal, outside: Path) -> None:
    terminal.done("import", outside)
    path = terminal.models / stock.ID / "small-F16.gguf"
    loaded = Loaded(terminal.models)
    loaded.hold(path)
    said = terminal.refused("remove", stock.ID, "--yes")
    assert f"{stock.ID} is loaded by a glmdesk that is running. Nothing was removed." in said
    assert path.exists()
    loaded.release()
    terminal.done("remove", stock.ID, "--yes")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_takes_nothing(terminal: Terminal) -> None:
    with Path("/dev/full").open("w") as full:
        run = terminal.run_into(full, "list")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("glmdesk: The output could not be written (")
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr


def test_an_alphabet_that_lacks_letters(terminal: Terminal) -> None:
    run = terminal.run_into(subprocess.PIPE, "show", "glm-4.7", PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, "")
    assert " ? " in run.stdout
