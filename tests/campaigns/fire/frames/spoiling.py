"""One frame to what a wire, a switch or malice makes of it."""

import random
import struct

from consilience_sim.ethernet.gmii import symbols_of, with_fcs
from tests.campaigns.fire.frames import packets
from tests.campaigns.fire.frames.board import DEVICE, Sent
from tests.campaigns.fire.frames.packets import Station, right_sum, udp_sum

__all__ = [
    "changed",
    "changed_bytes",
    "colliding",
    "cut",
    "damaged",
    "in_fragments",
    "oversize",
    "refusal",
    "signalled",
    "wrong_checksum",
    "wrong_lengths",
]

_PREAMBLE_BYTES = 8


def changed_bytes(choose: random.Random, data: bytes, first: int = 0) -> bytes:
    """Return data with 1 to 8 bytes, from `first` on, changed."""
    found = bytearray(data)
    for _ in range(choose.choice((1, 1, 2, 8))):
        found[choose.randrange(first, len(found))] ^= choose.randrange(1, 256)
    return bytes(found) if found != data else changed_bytes(choose, data, first)


def damaged(choose: random.Random, frame: bytes) -> Sent:
    """Change bytes; the frame check sequence is that of before."""
    whole = changed_bytes(choose, with_fcs(frame))
    return Sent(whole[:-4], symbols_of(whole), good=False)


def signalled(choose: random.Random, frame: bytes) -> Sent:
    """Let the PHY tell an error at one byte of preamble or frame."""
    whole = with_fcs(frame)
    place = choose.randrange(_PREAMBLE_BYTES + len(whole))
    return Sent(whole[:-4], symbols_of(whole, errors=[place]), good=False)


def cut(choose: random.Random, frame: bytes) -> Sent:
    """End the frame early, or send a preamble without its delimiter."""
    whole = with_fcs(frame)
    if choose.random() < 0.1:
        return Sent(b"", symbols_of(b"", preamble=b"\x55" * 7), good=False)
    return Sent(b"", symbols_of(whole[: choose.randrange(5, len(whole))]), good=False)


def oversize(choose: random.Random, frame: bytes) -> bytes:
    """Make the frame longer than the longest."""
    size = choose.choice((1515, 1516, 1600, 2048, 9000))
    return frame + choose.randbytes(size - len(frame))


def changed(choose: random.Random, frame: bytes) -> bytes:
    """Change bytes of headers or data."""
    padded = frame.ljust(60, b"\0")
    head = choose.choice((14, 42, len(padded)))
    return changed_bytes(choose, padded[:head]) + padded[head:]


def colliding(choose: random.Random, frame: bytes) -> bytes:
    """Change the data of a datagram so that no checksum of the network shows it."""
    if not _is_udp(frame):
        return changed(choose, frame)
    total = 14 + int.from_bytes(frame[16:18], "big")
    data = frame[42:total]
    words = range(len(data) // 2)
    if len(words) > 1 and choose.random() < 0.5:
        one, other = choose.sample(words, 2)
        swapped = [data[2 * k : 2 * k + 2] for k in words]
        swapped[one], swapped[other] = swapped[other], swapped[one]
        spoilt = b"".join(swapped) + data[2 * len(words) :]
        return (frame[:42] + spoilt + frame[total:]).ljust(60, b"\0")
    spoilt = changed_bytes(choose, data)
    if choose.random() < 0.5:
        return (frame[:40] + b"\0\0" + spoilt + frame[total:]).ljust(60, b"\0")
    head = frame[34:40] + b"\0\0"
    check = udp_sum(frame[26:30], frame[30:34], head + spoilt)
    return (frame[:40] + check + spoilt + frame[total:]).ljust(60, b"\0")


def wrong_lengths(choose: random.Random, frame: bytes) -> bytes:
    """Let lengths not fit each other; other checksums are right."""
    if not _is_udp(frame):
        return frame[:19].ljust(60, b"\0")  # ARP: lengths of addresses that are 0
    (total, length) = struct.unpack("!H20xH", frame[16:40])
    wrong = choose.choice((0, 19, 27, total - 1, total + 1, total + 40, 1501, 65_535))
    if choose.random() < 0.5:
        head = frame[14:16] + struct.pack("!H", wrong) + frame[18:24] + bytes(2) + frame[26:34]
        return (frame[:14] + right_sum(head, 10) + frame[34:]).ljust(60, b"\0")
    wrong = choose.choice((0, 7, length - 1, length + 1, length ^ 0x100))
    head = frame[34:38] + struct.pack("!H", wrong)
    check = udp_sum(frame[26:30], frame[30:34], head + bytes(2) + frame[42 : 14 + total])
    return (frame[:34] + head + check + frame[42:]).ljust(60, b"\0")


def wrong_checksum(choose: random.Random, frame: bytes) -> bytes:
    """Spoil a checksum of the frame; of ARP, which has none, a byte that is fixed."""
    place = choose.choice((24, 25, 40, 41)) if frame[12:14] == packets.IPV4 else 14
    spoilt = frame[place] ^ 1 << choose.randrange(7)
    return (frame[:place] + bytes((spoilt,)) + frame[place + 1 :]).ljust(60, b"\0")


def in_fragments(choose: random.Random, frame: bytes) -> list[bytes]:
    """Cut the packet into fragments, at times out of order or with one missing."""
    inner = int.from_bytes(frame[16:18], "big") - 20
    borders = range(8, inner, 8) if _is_udp(frame) else range(0)
    if not borders:
        return [frame]
    places = sorted(choose.sample(borders, min(len(borders), choose.randint(1, 3))))
    parts = packets.fragments(frame, places, choose.choice((0, 7, choose.getrandbits(16))))
    if choose.random() < 0.3:
        choose.shuffle(parts)
    if choose.random() < 0.2:
        parts.pop(choose.randrange(len(parts)))
    return parts


def refusal(choose: random.Random, host: Station) -> bytes:
    """Return an ICMP error to the host about a datagram that it sent to the device."""
    about = packets.udp(host, DEVICE, choose.randbytes(20))[14:42]
    head = struct.pack("!BBHI", 3, choose.choice((0, 1, 3, 3, 13)), 0, 0)
    return packets.ipv4(DEVICE, host, packets.ICMP, right_sum(head + about, 2))


def _is_udp(frame: bytes) -> bool:
    return frame[12:14] == packets.IPV4 and frame[23] == packets.UDP
