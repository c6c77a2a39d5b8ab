"""Draws the README's pictures of the page: `make screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot.settings import Settings
from prompts import labels
from tests.conftest import ROOT
from tests.served import ARGUMENTS, CHROMIUM, NO_CHROMIUM, serving

FOLDER = ROOT / "docs" / "pictures"
QUESTION = "What can be done about bleeding?"
SIZES = {"desktop": (1280, 800, 1), "phone": (390, 844, 2)}


def main() -> None:
    """Ask one question at both sizes, follow its first citation on the desktop, and keep what is seen."""
    if CHROMIUM is None:
        raise SystemExit(NO_CHROMIUM)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, serving(Settings().index, Path(scratch)) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, (width, height, scale) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
            page.goto(server.address)
            box = page.get_by_role("textbox", name=labels("page")["ask"])
            box.fill(QUESTION)
            box.press("Enter")
            first = page.get_by_role("link", name="Citation 1").first
            first.wait_for()
            page.wait_for_timeout(1000)
            if name == "desktop":
                first.click()
                page.wait_for_timeout(1000)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
