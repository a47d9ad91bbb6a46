"""A service that a browser looks at."""

import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.http.app import create_app
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings
from examples.live_service.browser import chromium
from tests.host.service.on_socket import OnSocket


class Shown:
    """A service at `url`."""

    def __init__(self, path, watch=None, **options):
        devices = {"here": "cpu", "gone": "socket://127.0.0.1:1"}
        settings = ServiceSettings(WatchOptions(arl="1000", n0=50, **options), devices=devices)
        self.service = Service(settings, path)
        app = create_app(self.service, watch=watch)
        self.hub = app.state.hub
        self._socket = OnSocket(app)
        self.url = self._socket.url

    def close(self):
        self.hub.close()
        self._socket.close()
        self.service.close()


@pytest.fixture(scope="module")
def browser():
    executable = chromium()
    if executable is None:
        pytest.skip("needs Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Its own sandbox needs a user that is not root.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def showing(tmp_path):
    """Return a function that starts a service, with what `Shown` takes."""
    made = []

    def started(**more):
        made.append(Shown(tmp_path / f"state{len(made)}", **more))
        return made[-1]

    yield started
    for one in made:
        one.close()


@pytest.fixture
def shown(showing):
    return showing()
