"""A device on Ethernet between the GMII models of cocotbext-eth, packets by scapy."""

import logging
from random import Random
from typing import Any, Self

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, SimTimeoutError, with_timeout
from cocotbext.eth import GmiiFrame, GmiiSink, GmiiSource
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

__all__ = ["EthernetTestbench"]

_RECEIVE_PS, _TRANSMIT_PS, _ENGINE_PS = 8000, 8002, 9500
"""Clock periods: no two the same, so that the domains drift through each other."""

_PATIENCE_US = 200
_SILENCE_US = 20
_PREAMBLE = b"\x55" * 6 + b"\xd5"
"""As the sink tells it: the first byte of a frame begins it, and is not among those it keeps."""


class EthernetTestbench:
    """A device with the ports of `UdpEcho`, reset, with a station at the other end of the wire.

    Parameters
    ----------
    dut : cocotb handle
    mac, ip, port : str, str, int
        The device's.
    """

    def __init__(self, dut: Any, mac: str, ip: str, port: int) -> None:
        self.dut, self.mac, self.ip, self.port = dut, mac, ip, port
        self.choose = Random(cocotb.RANDOM_SEED)
        self.source = GmiiSource(dut.rx__data, dut.rx__error, dut.rx__valid, dut.eth_rx_clk)
        self.sink = GmiiSink(dut.tx__data, dut.tx__error, dut.tx__valid, dut.eth_tx_clk)
        # They log every frame whole.
        for end in (self.source, self.sink):
            end.log.setLevel(logging.WARNING)

    @classmethod
    async def started(cls, dut: Any) -> Self:
        """Return a bench whose device has been reset; its address is told by plusargs."""
        told = cocotb.plusargs
        bench = cls(dut, str(told["mac"]), str(told["ip"]), int(told["port"]))
        dut.entropy.value = 0
        resets = (dut.rst, dut.eth_rx_rst, dut.eth_tx_rst)
        for clock, period in (
            (dut.eth_rx_clk, _RECEIVE_PS),
            (dut.eth_tx_clk, _TRANSMIT_PS),
            (dut.clk, _ENGINE_PS),
        ):
            Clock(clock, period, unit="ps").start()
        for reset in resets:
            reset.value = 1
        await ClockCycles(dut.clk, 5)
        for reset in resets:
            reset.value = 0
        await ClockCycles(dut.clk, 5)
        return bench

    def text(self, size: int) -> bytes:
        """Return bytes without zeros, as a frame of the link has inside."""
        return bytes(self.choose.choices(range(1, 256), k=size))

    def to_device(self, mac: str, ip: str) -> Any:
        """Return headers from a station to the device."""
        return Ether(src=mac, dst=self.mac) / IP(src=ip, dst=self.ip)

    def asked(self, mac: str, ip: str) -> Any:
        """Return a question of ARP for the device."""
        return Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(
            op="who-has", hwsrc=mac, psrc=ip, pdst=self.ip
        )

    async def send(self, packet: Any) -> None:
        """Queue a packet for the wire."""
        await self.source.send(GmiiFrame.from_payload(bytes(packet)))

    async def received(self) -> Any:
        """Return the next packet of the device, its frame checked."""
        frame = await with_timeout(self.sink.recv(), _PATIENCE_US, "us")
        assert frame.error is None, "the device told an error"
        assert bytes(frame.get_preamble()) == _PREAMBLE, f"preamble {frame.get_preamble().hex()}"
        assert frame.check_fcs(), "wrong frame check sequence"
        packet = Ether(bytes(frame.get_payload()))
        assert len(frame.get_payload()) >= 60
        # Checksums as they are, and as scapy computes them.
        for layer, field in ((IP, "chksum"), (ICMP, "chksum")):
            if layer in packet:
                again = packet.copy()
                delattr(again[layer], field)
                computed = getattr(Ether(bytes(again))[layer], field)
                assert getattr(packet[layer], field) == computed, f"checksum of {layer.__name__}"
        assert UDP not in packet or packet[UDP].chksum == 0
        return packet

    async def silent(self) -> None:
        """Fail if anything comes."""
        try:
            frame = await with_timeout(self.sink.recv(), _SILENCE_US, "us")
        except SimTimeoutError:
            return
        raise AssertionError(f"an answer where none is due: {bytes(frame).hex()}")
