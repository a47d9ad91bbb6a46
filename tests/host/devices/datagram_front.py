"""A device behind a real UDP socket: what a board's network stack does, on loopback."""

import random
import socket
import threading
from contextlib import contextmanager

__all__ = ["DatagramFront", "fronted"]

_QUIET = 15e-6
"""Seconds of the device's own clock in which a request that arrived is answered."""


class DatagramFront:
    """Passes datagrams to a device and its replies back to who asked, in a thread.

    Parameters
    ----------
    device : Transport
        Link bytes in and out; used by the thread alone.
    rate : float
        Of loss, of repetition and of reordering, each, in both directions.
    """

    def __init__(self, device, rate=0.0, seed=0):
        self.device = device
        self.rate = rate
        self.choose = random.Random(seed)
        self.faults = {"lost": 0, "doubled": 0, "reordered": 0}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.02)
        self.held = {"in": [], "out": []}
        self.ends = False

    @property
    def url(self):
        return f"udp://127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        while not self.ends:
            try:
                data, peer = self.socket.recvfrom(1 << 16)
            except TimeoutError:
                continue
            for one in self._through("in", data):
                self.device.send(one)
                for frame in self._replies():
                    for reply in self._through("out", frame + b"\0"):
                        self.socket.sendto(reply, peer)

    def _replies(self):
        """Return what the device says until it is silent, frame by frame."""
        said = b""
        while part := self.device.receive(_QUIET):
            said += part
        return said.split(b"\0")[:-1]

    def _through(self, way, datagram):
        """Yield what the network makes of a datagram."""
        choose, held = self.choose, self.held[way]
        copies = [datagram]
        if choose.random() < self.rate:
            self.faults["lost"] += 1
            copies = []
        elif choose.random() < self.rate:
            self.faults["doubled"] += 1
            copies *= 2
        elif choose.random() < self.rate and not held:
            self.faults["reordered"] += 1
            held.append(datagram)
            return
        yield from copies
        if copies:
            yield from held
            held.clear()


@contextmanager
def fronted(device, **options):
    """Serve a device for the time of a ``with`` statement; gives the front."""
    front = DatagramFront(device, **options)
    thread = threading.Thread(target=front.run)
    thread.start()
    try:
        yield front
    finally:
        front.ends = True
        thread.join(10)
        front.socket.close()
        assert not thread.is_alive()
