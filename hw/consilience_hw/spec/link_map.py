"""The map of the link: frame types, fields and sizes, for gateware, host and docs.

A frame is ``COBS(type u8, sequence u8, payload, CRC-32 u32) 0x00``; the CRC (ISO-HDLC, the one of
zlib) covers type, sequence and payload. All integers are little-endian. Payloads are whole 32-bit
words. A request's payload is `REQUEST_HEADER` and data; its reply's is `REPLY_HEADER` and data.

Rules of a session
------------------
* HELLO opens a session: it takes any nonce and any sequence; the device then expects
  ``sequence + 1`` and operations later than HELLO's own. A HELLO that repeats the operation id of
  the last one opens nothing: it gets the kept reply, or is dropped if another request came since.
* Every other request must carry the device's nonce and the expected sequence number. It is
  executed once and answered by exactly one reply with the same sequence number and
  ``type | REPLY``. The device keeps its last `credits` replies; a request that repeats one of
  them, number and operation alike, gets the kept reply again. So every request is safe to repeat.
* At most ``credits`` requests are in flight. A request that breaks these rules is dropped and
  counted (`Counter`), never answered.
* An operation is a message in one or more fragments, numbered from 0: its bytes in order, at most
  `data_limit(largest payload)` per fragment; all fragments except the last have one size, a
  multiple of 4 that the sender chooses. Each carries the id of the operation and the total length
  of the message. Fragment 0
  of a later operation starts it and ends the one before; ids grow by serial-number arithmetic
  (``0 < (new - old) mod 2**32 < 2**31``). The last word of the message is the CRC-32 of all
  bytes before it.
* A reply to a fragment holds the results that this fragment completed. `produced` and `crc` are the
  number and the CRC-32 of all result bytes of the operation so far, this reply included.
* After a reply whose status is not `FrameStatus.OK` the operation is over: the device answers its
  further fragments with the same status and no data. If more than one status applies, that of a
  record comes before BAD_CRC, and BAD_CRC before BAD_LENGTH.

Messages
--------
REDUCE: records ``length u32 (1..), codes i32 * length``; result ``code i32, status u32``.
POSTERIOR: first ``hypotheses u32 | weighted << 8``, ``prior i32 * H``; then records ``rows u32
(1..), rows * (weight u32 if weighted, codes i32 * H)``, a record per agent; result ``posterior i32
* H, status u32``. The prior is in codes, as a row of weight 1.
MONITOR: first ``components u32 | mode << 8 | policy << 16 | PROVISIONAL`` (`monitor_format`),
``threshold i32, weights i32 * K``; then records ``rows u32 (1..), observations u32, flags u32,
components i32 * K, rows * (increments i32 * K)``, an agent's state and what it is to take; result
``statistic i32 * rows, components i32 * K, status u32``, the state after them. Each statistic comes
with the row that it belongs to. The status word holds the flags, and ALARMED.
LIVE: first ``count u32 (0..), codes i32 * count``, the sum before; then records ``steps u32, old
i32, new i32``, steps of `flags.UpdateStep` but CLEARS; result of each that reads ``code i32, count
u32, status u32``, with the number of codes in the sum.
ROBUST: records ``ratios u32 (1..), unit u32 (1..), faulty u32, above i64, below i64, codes i32 *
ratios``; result ``trimmed_sum i64, low i64, high i64, status u32``. Sums are in units. Of above and
below, the floor and the ceiling of threshold / unit, 42 bits count. The status word holds a
`RobustFlag`; where that is REFUSED, the sums are 0.
HELLO and STATUS have no data, fragment 0 and total 0; their replies are `HELLO_FIELDS` and one
u32 per `Counter`.

The status word of a result holds `flags.ResultStatus`.
A device keeps nothing from one message to the next: what it needs comes with each.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

__all__ = [
    "ABI",
    "COMPONENTS_SHIFT",
    "CRC_BYTES",
    "FRAME_HEADER_BYTES",
    "HELLO_FIELDS",
    "HELLO_WORDS",
    "LARGEST_PAYLOAD",
    "MAGIC",
    "MOST_CREDITS",
    "PROVISIONAL",
    "REPLY",
    "REPLY_HEADER",
    "REPLY_WORDS",
    "REQUEST_HEADER",
    "REQUEST_WORDS",
    "WEIGHTED",
    "BoardId",
    "Counter",
    "Feature",
    "Field",
    "FrameStatus",
    "FrameType",
    "RobustFlag",
    "data_limit",
]

MAGIC = int.from_bytes(b"CNSL", "little")
"""First word of HELLO's reply."""

ABI = 2
"""Number of this map; it changes with the meaning of any byte."""

LARGEST_PAYLOAD = 1408
"""Largest payload of any device in bytes; the limit of a device may be lower (`HELLO_FIELDS`).

Its frame, COBS and a UDP header fit into an Ethernet frame of 1,500 bytes."""

MOST_CREDITS = 128
"""Most credits of any device: half of the sequence numbers, so that old and new never mix."""

FRAME_HEADER_BYTES = 2
CRC_BYTES = 4

REPLY = 0x80
"""Flag in the type of a reply."""

WEIGHTED = 1 << 8
"""Flag in the first word of a POSTERIOR message: each row begins with its weight."""

PROVISIONAL = 1 << 24
"""Flag in the first word of a MONITOR message: each row begins at the state sent, which stays."""

COMPONENTS_SHIFT = 16
"""In the word of the features, from this bit on: the most components of MONITOR."""


