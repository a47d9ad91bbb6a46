"""A monitor at its GMII pins: frames of an independent library in, alarms out."""

import random
from functools import cache, partial

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from consilience.observations.observation_sender import MOST_OBSERVATIONS, PROMPT
from consilience_hw.benches.observation_bench import ObservationBench
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_hw.spec.network import (
    LARGEST_DATAGRAM,
    NETWORK_CLOCK_HZ,
    NetworkAddress,
    PacketDrop,
)
from consilience_hw.spec.observations import (
    COUNTS_REQUEST,
    OBSERVATION_BYTES,
    REGISTRATION,
    Alarm,
    MonitorSetup,
    Observation,
    ObservationCount,
)
from consilience_sim.compiled.emission import unit_design
from consilience_sim.ethernet import EthernetSimulation
from consilience_sim.ethernet.gmii import symbols_of, with_fcs
from consilience_sim.golden.monitor import MonitorModel
from docs.network_page import alarm_seconds

pytestmark = pytest.mark.slow
"""To compile the device takes 20 s."""

US, AGENTS = NetworkAddress(), 256
SETUP = MonitorSetup(
    MonitorMode.RESTART,
    Policy.RENEW,
    5 * Q16_16.fractions,
    (-Q16_16.fractions, -Q16_16.fractions),
    ((-70_000, -30_000), (-20_000, 9_000), (40_000, 20_000), (200_000, 250_000)),
)
FRAME_BYTES = 8 + 64
"""Preamble and the frame of an alarm."""


class Sender:
    """Frames of a host, and what comes to it."""

    def __init__(self, mac, ip, port):
        self.mac, self.ip, self.port = mac, ip, port

    def frame(self, data):
        udp = UDP(sport=self.port, dport=US.port) / data
        return bytes(Ether(src=self.mac, dst=US.mac) / IP(src=self.ip, dst=US.ip) / udp)

    def data(self, frame):
        """The data of a frame that must be to this host and from the device."""
        ether = Ether(frame)
        ip, udp = ether[IP], ether[UDP]
        assert (ether.dst, ip.dst, udp.dport) == (self.mac, self.ip, self.port)
        assert (ether.src, ip.src, udp.sport) == (US.mac, US.ip, US.port)
        return bytes(udp.payload)[: udp.len - 8]


AGENT = Sender("02:11:22:33:44:55", "10.77.0.9", 4321)
WATCH = Sender("02:aa:bb:cc:dd:ee", "192.0.2.200", 65_535)
OTHER = Sender("02:00:00:00:00:07", "10.77.0.10", 1)


@cache
def simulation(clock_hz):
    design = unit_design(
        f"ObservationBench({SETUP}, {AGENTS}, {US})", partial(ObservationBench, SETUP, AGENTS, US)
    )
    return EthernetSimulation(design, "monitor on Ethernet", clock_hz=clock_hz)


class Device:
    """A device as after power-up, and the golden monitor beside it."""

    def __init__(self, clock_hz=NETWORK_CLOCK_HZ):
        self.simulation = simulation(clock_hz)
        self.simulation.reset(0)
        self.model = MonitorModel(SETUP.mode, SETUP.weights, SETUP.threshold, SETUP.policy)
        self.expected = []
        assert self.sent() == []

    def sent(self, *frames):
        """Send frames at line rate; return those that come back until all is quiet."""
        return self.sent_symbols(*(symbols_of(with_fcs(frame)) for frame in frames))

    def sent_symbols(self, *frames):
        """Send what may be damaged."""
        found = []
        for symbols in frames:
            self.simulation.send_symbols(symbols)
        while True:
            frame = self.simulation.receive(2e-6)
            if frame is not None:
                found.append(frame)
            elif self.simulation.quiet_cycles > 3 * AGENTS:
                return found

    def registered(self, host):
        (answer,) = self.sent(host.frame(REGISTRATION))
        assert host.data(answer) == REGISTRATION

    def observed(self, rows):
        """Return the datagram of observations; the model takes each."""
        for agent, place, sequence in rows:
            state = self.model.agents.get(agent)
            t = (state.observations if state else 0) + 1
            reading = self.model.update(agent, SETUP.increments[place])
            if reading.alarm:
                number = len(self.expected) % 65_536
                self.expected.append(Alarm(agent, reading.statistic, t, sequence, number))
        return b"".join(bytes(Observation(*row)) for row in rows)


