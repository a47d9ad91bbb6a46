"""Tests of the network side of a device, on its exported Verilog, against cocotbext-eth."""

from typing import Any

import cocotb
from cocotbext.eth import GmiiFrame
from ethernet_testbench import EthernetTestbench
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP
from scapy.packet import Raw

MAC, ADDRESS = "02:00:5e:10:00:01", "10.77.0.1"
OTHER_MAC, OTHER_ADDRESS = "02:00:5e:10:00:02", "10.77.0.17"


def data_of(packet: Any) -> bytes:
    """Return the data of a UDP packet, without the padding of its frame."""
    return bytes(packet[UDP].payload)[: packet[UDP].len - 8]


@cocotb.test()
async def arp(dut: Any) -> None:
    """Who asks for the address is told the station."""
    bench = await EthernetTestbench.started(dut)
    await bench.send(bench.asked(MAC, ADDRESS))
    reply = await bench.received()
    found = reply[ARP]
    assert (reply.dst, reply.src) == (MAC, bench.mac)
    assert (found.op, found.hwsrc, found.psrc) == (2, bench.mac, bench.ip)
    assert (found.hwdst, found.pdst) == (MAC, ADDRESS)


@cocotb.test()
async def echo(dut: Any) -> None:
    """ICMP echoes of any size come back, with their identifier, number and data."""
    bench = await EthernetTestbench.started(dut)
    for number, size in enumerate((0, 1, 18, 19, 333, 1471, 1472)):
        data = bench.choose.randbytes(size)
        await bench.send(bench.to_device(MAC, ADDRESS) / ICMP(type=8, id=99, seq=number) / data)
        reply = await bench.received()
        found = reply[ICMP]
        assert (reply.dst, reply[IP].src, reply[IP].dst) == (MAC, bench.ip, ADDRESS)
        assert (found.type, found.code, found.id, found.seq) == (0, 0, 99, number)
        assert bytes(found.payload)[:size] == data
        assert reply[IP].len == 28 + size


@cocotb.test()
async def datagrams_at_line_rate(dut: Any) -> None:
    """Two stations send without a pause; each gets its own back, in order."""
    bench = await EthernetTestbench.started(dut)
    stations = [(MAC, ADDRESS, 1111), (OTHER_MAC, OTHER_ADDRESS, 2222)]
    sent = []
    for _ in range(40):
        mac, ip, port = bench.choose.choice(stations)
        data = bench.text(bench.choose.choice([1, 5, 60, 100]))
        sent.append((mac, ip, port, data))
        headers = bench.to_device(mac, ip)
        await bench.send(headers / UDP(sport=port, dport=bench.port) / Raw(data))
    for mac, ip, port, data in sent:
        reply = await bench.received()
        assert (reply.dst, reply[IP].dst, reply[UDP].dport) == (mac, ip, port)
        assert (reply[UDP].sport, reply[IP].flags) == (bench.port, "DF")
        assert data_of(reply) == data + b"\0"


@cocotb.test()
async def what_is_damaged_or_for_others(dut: Any) -> None:
    """No answer, and the next good datagram has its own."""
    bench = await EthernetTestbench.started(dut)
    good = bench.to_device(MAC, ADDRESS) / UDP(sport=9, dport=bench.port) / b"good"
    wrong = bytearray(GmiiFrame.from_payload(bytes(good)).data)
    wrong[40] ^= 0x10
    told = GmiiFrame.from_payload(bytes(good))
    told.error = [0] * len(told.data)
    told.error[30] = 1
    cut = GmiiFrame(GmiiFrame.from_payload(bytes(good)).data[:-9])
    bad_sum = bench.to_device(MAC, ADDRESS) / UDP(dport=bench.port, chksum=1) / b"bad!"
    elsewhere = bench.to_device(MAC, ADDRESS) / UDP(dport=bench.port ^ 1) / b"else"
    packets = [GmiiFrame.from_payload(bytes(one)) for one in (bad_sum, elsewhere)]
    for bad in (GmiiFrame(wrong), told, cut, *packets):
        await bench.source.send(bad)
        await bench.send(good)
        assert data_of(await bench.received()) == b"good\0"
    await bench.silent()
