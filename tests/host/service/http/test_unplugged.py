"""A device that is unplugged while it works: an error that says so, and another try finds it."""

import os
import selectors
import socket
import threading
import tty

import pytest

from consilience.server.endpoint import served_device
from consilience.server.server import LinkServer


class Line:
    """A serial line to a served device: a pseudo-terminal under the name of a port.

    Parameters
    ----------
    path : Path
        The port; gone while the line is pulled.
    address : (host, port)
        Of the device's server.
    """

    def __init__(self, path, address):
        self._path, self._address = path, address
        self._thread = None

    def plug(self, cut_after=None):
        """Put it in; it is pulled when the device has said so many bytes."""
        if self._thread is not None:
            self._thread.join()
        own, port = os.openpty()
        tty.setraw(port)
        self._path.symlink_to(os.ttyname(port))
        self._thread = threading.Thread(target=self._carry, args=(own, port, cut_after))
        self._thread.start()

    def _carry(self, own, port, cut_after):
        said = 0
        with socket.create_connection(self._address) as far, selectors.DefaultSelector() as ready:
            ready.register(own, selectors.EVENT_READ)
            ready.register(far, selectors.EVENT_READ)
            while cut_after is None or said < cut_after:
                for key, _ in ready.select():
                    if key.fileobj is far:
                        data = far.recv(4096)
                        said += len(data)
                        os.write(own, data)
                    else:
                        data = os.read(own, 4096)
                        if data == b"END":
                            data = b""
                        far.sendall(data)
                    if not data:
                        cut_after = 0
        self._path.unlink()
        os.close(own)
        os.close(port)

    def end(self):
        if self._path.exists():
            with self._path.open("wb", buffering=0) as port:
                port.write(b"END")
        self._thread.join()


@pytest.fixture
def server():
    with LinkServer(served_device("cpu"), "127.0.0.1", 0, idle=0) as made:
        thread = threading.Thread(target=made.run)
        thread.start()
        yield made
        made.stop()
        thread.join()


@pytest.fixture
def line(server, tmp_path):
    host, port = server.address.removeprefix("socket://").split(":")
    made = Line(tmp_path / "ttyUSB1", (host, int(port)))
    yield made
    made.end()


@pytest.mark.parametrize(
    ("what", "said"), [("validate", 10), ("validate", 1000), ("benchmark", 1000)]
)
def test_a_board_that_is_pulled_while_it_works_and_put_back(start, line, tmp_path, what, said):
    asked = start(None, devices={"board": f"serial://{tmp_path}/ttyUSB1", "here": "cpu"})
    line.plug(cut_after=said)
    found = asked.ask("POST", f"/v1/{what}?backend=board")
    assert (found.status_code, found.json()["type"]) == (503, "urn:consilience:problem:no-device")
    assert found.json()["detail"].startswith("backend 'board': ")
    gone = asked.ask("POST", f"/v1/{what}?backend=board")
    assert gone.status_code == 503
    assert "ttyUSB1" in gone.json()["detail"]
    assert asked.ask("POST", "/v1/validate?backend=here").status_code == 200
    line.plug()
    back = asked.ask("POST", f"/v1/{what}?backend=board")
    assert back.status_code == 200, back.text
    asked.service.close()
