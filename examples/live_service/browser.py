"""The service's page in a real browser, waiting for an agent to be flagged."""

import shutil
import threading
import time
from pathlib import Path

__all__ = ["Watched", "chromium"]

_WAIT_MS = 30_000


def chromium() -> str | None:
    """Return the system's browser, if there is one and playwright to drive it."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return None
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Watched:
    """Looks at the page in a thread of its own until it shows an alarm.

    Parameters
    ----------
    url : str
    executable : str
        The browser.
    pictures : Path
        Folder of what it showed: ``fleet.png``, ``agent.png``, and ``narrow.png``, the agent's page
        at 400 px in the dark.

    Attributes
    ----------
    open : threading.Event
        The page is there, and live.
    seen : float or None
        When it showed the alarm (`time.monotonic`).
    """

    def __init__(self, url: str, executable: str, pictures: Path) -> None:
        self.open = threading.Event()
        self.seen: float | None = None
        self._url, self._executable, self._pictures = url, executable, pictures
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> float | None:
        """Return when it was seen, waiting so long for it."""
        self._thread.join(seconds)
        return self.seen

    def _look(self) -> None:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            # Its own sandbox needs a user that is not root.
            browser = playwright.chromium.launch(
                executable_path=self._executable, args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1000, "height": 760})
            page.goto(self._url)
            page.wait_for_selector("#connection.live", timeout=_WAIT_MS)
            self.open.set()
            page.wait_for_selector("h1:has-text('no longer')", timeout=10 * _WAIT_MS)
            self.seen = time.monotonic()
            page.screenshot(path=self._pictures / "fleet.png")
            page.locator("main .rows a").first.click()
            page.wait_for_selector("main figure, main .empty")
            page.screenshot(path=self._pictures / "agent.png")
            page.set_viewport_size({"width": 400, "height": 860})
            page.emulate_media(color_scheme="dark")
            page.reload()
            page.wait_for_selector("main figure, main .empty")
            page.screenshot(path=self._pictures / "narrow.png")
            browser.close()
