"""Frames of the campaign against an independent library, and the model of the host's kernel."""

import random
from collections import deque

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from consilience_hw.spec.network import NetworkAddress
from tests.campaigns.fire.frames import packets, spoiling
from tests.campaigns.fire.frames.board import DEVICE
from tests.campaigns.fire.frames.host_stack import HostStack
from tests.campaigns.fire.frames.strangers import HOST, Strangers
from tests.hw.ethernet.packet_oracle import reason_against

ETHER = Ether(src="02:00:00:00:00:01", dst=NetworkAddress().mac)
WAY = {"src": "10.77.0.1", "dst": "10.77.0.2"}


@pytest.mark.parametrize("size", [1, 2, 33, 1471])
def test_frames_are_those_of_scapy(size):
    data = random.Random(size).randbytes(size)
    ip = ETHER / IP(**WAY, id=7, flags="DF")
    ports = {"sport": HOST.port, "dport": DEVICE.port}
    assert packets.udp(HOST, DEVICE, data) == bytes(ip / UDP(**ports) / data)
    unchecked = bytes(ip / UDP(**ports, chksum=0) / data)
    assert packets.udp(HOST, DEVICE, data, checked=False) == unchecked
    assert packets.echo(HOST, DEVICE, data) == bytes(ip / ICMP(id=1, seq=2) / data)


def test_arp_is_that_of_scapy():
    fields = {"hwsrc": "02:00:00:00:00:01", "psrc": "10.77.0.9", "hwdst": "00:00:00:00:00:00"}
    expected = ETHER / ARP(op=2, **fields, pdst="10.77.0.2")
    found = packets.arp(2, HOST, bytes([10, 77, 0, 9]), DEVICE.ip, to=DEVICE.mac)
    assert found == bytes(expected)


def kernel():
    arrived = deque()
    stack = HostStack(HOST, DEVICE, arrived)
    (question,) = stack.send(b"first")
    assert question == packets.arp(1, HOST, HOST.ip, DEVICE.ip)
    answer = packets.arp(2, DEVICE, DEVICE.ip, HOST.ip, to=HOST.mac).ljust(60, b"\0")
    assert stack.take(answer) == [packets.udp(HOST, DEVICE, b"first")]
    assert stack.send(b"second") == [packets.udp(HOST, DEVICE, b"second")]
    return stack, arrived


def test_the_kernel_takes_what_is_its_own():
    stack, arrived = kernel()
    data = bytes(range(200))
    good = packets.udp(DEVICE, HOST, data)
    for frame in (good, packets.udp(DEVICE, HOST, data, checked=False)):
        assert stack.take(frame) == []
        assert arrived.popleft() == data
    others = [
        packets.udp(DEVICE._replace(port=1), HOST, data),
        packets.udp(DEVICE, HOST._replace(port=1), data),
        packets.udp(DEVICE._replace(ip=bytes([10, 77, 0, 3])), HOST, data),
        packets.udp(DEVICE, HOST._replace(ip=bytes([10, 77, 0, 3])), data),
        packets.udp(DEVICE, HOST._replace(mac=DEVICE.mac), data),
        good[:41] + bytes([good[41] ^ 1]) + good[42:],
        good[:24] + bytes([good[24] ^ 1]) + good[25:],
        good[:59],
        good + bytes(1500),
    ]
    for frame in others:
        assert stack.take(frame) == []
    assert not arrived


def test_the_kernel_joins_fragments_in_any_order_and_no_others():
    stack, arrived = kernel()
    data = bytes(range(200))
    parts = packets.fragments(packets.udp(DEVICE, HOST, data), [48, 104], 5)
    for order in (parts, parts[::-1], [parts[1], parts[0], parts[2]]):
        for part in order:
            stack.take(part.ljust(60, b"\0"))
        assert arrived.popleft() == data
    overlapping = packets.fragments(packets.udp(DEVICE, HOST, data), [40, 104], 5)
    for part in (parts[0], overlapping[1], parts[2]):
        stack.take(part)
    assert not arrived


def test_the_kernel_believes_lies_of_arp_and_errors_about_its_own():
    stack, arrived = kernel()
    for seed in range(20):
        lie = Strangers(random.Random(seed)).arp_lie(DEVICE, HOST)
        stack.take(lie.ljust(60, b"\0"))
        assert stack.station == lie[6:12]
        stack.station = DEVICE.mac
        stack.take(spoiling.refusal(random.Random(seed), HOST).ljust(60, b"\0"))
    assert {type(one) for one in arrived} == {ConnectionRefusedError}
    assert 2 <= len(arrived) < 20


def test_what_is_spoilt_is_dropped_or_left_to_the_link():
    choose = random.Random(1)
    frame = packets.udp(HOST, DEVICE, choose.randbytes(90))
    for spoil, reasons in (
        (spoiling.oversize, {"OVERSIZE"}),
        (spoiling.wrong_checksum, {"IP_CHECKSUM", "BAD_CHECKSUM"}),
        (spoiling.wrong_lengths, {"BAD_LENGTH"}),
        (spoiling.colliding, {None}),
    ):
        found = set()
        for _ in range(100):
            spoilt = spoil(choose, frame)
            found.add(reason_against(spoilt))
            assert spoil is not spoiling.colliding or spoilt[42:] != frame[42:]
        assert found == reasons, spoil
    parts = [one for _ in range(50) for one in spoiling.in_fragments(choose, frame)]
    assert {reason_against(one.ljust(60, b"\0")) for one in parts} == {"FRAGMENT"}
    others = {reason_against(Strangers(choose).other().ljust(60, b"\0")) for _ in range(300)}
    assert None not in others
    assert len(others) == 7
