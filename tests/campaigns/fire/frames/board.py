"""The device's end of a wire: gateware at its GMII pins, and what it must do with each frame."""

import random
from collections import Counter
from typing import NamedTuple

from consilience_hw.spec.link_map import REPLY
from consilience_hw.spec.network import NetworkAddress
from consilience_sim.ethernet import simulated_board
from consilience_sim.ethernet.gmii import Symbols, symbols_of, with_fcs
from tests.campaigns.fire.ends import GatewareEnd
from tests.campaigns.fire.frames import packets
from tests.campaigns.fire.frames.frame_ledger import FrameLedger
from tests.campaigns.fire.frames.packets import Station
from tests.campaigns.fire.parser_model import ParserModel
from tests.hw.ethernet.packet_oracle import checksum, reason_against

__all__ = ["DEVICE", "Board", "Misbehaved", "Sent", "intact"]

DEVICE = Station.of(NetworkAddress())
_STEP = 2e-6
_QUIET_CYCLES = 600
_REQUEST_BYTES, _REPLY_BYTES, _LARGEST = 16, 24, 1408


class Misbehaved(Exception):
    """A frame left the device that it must not send, or one that it must send did not; or it
    dropped another number of frames, or for another reason, than it must.
    """


class Sent(NamedTuple):
    """A frame on its way to the device.

    Parameters
    ----------
    content : bytes
        Without its frame check sequence.
    symbols : Symbols
    good : bool
        The PHY tells no error, and the frame check sequence is right.
    """

    content: bytes
    symbols: Symbols
    good: bool


def intact(frame: bytes, *, pad: bool = True) -> Sent:
    """Return a frame as it is sent, with a right frame check sequence."""
    whole = with_fcs(frame, pad=pad)
    return Sent(whole[:-4], symbols_of(whole), good=True)


class Board:
    """A simulated device on Ethernet, and a judge of what it says.

    Of each frame it is known whether the device must take, answer or drop it, and why
    (`packet_oracle`). Answers to ARP and echoes must be right to the byte. A reply of the link must
    go to one who sent that very request.

    Parameters
    ----------
    choose : random.Random
    """

    config = GatewareEnd.config

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        self._simulation = simulated_board(
            self.config, NetworkAddress(), entropy=choose.getrandbits(32)
        )
        self.ledger = FrameLedger(self.config.largest_payload)
        self._forget()

    def put(self, sent: Sent) -> None:
        """Let a frame arrive behind those before it, at line rate."""
        reason = reason_against(sent.content) if sent.good else "DAMAGED"
        if reason is None:
            self._accept(sent.content)
        else:
            self.ledger.drops[reason] += 1
        self._simulation.send_symbols(sent.symbols)

    def run(self) -> list[bytes]:
        """Return the frames that leave until all is quiet, each checked.

        Raises
        ------
        Misbehaved, BadFrame
        """
        left = []
        while True:
            frame = self._simulation.receive(_STEP)
            if frame is not None:
                self._check(frame)
                left.append(frame)
            elif self._simulation.quiet_cycles >= _QUIET_CYCLES:
                break
        self._compare()
        return left

    def reset(self) -> None:
        """Reset the device."""
        self._simulation.reset(self._choose.getrandbits(32))
        self.ledger.reset()
        self._forget()

    def reset_amid(self, sent: Sent) -> None:
        """Reset the device while a frame arrives, the rest of which it still hears."""
        cut = self._choose.randrange(9, len(sent.symbols) - 12)
        self._simulation.send_symbols(sent.symbols[:cut])
        self._simulation.receive(cut * 8e-9)
        self.reset()
        self._simulation.send_symbols(sent.symbols[cut:])
        self.ledger.drops["DAMAGED"] += 1

    def close(self) -> None:
        """End the simulation."""
        self._simulation.close()

    def _forget(self) -> None:
        self._owed: Counter[bytes] = Counter()
        self._asked: dict[bytes, set[Station]] = {}

    def _accept(self, frame: bytes) -> None:
        """Note what the device owes to who sent a frame."""
        if frame[12:14] == packets.ARP:
            asker = Station(frame[22:28], frame[28:32], 0)
            answer = packets.arp(2, DEVICE, DEVICE.ip, asker.ip, to=asker.mac, target=asker.mac)
            self._owed[answer.ljust(60, b"\0")] += 1
            return
        inner = frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
        sender = Station(frame[6:12], frame[26:30], int.from_bytes(inner[:2], "big"))
        if frame[23] == packets.ICMP:
            said = packets.right_sum(bytes(4) + inner[4:], 2)
            answer = packets.ipv4(DEVICE, sender, packets.ICMP, said, number=0)
            self._owed[_comparable(answer.ljust(60, b"\0"))] += 1
            return
        data = inner[8:] + b"\0"
        self.ledger.to_device(data)
        for content in ParserModel(_REQUEST_BYTES, self.config.largest_payload).feed(data):
            self._asked.setdefault(content[:1] + content[6:14], set()).add(sender)

    def _check(self, frame: bytes) -> None:
        """See that a frame that left may leave, for where it goes."""
        if frame[12:14] == packets.IPV4 and frame[23] == packets.UDP:
            self._check_reply(frame)
            return
        self._owed[_comparable(frame)] -= 1
        if self._owed[_comparable(frame)] < 0:
            raise Misbehaved(f"nobody asked for {frame.hex()}")

    def _check_reply(self, frame: bytes) -> None:
        total = int.from_bytes(frame[16:18], "big")
        inner = frame[34 : 14 + total]
        peer = Station(frame[:6], frame[30:34], int.from_bytes(inner[2:4], "big"))
        data = inner[8:]
        expected = packets.udp(DEVICE, peer, data, checked=False)
        expected = packets.ipv4(DEVICE, peer, packets.UDP, expected[34:], number=0)
        if expected.ljust(60, b"\0") != frame:
            raise Misbehaved(f"its datagram is not well formed: {frame.hex()}")
        (content,) = ParserModel(_REPLY_BYTES, _LARGEST).feed(data)
        self.ledger.from_device(data)
        request = bytes((content[0] & ~REPLY,)) + content[6:14]
        if peer not in self._asked.get(request, ()):
            raise Misbehaved(f"{peer} gets the reply to another's request")

    def _compare(self) -> None:
        """See that just those were dropped that must be, and all were answered that must be."""
        ledger = self.ledger
        drops = Counter({reason.name: count for reason, count in self._simulation.drops.items()})
        ledger.full = drops.pop("FULL", 0)
        owed = +self._owed
        if ledger.full:
            owed.clear()
        expected, ledger.drops = ledger.drops, drops
        self._owed.clear()
        if drops != expected:
            raise Misbehaved(f"dropped {dict(drops)}, not {dict(expected)}")
        if owed:
            raise Misbehaved(f"{owed.total()} have no answer: {next(iter(owed)).hex()}")


def _comparable(frame: bytes) -> bytes:
    """Return a frame with zeros in place of an ICMP checksum if it is right: it has two forms."""
    if frame[12:14] != packets.IPV4 or frame[23] != packets.ICMP:
        return frame
    total = int.from_bytes(frame[16:18], "big")
    if checksum(frame[34 : 14 + total]) != 0xFFFF:
        return frame
    return frame[:36] + b"\0\0" + frame[38:]
