"""A service that a browser looks at."""

import shutil
import threading

import pytest
import uvicorn

from consilience.monitor.watch_options import WatchOptions
from consilience.service.http.app import create_app
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Shown:
    """A service at `url`."""

    def __init__(self, path):
        settings = ServiceSettings(WatchOptions(arl="1000", n0=50), devices={"here": "cpu"})
        self.service = Service(settings, path)
        app = create_app(self.service)
        self.hub = app.state.hub
        config = uvicorn.Config(app, port=0, log_level=None, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            threading.Event().wait(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def close(self):
        self._server.should_exit = True
        self._server.force_exit = True
        self.hub.close()
        self._thread.join()
        self.service.close()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Its own sandbox needs a user that is not root.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def shown(tmp_path):
    made = Shown(tmp_path / "state")
    yield made
    made.close()
