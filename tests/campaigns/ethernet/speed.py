"""How fast the real driver's session is over a virtual network to the timed engine."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.devices.link_device import LinkDevice
from consilience.link.session import LinkSession
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import data_limit
from tests.campaigns.ethernet.timed_engine import TimedEngine
from tests.campaigns.ethernet.virtual_network import (
    TRIP,
    WIRE,
    Troubles,
    VirtualNetwork,
    wire_bytes,
)

__all__ = ["Setting", "Speed", "measured"]

_SEGMENT = 1_000
_HEADER_BYTES = 2 + 16 + 4
_COBS_BYTES = 2
"""What COBS adds to a frame of codes: its zero, and one byte or a few."""


@dataclass(frozen=True)
class Setting:
    """A device on the network, and how much of it the host uses.

    Parameters
    ----------
    credits : int
        Requests that the host has in flight, at most.
    payload : int
        Largest that it sends, in bytes.
    clock_hz : int
        Of the engine.
    """

    credits: int
    payload: int
    clock_hz: int

    @property
    def wire_limit(self) -> float:
        """MB of message bytes a second that the wire carries, with all overheads."""
        data = data_limit(self.payload)
        return data / wire_bytes(data + _HEADER_BYTES + _COBS_BYTES) * WIRE / 1e6

    @property
    def credit_limit(self) -> float:
        """MB of message bytes a second that the credits allow: a window in each round trip.

        The engine and the wire take their time in series, as a datagram is passed on whole.
        """
        data = data_limit(self.payload)
        frame = data + _HEADER_BYTES + _COBS_BYTES
        trip = TRIP + wire_bytes(frame) / WIRE + frame / self.clock_hz
        return self.credits * data / trip / 1e6


@dataclass(frozen=True)
class Speed:
    """What came out of a call.

    Parameters
    ----------
    code_bytes : int
    seconds : float
        Of virtual time, from the first byte sent to the last received.
    cycles : int
        Of the engine that were simulated meanwhile.
    wrong : int
        Sums that differ from the cpu device's.
    happened : Counter of str
        What the network did.
    counters : dict of str to int
        Of the session.
    overruns : int
        Datagrams for which the device had no buffer.
    """

    code_bytes: int
    seconds: float
    cycles: int
    wrong: int
    happened: Counter[str]
    counters: dict[str, int]
    overruns: int

    @property
    def megabytes(self) -> float:
        """MB of code bytes a second."""
        return self.code_bytes / self.seconds / 1e6


def measured(
    config: EngineConfig,
    setting: Setting,
    troubles: Troubles | None = None,
    *,
    codes: int = 400_000,
    seed: int = 1,
) -> Speed:
    """Return how fast sums of so many codes are, in virtual time.

    Parameters
    ----------
    config : EngineConfig
        The engine; its credits and its largest payload are no smaller than those used.
    setting : Setting
    troubles : Troubles, optional
    codes : int
    seed : int
        Of codes and troubles.
    """
    rng = np.random.default_rng(seed)
    evidence = rng.integers(-(1 << 22), 1 << 22, codes, dtype=np.int32)
    offsets = np.arange(0, codes + 1, _SEGMENT)
    expected = CpuDevice().reduce(evidence, offsets)
    engine = TimedEngine(config, setting.clock_hz)
    network = VirtualNetwork(engine, troubles, seed)
    session = LinkSession(network, "virtual", random_bits=lambda bits: 7)
    with LinkDevice.over(session) as device:
        session._identity = replace(
            session.identity, credits=setting.credits, payload=setting.payload
        )
        begun, cycles = network.now(), engine.cycles
        found = device.reduce(evidence, offsets)
        return Speed(
            code_bytes=4 * codes,
            seconds=network.now() - begun,
            cycles=engine.cycles - cycles,
            wrong=int(np.count_nonzero(found != expected)),
            happened=network.happened,
            counters=session.counters,
            overruns=engine.overruns,
        )
