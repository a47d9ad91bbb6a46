"""Devices and transports for tests of the link: exact, lossy, and watched."""

import random

import numpy as np
import pytest

from consilience.devices.device import Device
from consilience.link.frames import FrameDecoder
from consilience.link.session import LinkSession
from consilience.link.transport import Transport
from consilience.live.cpu_unit import CpuLiveUnit
from consilience.robust.robust_histogram import RobustHistogram
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId, FrameType
from consilience_sim import golden
from tests.host.monitor.steps_script import golden_steps

CONFIG = EngineConfig(board=BoardId.CPU, clock_hz=1, credits=4, largest_payload=256)


class GoldenDevice(Device):
    """The golden model as a device."""

    info = None

    def sums(self, codes, offsets):
        return golden.log_sums(codes, offsets)

    def posteriors(self, evidence, offsets, prior, weight):
        return golden.posteriors(evidence, offsets, prior, weight)

    def monitor_steps(self, settings, agents):
        return golden_steps(settings, agents)

    def live_unit(self):
        return CpuLiveUnit()

    def robust_scan(self, ratios, faulty, clip, threshold):
        return RobustHistogram.of(ratios, clip).scan(faulty, threshold)

    def close(self):
        pass


class FaultyLine(Transport):
    """Passes bytes to an endpoint and back, and does to them what lines do.

    Also a witness: whatever the host does, it never has more requests in flight than credits.
    """

    KINDS = ("drop", "flip", "insert", "cut", "lose", "double", "late", "reset")

    def __init__(self, endpoint, seed=0, most_in_flight=CONFIG.credits):
        self.endpoint = endpoint
        self.reply_timeout = endpoint.reply_timeout
        self.choose = random.Random(seed)
        self.rate = 0.0  # of faults, per chunk and direction
        self.kinds = self.KINDS
        self.faults = dict.fromkeys(self.KINDS, 0)
        self.interrupt_at = None  # calls from now on
        self.requests, self.replies = FrameDecoder(16), FrameDecoder(24)
        self.most_in_flight = most_in_flight
        self.in_flight = set()
        self.hello = self.nonce = None
        self.late = []

    def send(self, data):
        self._interrupt()
        if data == b"\0":
            self.replies.reset()  # as the host does
        if data.startswith(b"\0"):
            self.in_flight = set()  # given up, and sent again or not
        for frame in self.requests.feed(data):
            if frame.type == FrameType.HELLO:
                self.hello = self._id(frame)
            elif frame.payload[:4] != self.nonce:
                self.nonce, self.in_flight = frame.payload[:4], set()  # another session
            self.in_flight.add(self._id(frame))
        assert len(self.in_flight) <= self.most_in_flight
        self._deliver_late()
        for part in self._mangled(data, self.endpoint.send):
            self.endpoint.send(part)

    def receive(self, timeout):
        self._interrupt()
        self._deliver_late()
        data = b"".join(self._mangled(self.endpoint.receive(0), None))
        for frame in self.replies.feed(data):
            self.in_flight.discard(self._id(frame))
            # A device drops a HELLO that it need not answer, but before what was sent behind it.
            if self.in_flight == {self.hello}:
                self.in_flight = set()
        return data or self.endpoint.receive(timeout)

    def now(self):
        return self.endpoint.now()

    def close(self):
        self.endpoint.close()

    @staticmethod
    def _id(frame):
        return frame.sequence, frame.payload[4:12]

    def _interrupt(self):
        if self.interrupt_at is not None:
            self.interrupt_at -= 1
            if self.interrupt_at == 0:
                self.interrupt_at = None
                raise KeyboardInterrupt

    def _deliver_late(self):
        waiting, self.late = self.late, []
        for calls, data in waiting:
            if calls:
                self.late.append((calls - 1, data))
            else:
                self.endpoint.send(data)

    def _mangled(self, data, to_device):
        choose = self.choose
        if not data or choose.random() >= self.rate:
            return [data]
        kind = choose.choice(self.kinds)
        if kind == "late" and to_device is None:
            kind = "lose"
        self.faults[kind] += 1
        place = choose.randrange(len(data))
        if kind == "drop":
            return [data[:place], data[place + 1 :]]
        if kind == "flip":
            return [
                data[:place],
                bytes([data[place] ^ 1 << choose.randrange(8)]),
                data[place + 1 :],
            ]
        if kind == "insert":
            return [data[:place], choose.randbytes(choose.randint(1, 9)), data[place:]]
        if kind == "cut":
            return [data[:place]]
        if kind == "double":
            return [data, data]
        if kind == "late":
            self.late.append((choose.randint(1, 20), data))
            return []
        if kind == "reset":
            self.endpoint.reset()
            return [data]
        return []


@pytest.fixture
def config():
    return CONFIG


@pytest.fixture
def golden_device():
    return GoldenDevice()


@pytest.fixture
def endpoint(golden_device):
    return SoftwareEndpoint(golden_device, CONFIG)


@pytest.fixture
def faulty_line():
    return FaultyLine


@pytest.fixture
def line(endpoint):
    return FaultyLine(endpoint)


@pytest.fixture
def session(line):
    return LinkSession(line, "test")


@pytest.fixture
def segments():
    """Return a function that gives random (codes, offsets) and what their log sums are."""

    def make(choose, count=None):
        lengths = [
            choose.choice((1, 2, 3, 10, 45, 300)) for _ in range(count or choose.randint(1, 9))
        ]
        offsets = np.cumsum([0, *lengths])
        spread = choose.choice((1 << 16, 1 << 22))
        codes = np.array([choose.randint(-spread, spread) for _ in range(offsets[-1])], np.int32)
        return codes, offsets, golden.log_sums(codes, offsets)

    return make