@dataclass(frozen=True)
class Field:
    """A little-endian unsigned field of a payload."""

    name: str
    words: int
    meaning: str


class FrameType(IntEnum):
    """Type of a request; its reply has the same type with `REPLY` set."""

    HELLO = 0x01
    STATUS = 0x02
    REDUCE = 0x10
    POSTERIOR = 0x11
    MONITOR = 0x12
    LIVE = 0x13
    ROBUST = 0x14


class FrameStatus(IntEnum):
    """Outcome of one request, in its reply's header."""

    OK = 0
    UNSUPPORTED = 1
    """The device does not know this frame type, or lacks the feature."""
    BAD_LENGTH = 2
    """The length of the fragment or the message fits no message of this type."""
    BAD_RECORD = 3
    """A record of length zero, or more hypotheses than the device has (or fewer than 2), more
    components, or a word with bits that mean nothing."""
    BAD_CRC = 4
    """The CRC of the message is wrong; none of its results may be used."""


REQUEST_HEADER = (
    Field("nonce", 1, "session nonce from HELLO's reply; 0 in HELLO"),
    Field("operation", 1, "id of the operation"),
    Field("fragment", 1, "number of the fragment in its operation, from 0"),
    Field("total", 1, "bytes of the whole message, its CRC included"),
)

REPLY_HEADER = (
    Field("nonce", 1, "session nonce"),
    Field("operation", 1, "as in the request"),
    Field("fragment", 1, "as in the request"),
    Field("status", 1, "a `FrameStatus`"),
    Field("produced", 1, "result bytes of the operation so far"),
    Field("crc", 1, "CRC-32 of those bytes"),
)

HELLO_FIELDS = (
    Field("magic", 1, "the letters CNSL"),
    Field("abi", 1, "number of the link map; a host refuses another"),
    Field("version", 1, "major << 16 | minor << 8 | patch"),
    Field("build", 2, "hash of the gateware's sources and parameters; a host warns at another"),
    Field("board", 1, "a `BoardId`"),
    Field("clock", 1, "clock of the engine in Hz"),
    Field("format", 1, "identifier of the number format"),
    Field("lanes", 1, "codes taken per cycle"),
    Field("hypotheses", 1, "largest number of hypotheses"),
    Field("features", 1, "`Feature` flags; most components of MONITOR << 16"),
    Field("payload", 1, "largest payload in bytes"),
    Field("credits", 1, "requests that may be in flight"),
    Field("nonce", 1, "session nonce, new at each device reset"),
)

REQUEST_WORDS, REPLY_WORDS, HELLO_WORDS = (
    sum(field.words for field in fields) for fields in (REQUEST_HEADER, REPLY_HEADER, HELLO_FIELDS)
)
"""Words of each."""


class BoardId(IntEnum):
    """The board, or other device, that the engine runs on."""

    SIMULATION = 0
    CPU = 1
    ICEBREAKER = 2
    ULX3S_85F = 3
    TANG_NANO_9K = 4
    COLORLIGHT_5A_75B = 5
    ECPIX_5_85F = 6


class Feature(IntFlag):
    """Functions of the device beyond REDUCE."""

    POSTERIOR = 1
    WEIGHTS = 2
    MONITOR = 4
    LIVE = 8
    ROBUST = 16

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the flags set, in lower case."""
        return tuple(flag.name.lower() for flag in Feature if flag in self and flag.name)


class RobustFlag(IntFlag):
    """Flags in the status word of ROBUST's results."""

    ABOVE = 1 << 8
    """The honest ratios alone are above the threshold."""
    BELOW = 1 << 9
    """They are below it."""
    REFUSED = 1 << 10
    """No more ratios than 3 faulty: nothing is decided."""


class Counter(IntEnum):
    """Index of each counter in STATUS's reply; all count since reset, modulo 2**32."""

    FRAMES = 0
    """Requests executed."""
    REPEATED = 1
    """Requests answered again from the kept replies."""
    BAD_FRAMING = 2
    """Frames dropped: COBS broken, too short, too long, or a payload not of whole words."""
    BAD_CRC = 3
    """Frames dropped: wrong CRC-32."""
    BAD_NONCE = 4
    """Requests dropped: another session's nonce."""
    BAD_SEQUENCE = 5
    """Requests dropped: sequence number neither expected nor kept."""
    BAD_OPERATION = 6
    """Requests dropped: operation or fragment out of turn."""
    GAPS = 7
    """Frames dropped by the UART PHY: silence inside a frame."""
    CODES = 8
    """Evidence codes taken."""
    RESULTS = 9
    """Result records returned."""
    SATURATED = 10
    """Results with SATURATED."""
    HARD_TO_ROUND = 11
    """Results with HARD_TO_ROUND."""
    DAMAGED_PACKETS = 12
    """Frames of Ethernet dropped: damaged, too short or too long (`network.PacketDrop`)."""
    BAD_PACKETS = 13
    """Packets dropped: lengths, checksums or a source that cannot be; options and fragments."""
    OTHER_PACKETS = 14
    """Frames of Ethernet dropped: not for this device, or of a protocol that it has not."""
    LOST_PACKETS = 15
    """Packets dropped that were right: there was no room for them."""


def data_limit(largest_payload: int) -> int:
    """Return the most message bytes per fragment whose reply fits, too.

    A fragment that ends inside a record can complete that record with its first word, so a reply
    holds up to one result (a status and 16 values) more than the data it answers.
    """
    longest_result = 17
    return 4 * (largest_payload // 4 - REPLY_WORDS - longest_result)
