"""A compiled `UdpEcho`, and frames by an independent library."""

from functools import cache, partial

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from consilience_hw.benches.udp_bench import UdpEcho
from consilience_hw.spec.network import NetworkAddress
from consilience_sim.compiled.emission import unit_design
from consilience_sim.ethernet import EthernetSimulation

US = NetworkAddress()
PEER_MAC, PEER_IP = "02:11:22:33:44:55", "10.77.0.9"
QUIET = 400
TIME = 1e-3


class Peer:
    """Builds requests of a host and the replies that it must get."""

    def __init__(self, mac=PEER_MAC, ip=PEER_IP, port=4321):
        self.mac, self.ip, self.port = mac, ip, port

    def ethernet(self):
        return Ether(src=self.mac, dst=US.mac)

    def ipv4(self, **changes):
        return self.ethernet() / IP(**{"src": self.ip, "dst": US.ip, "id": 77, **changes})

    def arp(self, **changes):
        fields = {"op": "who-has", "hwsrc": self.mac, "psrc": self.ip, "pdst": US.ip, **changes}
        return Ether(src=self.mac, dst="ff:ff:ff:ff:ff:ff") / ARP(**fields)

    def echo(self, data=b"", **changes):
        return self.ipv4() / ICMP(**{"type": 8, "id": 7, "seq": 3, **changes}) / data

    def udp(self, data, **changes):
        return self.ipv4() / UDP(**{"sport": self.port, "dport": US.port, **changes}) / data

    def answered(self, inner):
        packet = IP(src=US.ip, dst=self.ip, id=0, flags="DF", ttl=64) / inner
        return Ether(src=US.mac, dst=self.mac) / packet

    def arp_reply(self):
        fields = {"op": "is-at", "hwsrc": US.mac, "psrc": US.ip, "hwdst": self.mac}
        return Ether(src=US.mac, dst=self.mac) / ARP(**fields, pdst=self.ip)

    def echo_reply(self, data=b""):
        return self.answered(ICMP(type=0, id=7, seq=3) / data)

    def datagram(self, data):
        return self.answered(UDP(sport=US.port, dport=self.port, chksum=0) / data)


class Device:
    """A simulated `UdpEcho`: what goes in, and all that comes out until it is quiet."""

    def __init__(self, **clocks):
        design = unit_design(f"UdpEcho({US})", partial(UdpEcho, US))
        self.simulation = EthernetSimulation(design, "echo over UDP", **clocks)

    def frames(self, *frames):
        """Send frames at line rate; return those that come back."""
        for frame in frames:
            self.simulation.send(bytes(frame))
        return self.rest()

    def symbols(self, *symbols):
        for part in symbols:
            self.simulation.send_symbols(part)
        return self.rest()

    def rest(self):
        found = []
        while True:
            frame = self.simulation.receive(2e-6)
            if frame is not None:
                found.append(frame)
            elif self.simulation.quiet_cycles > QUIET:
                return found

    @property
    def drops(self):
        return {reason.name: count for reason, count in self.simulation.drops.items()}


@cache
def device(**clocks):
    return Device(**{"clock_hz": 100_000_000, **clocks})


@pytest.fixture
def echo():
    """The device of most tests, as after power-up."""
    found = device()
    found.simulation.reset(0)
    return found


@pytest.fixture
def echo_with():
    """The device with other clocks."""

    def fresh(**clocks):
        found = device(**clocks)
        found.simulation.reset(0)
        return found

    return fresh


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
def another():
    return Peer("02:aa:bb:cc:dd:ee", "192.0.2.200", 65_535)
