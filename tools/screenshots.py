"""Take the screenshots of the README: the real page, with the built-in model.

Run it as `python -m tools.screenshots`; it needs chromium. Writes assets/screenshots/.
"""

import os
import random
import tempfile
from pathlib import Path

import pymupdf
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM_ARGS, Server, Tab, chromium
from tools.pico.scenes import scene

FOLDER = Path(__file__).parent.parent / "assets" / "screenshots"
SHOTS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "light",
        "has_touch": True,
    },
}


def files(folder: Path) -> tuple[Path, Path]:
    """A picture and a document that pico can read."""
    picture, report = folder / "shapes.png", folder / "report.pdf"
    scene(random.Random(3))[0].resize((336, 336)).save(picture)
    document = pymupdf.open()
    for line in ("The code of lima is 4821.", "The code of oslo is 77."):
        document.new_page().insert_text((72, 72), line)
    document.save(report)
    return picture, report


def talk(tab: Tab, picture: Path, report: Path) -> None:
    tab.think("Off")
    tab.attach(report)
    tab.send("What is the code of oslo?")
    tab.answer(1)
    tab.page.click("#new-chat")
    tab.page.wait_for_selector("#empty-chat")
    tab.think("On")
    tab.attach(picture)
    tab.send("What color is the triangle?")
    tab.answer(1)
    tab.send("And what color is the circle?")
    tab.answer(2)


def shoot(browser: Browser, url: str, name: str) -> None:
    page = browser.new_context(**SHOTS[name]).new_page()
    page.goto(url)
    page.wait_for_selector("#send")
    page.wait_for_timeout(1500)
    page.mouse.move(1, 1)
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        os.environ["HOME"] = name
        home = Path(name) / ".local" / "share" / "glmdesk"
        home.mkdir(parents=True)
        server = Server(home=home, models=home / "models")
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.goto(server.start())
        page.wait_for_selector("#send")
        talk(Tab(page), *files(home))
        for shot in SHOTS:
            shoot(browser, page.url, shot)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
