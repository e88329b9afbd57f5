"""The real command, the real page, the real browser."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.environment import clean_environment, smollm2_path

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Where a chromium is. In CI there must be one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for name in names:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail("no chromium: the browser tests must run in CI")
    pytest.skip("no chromium on this machine")


@dataclass
class Server:
    """A running `glmdesk serve`."""

    home: Path
    models: Path
    process: "subprocess.Popen[str] | None" = None
    url: str = ""
    hub: str = ""
    """The address of a model hub; none is asked otherwise."""
    log: list[str] = field(default_factory=list)

    @property
    def stderr(self) -> Path:
        return self.home / "stderr.txt"

    def start(self) -> str:
        environment = clean_environment(GLMDESK_HOME=self.home, GLMDESK_MODELS_DIR=self.models)
        environment |= {"HF_ENDPOINT": self.hub or "http://127.0.0.1:9"}
        with self.stderr.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "glmdesk", "serve", "--no-browser"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "ready at" in line, self.stderr.read_text()
        self.url = line.rsplit(" ", 1)[1].strip()
        return self.url

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def engine(self) -> psutil.Process:
        """The worker that has llama.cpp in its memory."""
        for child in self.children():
            maps = {Path(str(part.path)).name for part in child.memory_maps()}
            if any(name.startswith("libllama") for name in maps):
                return child
        raise AssertionError("no engine worker runs")

    def stop(self) -> None:
        """End it as a person would; nothing may be left behind."""
        assert self.process is not None
        if self.process.poll() is not None:
            return
        family = self.children()
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        _, left = psutil.wait_procs(family, timeout=5)
        assert left == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def pico_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page on a fresh data folder with the built-in model only."""
    home = tmp_path_factory.mktemp("pico home")
    server = Server(home=home, models=home / "models")
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.stderr.read_text()


@pytest.fixture(scope="package")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page whose model speaks slowly enough to be interrupted."""
    home = tmp_path_factory.mktemp("slow")
    (home / "models" / "smollm2").mkdir(parents=True)
    (home / "models" / "smollm2" / "smollm2.gguf").symlink_to(smollm2_path())
    server = Server(home=home, models=home / "models")
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.stderr.read_text()


@dataclass
class Tab:
    """A page in the browser, with the words a person would use for what they do."""

    page: Page

    def send(self, words: str) -> None:
        self.page.fill("#composer textarea", words)
        self.page.press("#composer textarea", "Enter")

    def attach(self, *files: Path) -> None:
        before = self.page.locator("#attachments .file").count()
        self.page.set_input_files("#composer input[type=file]", [str(file) for file in files])
        self.wait_for_files(before + len(files))

    def wait_for_files(self, count: int) -> None:
        """Until so many are attached and were looked at."""
        self.page.wait_for_function(
            "count => document.querySelectorAll('#attachments .file:not(.coming, .taking)').length >= count",
            arg=count,
        )

    def think(self, choice: str) -> None:
        self.page.click(f"#thinking-switch label:has-text('{choice}')")

    def answer(self, number: int, seconds: float = 20) -> str:
        """The text of the finished answer `number` (1 is the first), without its thinking."""
        row = self.page.locator("#finished .bot-row").nth(number - 1)
        contents = row.locator("[data-testid=bot] > .message-content")
        end = time.monotonic() + seconds
        while not (words := "\n".join(contents.all_inner_texts()).strip()):
            assert time.monotonic() < end, f"no answer {number}: {self.transcript()!r}"
            self.page.wait_for_timeout(50)
        return words

    def transcript(self) -> str:
        return self.page.locator("#transcript").inner_text()

    def live_text(self) -> str:
        """The running answer, as far as it is."""
        return "\n".join(self.page.locator("#live .message-content").all_inner_texts()).strip()

    def refusal(self) -> str:
        """Why nothing was sent."""
        return self.page.locator("#status .refusal").inner_text()

    def chats(self) -> list[str]:
        return [chat.strip() for chat in self.page.locator("#history label").all_inner_texts()]


class Tabs:
    """Opens tabs and watches them: no script error, no request off this machine."""

    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.foreign: list[str] = []
        self.errors: list[str] = []

    def open(self, url: str) -> Tab:
        page = self._context.new_page()
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(20_000)
        page.goto(url)
        page.wait_for_selector("#send")
        return Tab(page)

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(url)

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Tabs]:
    opened = Tabs(browser)
    yield opened
    opened.close()
    assert opened.foreign == []
    assert opened.errors == []


@pytest.fixture
def tab(tabs: Tabs, pico_server: Server) -> Tab:
    return tabs.open(pico_server.url)


@pytest.fixture
def slow_tab(tabs: Tabs, slow_server: Server) -> Tab:
    return tabs.open(slow_server.url)
