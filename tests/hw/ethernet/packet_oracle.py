"""What becomes of a frame, read from docs/network.md: no code or constant of the gateware."""

import struct

MAC = bytes.fromhex("02636e736c02")
IP = bytes([10, 77, 0, 2])
PORT = 50_577


def checksum(data):
    """Ones' complement sum of 16-bit words, folded; of data with their checksum: 0xffff."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def reason_against(frame):
    """Return why a frame (with a right FCS, not among these bytes) is dropped; None if it is not.

    Of several reasons the first.
    """
    if len(frame) + 4 < 64:
        return "RUNT"
    if len(frame) + 4 > 1518:
        return "OVERSIZE"
    target, source, kind, rest = frame[:6], frame[6:12], frame[12:14], frame[14:]
    everyone = target == b"\xff" * 6
    if target != MAC and not (everyone and kind != b"\x08\x00"):
        return "OTHER_STATION"
    if kind == b"\x08\x06":
        if rest[:8] != bytes.fromhex("0001080006040001") or rest[24:28] != IP:
            return "OTHER_ARP"
        return "BAD_SOURCE" if source[0] & 1 or rest[8] & 1 else None
    if kind != b"\x08\x00":
        return "OTHER_TYPE"
    if rest[0] != 0x45:
        return "IP_HEADER"
    if checksum(rest[:20]) != 0xFFFF:
        return "IP_CHECKSUM"
    if rest[6] & 0xBF or rest[7]:
        return "FRAGMENT"
    if rest[16:20] != IP:
        return "OTHER_ADDRESS"
    if source[0] & 1 or rest[12] in (0, 127) or rest[12] >= 224:
        return "BAD_SOURCE"
    protocol, (total,) = rest[9], struct.unpack(">H", rest[2:4])
    if protocol not in (1, 17) or (protocol == 1 and rest[20:22] != b"\x08\0"):
        return "OTHER_PROTOCOL"
    if protocol == 17 and rest[22:24] != PORT.to_bytes(2, "big"):
        return "OTHER_PORT"
    if not 28 <= total <= min(len(rest), 1500):
        return "BAD_LENGTH"
    inner = rest[20:total]
    if protocol == 1:
        return None if checksum(inner) == 0xFFFF else "BAD_CHECKSUM"
    if struct.unpack(">H", inner[4:6])[0] != len(inner) or len(inner) == 8:
        return "BAD_LENGTH"
    pseudo = rest[12:20] + bytes([0, 17]) + inner[4:6]
    if inner[6:8] != b"\0\0" and checksum(pseudo + inner) != 0xFFFF:
        return "BAD_CHECKSUM"
    return None