def alarms_of(host, frames):
    return [Alarm.from_bytes(host.data(frame)) for frame in frames]


def datagrams(device, count, rows, seed=1):
    """Datagrams whose agents take turns, with rare alarms."""
    choose = random.Random(seed)
    turn = 0
    for _ in range(count):
        part = []
        for _ in range(rows):
            part.append((turn % AGENTS, choose.choice([0] * 20 + [1, 2, 3, 3]), turn // AGENTS))
            turn += 1
        yield device.observed(part)


def test_alarms_go_to_who_registered_last():
    device = Device()
    found = []
    for host in (WATCH, OTHER, WATCH):
        device.registered(host)
        frames = device.sent(*(AGENT.frame(one) for one in burst(device, host)))
        found += alarms_of(host, frames)
    assert found == device.expected and len(found) == 9
    assert device.simulation.drops == {}


def burst(device, host):
    """Three datagrams, each with an alarm of an agent."""
    first = len(device.expected)
    return [device.observed([(first + n, 3, 0), (first + n, 3, 1)]) for n in range(3)]


def test_alarms_before_the_first_registration_are_numbered_and_not_sent():
    device = Device()
    assert device.sent(*(AGENT.frame(one) for one in burst(device, None))) == []
    device.registered(WATCH)
    found = alarms_of(WATCH, device.sent(*(AGENT.frame(one) for one in burst(device, WATCH))))
    assert found == device.expected[3:] and [one.number for one in found] == [3, 4, 5]


@pytest.mark.parametrize("wrong", [b"CSAS", b"CSA", b"CSAR\0", b"csar"])
def test_what_is_almost_a_registration_is_none(wrong):
    device = Device()
    device.registered(WATCH)
    assert device.sent(OTHER.frame(wrong)) == []
    frames = device.sent(*(AGENT.frame(one) for one in burst(device, WATCH)))
    assert alarms_of(WATCH, frames) == device.expected


def test_full_datagrams_at_line_rate_are_all_taken(record_property):
    record_property(
        "claim", "a monitor takes observations at the line rate of 1 Gb/s, none is lost"
    )
    device = Device()
    device.registered(WATCH)
    rows = LARGEST_DATAGRAM // OBSERVATION_BYTES
    frames = [AGENT.frame(one) for one in datagrams(device, 40, rows)]
    found = alarms_of(WATCH, device.sent(*frames))
    assert device.simulation.drops == {}
    assert found == device.expected and len(found) > 20
    rate = rows * NETWORK_CLOCK_HZ / (LARGEST_DATAGRAM + 66)
    assert rate > 14e6


def latency(clock_hz, rows):
    """Byte times from the last byte of a datagram's frame to the preamble of its last alarm."""
    device = Device(clock_hz)
    device.registered(WATCH)
    device.sent(AGENT.frame(device.observed([(AGENTS - 1, 3, 0)])))
    others = [(agent, 0, 0) for agent in range(rows - 1)]
    frame = AGENT.frame(device.observed([*others, (AGENTS - 1, 3, 1)]))
    begun = device.simulation.seconds
    device.simulation.send(frame)
    alarm = device.simulation.receive(1e-3)
    ended = device.simulation.seconds
    assert alarms_of(WATCH, [alarm]) == device.expected
    passed = round((ended - begun) * NETWORK_CLOCK_HZ)
    return passed - (8 + max(60, len(frame)) + 4) - (FRAME_BYTES + 1)


@pytest.mark.parametrize("rows", [1, 72, PROMPT, MOST_OBSERVATIONS])
def test_what_an_alarm_takes(record_property, rows):
    record_property("claim", "an alarm leaves as soon as docs/network.md says")
    promised = alarm_seconds(rows, NETWORK_CLOCK_HZ)
    assert latency(NETWORK_CLOCK_HZ, rows) == round(promised * NETWORK_CLOCK_HZ)
    assert (promised <= 2e-6) == (rows <= PROMPT)


def test_what_an_alarm_of_a_full_datagram_takes(record_property):
    record_property("claim", "with an engine of 145 MHz 2 us after any datagram, or sooner")
    promised = alarm_seconds(MOST_OBSERVATIONS, 145e6)
    assert latency(145_000_000, MOST_OBSERVATIONS) <= promised * NETWORK_CLOCK_HZ
    assert promised < 2e-6


def test_nothing_of_a_damaged_datagram_counts(record_property):
    """Damaged in all parts of a frame, between whole ones, of which some come again and late."""
    record_property("claim", "of a damaged datagram no observation counts")
    device = Device()
    device.registered(WATCH)
    choose = random.Random(5)
    symbols, sent = [], []
    for turn, data in enumerate(datagrams(device, 100, 20, seed=5)):
        sent.append(symbols_of(with_fcs(AGENT.frame(data))))
        symbols.append(sent[-1])
        if choose.random() < 0.3:
            # All of it has come, and counts once.
            symbols.append(choose.choice(sent))
        # Numbers that are due next, in bins that alarm.
        rows = [(agent, 3, turn) for agent in choose.sample(range(AGENTS), 20)]
        other = with_fcs(AGENT.frame(b"".join(bytes(Observation(*row)) for row in rows)))
        at = turn * len(other) // 100
        damaged = other[:at] + bytes([other[at] ^ 1 << choose.randrange(8)]) + other[at + 1 :]
        told = choose.random() < 0.3
        symbols.append(symbols_of(other, errors=[8 + at]) if told else symbols_of(damaged))
    found = alarms_of(WATCH, device.sent_symbols(*symbols))
    assert found == device.expected and len(found) > 20
    assert device.simulation.drops == {PacketDrop.DAMAGED: len(sent)}


def test_alarms_of_all_observations_wait_and_none_is_lost():
    device = Device()
    device.registered(WATCH)
    rows = LARGEST_DATAGRAM // OBSERVATION_BYTES
    agents = list(range(AGENTS)) * 4
    frames = [
        AGENT.frame(device.observed([(agent, 3, turn) for agent in agents[:rows]]))
        for turn in range(5)
    ]
    found = alarms_of(WATCH, device.sent(*frames))
    assert found == device.expected and len(found) == 2 * rows
    assert device.simulation.drops == {}


def test_who_asks_is_told_what_was_taken_and_what_found_no_room():
    device = Device()
    device.registered(WATCH)
    rows, count = LARGEST_DATAGRAM // OBSERVATION_BYTES, 20
    # All of one agent, which waits for itself: more than finds room, at line rate.
    datagrams = [
        b"".join(bytes(Observation(7, 0, turn * rows + row)) for row in range(rows))
        for turn in range(count)
    ]
    damaged = with_fcs(AGENT.frame(datagrams[0]))[:-1] + b"?"
    assert device.sent_symbols(symbols_of(damaged)) == []
    assert device.sent(*(AGENT.frame(one) for one in datagrams)) == []
    (answer,) = device.sent(OTHER.frame(COUNTS_REQUEST))
    data = OTHER.data(answer)
    assert data[:4] == COUNTS_REQUEST and len(data) == 4 + 8 * len(ObservationCount)
    counts = {one: int.from_bytes(data[4 + 8 * one :][:8], "little") for one in ObservationCount}
    lost = device.simulation.drops[PacketDrop.FULL]
    assert 0 < lost < count
    assert (counts[ObservationCount.NO_ROOM], counts[ObservationCount.OTHER_DROPS]) == (lost, 1)
    assert counts[ObservationCount.TAKEN] == rows * (count - lost)
    # The watch stays who it was.
    device.expected.clear()
    frames = device.sent(AGENT.frame(device.observed([(9, 3, 0), (9, 3, 1)])))
    assert alarms_of(WATCH, frames) == device.expected and device.expected
