"""The gateware's network side against the Linux kernel: its ARP, its ICMP, its UDP sockets."""

import contextlib
import os
import random
import socket
import struct
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from consilience_hw.benches.udp_bench import UdpEcho
from consilience_hw.spec.network import LARGEST_DATAGRAM, NetworkAddress
from consilience_sim.compiled.emission import unit_design
from consilience_sim.ethernet import EthernetSimulation
from consilience_sim.ethernet.tap_bridge import TapBridge
from consilience_sim.ethernet.tap_interface import TapInterface, TapRefused

US = NetworkAddress()
ECHO, ECHO_REPLY = 8, 0
PATIENCE = 20


@contextlib.contextmanager
def echo_on(interface):
    """A simulated echo on the wire."""
    design = unit_design(f"UdpEcho({US})", partial(UdpEcho, US))
    with (
        EthernetSimulation(design, "echo over UDP", clock_hz=100_000_000) as simulation,
        TapBridge(simulation, interface),
    ):
        yield simulation


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping(data, number):
    """Send an ICMP echo request, as ping does; return the data of its reply."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(PATIENCE)
        raw.connect((US.ip, 0))
        head = struct.pack(">BBHHH", ECHO, 0, 0, os.getpid() & 0xFFFF, number)
        head = head[:2] + checksum(head + data).to_bytes(2, "big") + head[4:]
        raw.send(head + data)
        packet = raw.recv(1 << 16)
    inner = packet[4 * (packet[0] & 15) :]
    assert (inner[0], inner[1], checksum(inner)) == (ECHO_REPLY, 0, 0)
    assert inner[4:8] == head[4:]
    return inner[8:]


def test_the_kernel_finds_and_pings_the_device(namespace):
    def trial(interface):
        with echo_on(interface) as device:
            for number, size in enumerate((0, 1, 56, 1471, 1472)):
                data = random.Random(size).randbytes(size)
                assert ping(data, number) == data
            # Nobody told it: ARP did. The file is that of the thread's own namespace.
            arp = Path("/proc/thread-self/net/arp").read_text()
            assert f"{US.ip} " in arp and US.mac in arp
            assert {reason.name for reason in device.drops} <= {"OTHER_STATION"}

    namespace(trial)


def datagrams_echoed(sizes):
    def trial(interface):
        with echo_on(interface) as device, socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE)
            client.connect((US.ip, US.port))
            for size in sizes:
                data = bytes(random.Random(size).choices(range(1, 256), k=size))
                client.send(data)
                assert client.recv(1 << 16) == data + b"\0"
            assert {reason.name for reason in device.drops} <= {"OTHER_STATION"}

    return trial


def test_datagrams_through_sockets_of_the_kernel(namespace):
    namespace(datagrams_echoed([1, 2, 18, 19, 500, 1471]))


@pytest.mark.slow
def test_datagrams_of_every_size(namespace):
    namespace(datagrams_echoed(range(1, LARGEST_DATAGRAM)))


def test_what_the_kernel_sends_that_is_not_for_the_device(namespace):
    def trial(interface):
        with echo_on(interface) as device, socket.socket(type=socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            client.settimeout(PATIENCE)
            client.sendto(b"port", (US.ip, US.port - 1))
            client.sendto(b"fragments" * 400, (US.ip, US.port))
            client.sendto(b"all", ("10.77.0.255", US.port))
            client.sendto(b"", (US.ip, US.port))
            client.sendto(b"who?", ("10.77.0.3", US.port))
            client.sendto(b"good", (US.ip, US.port))
            assert client.recvfrom(100) == (b"good\0", (US.ip, US.port))
            drops = {reason.name: count for reason, count in device.drops.items()}
            assert drops.pop("OTHER_STATION") >= 1
            assert drops.pop("OTHER_ARP") >= 1
            assert drops == {"OTHER_PORT": 1, "FRAGMENT": 3, "BAD_LENGTH": 1}

    namespace(trial)


def test_two_sockets_get_their_own_replies(namespace):
    def trial(interface):
        with echo_on(interface), contextlib.ExitStack() as opened:
            clients = [
                opened.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(3)
            ]
            for number, client in enumerate(clients):
                client.settimeout(PATIENCE)
                client.connect((US.ip, US.port))
                client.send(b"%d" % number)
            for number, client in enumerate(clients):
                assert client.recv(100) == b"%d\0" % number

    namespace(trial)


def test_a_bridge_that_fails_says_so_when_it_is_closed(namespace):
    class Broken:
        quiet_cycles = 0

    def trial(interface):
        bridge = TapBridge(Broken(), interface)
        deadline = time.monotonic() + PATIENCE
        while any(thread.name == "tap-bridge" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(AttributeError, match="Broken"):
            bridge.close()
        bridge.close()

    namespace(trial)


def test_a_name_that_is_taken_or_none(namespace):
    def trial(_interface):
        with pytest.raises(TapRefused, match=r"interface tap0: .*a name that is free"):
            TapInterface("tap0", "10.78.0.1/24")
        with pytest.raises(TapRefused, match="1 to 15 bytes"):
            TapInterface("a" * 16, "10.78.0.1/24")

    namespace(trial)
