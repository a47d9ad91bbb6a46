"""Requests beyond those of the random writer: every size, every bit that may differ, long ones."""

import struct

import numpy as np

from consilience_hw.spec.link_map import FrameType, data_limit
from consilience_sim import golden
from consilience_sim.testing.link_oracle import sealed
from tests.host.server.test_endpoint_against_gateware import Writer

__all__ = ["Script"]

LIMIT = data_limit(256)
HIGHEST = 2**31 - 1
LONG = 8_300
"""Codes of the longest message: its count of words passes a power of two."""


class Script(Writer):
    """Writes requests; there is no reset among them, for a run begins with one.

    Attributes
    ----------
    hard : list of bytes
        Requests for results that only the gateware marks as hard to round, to be sent last.
    """

    def __init__(self, seed: int, endpoint: object, nonce: int) -> None:
        super().__init__(seed, endpoint)
        self.nonce = nonce
        self.hard: list[bytes] = []

    def reset(self) -> None:
        pass

    def write_exact(self) -> None:
        """Write what the random writer seldom or never does."""
        self.hello()
        for words in range(1, LIMIT // 4 + 2):
            for more in (0, 4, -4):
                self.send(self.body(words - 1), more=more)
        for results in (2, 7, 12):
            self.send([word for _ in range(results) for word in (2, HIGHEST, HIGHEST)])
        self.differ()
        self.other_types()
        for length in range(LONG, LONG + 2):
            self.send([length, *range(length)])
        self.begin()
        self.put(self.frame(FrameType.STATUS, b""))
        self.step()
        self.announce()
        for results, after in ((1, 0), (2, 0), (3, 0), (6, 0), (2, 25), (3, 20)):
            records = []
            for _ in range(results):
                border = golden.borders.borders(16)[self.choose.randrange(65536)]
                codes = golden.codes_for_sum(border >> golden.borders.WIDTH - 60, 0)
                records += [len(codes), *codes]
            # What follows decides in which cycle, after the last result, they are counted.
            records += [after, *range(after)] if after else []
            self.send(records, into=self.hard)
        self.begin()
        self.hard.append(self.frame(FrameType.STATUS, b""))

    def body(self, words: int) -> list[int]:
        """Return that many words of records, the last one longer or broken if it must be."""
        body = [word for _ in range(words // 2) for word in (1, self.choose.getrandbits(31))]
        if words % 2 and words > 1:
            body[-2:] = [2, 5, 6]
        return body if len(body) == words else [1] * words

    def begin(self) -> None:
        """Turn to another operation."""
        self.operation += 1

    def step(self) -> None:
        """Turn to the next sequence number."""
        self.sequence = (self.sequence + 1) & 0xFF

    def send(self, words: list[int], *, more: int = 0, into: list[bytes] | None = None) -> None:
        """Send a REDUCE message; `more` is what its total is too large by."""
        self.begin()
        message = sealed(np.array(words, np.int64).astype("<u4").tobytes())
        for number, start in enumerate(range(0, len(message), LIMIT)):
            part = message[start : start + LIMIT]
            frame = self.frame(FrameType.REDUCE, part, number, len(message) + more)
            if into is None:
                self.put(frame)
            else:
                into.append(frame)
            self.step()

    def other_types(self) -> None:
        """Send messages of unknown types, and go on with one of which a bit is different."""
        for kind in (1 << bit for bit in range(7) if 1 << bit not in set(FrameType)):
            self.begin()
            self.put(self.frame(kind, bytes(8), 0, 12))
            self.step()
            for bit in range(8):
                self.put(self.frame(kind ^ 1 << bit, bytes(4), 1, 12))
            self.put(self.frame(kind, bytes(4), 1, 12))
            self.step()

    def announce(self) -> None:
        """Begin messages of as many words as each power of two, and one more.

        Their first fragment has more words than the low bits of that number say.
        """
        for bit in range(LIMIT.bit_length() - 2, 30):
            self.begin()
            words = struct.pack("<3I", 7, 8, 9)
            self.put(self.frame(FrameType.REDUCE, words, 0, 4 << bit | 4))
            self.step()

    def differ(self) -> None:
        """Send requests of which one bit of one word is not what it should be."""
        for bit in range(32):
            changed = 1 << bit
            self.begin()
            first = self.frame(FrameType.REDUCE, struct.pack("<2I", 3, 1), 0, 20)
            self.put(first)
            self.step()
            rest = struct.pack("<2I", 2, 3)
            kind = FrameType.REDUCE
            self.put(self.frame(kind, rest, 1, 20, nonce=self.nonce ^ changed))
            self.put(self.frame(kind, rest, 1 ^ changed, 20))
            other = (self.operation ^ changed) - self.operation
            self.put(self.frame(kind, rest, 1, 20, operation=other))
            again = self.frame(kind, rest, 0, 20, operation=other, sequence=-1)
            self.put(again)
            self.put(first)
            self.put(self.frame(kind, rest, 1, 20 ^ changed))
            self.step()
            self.begin()
            hello = self.frame(FrameType.HELLO, b"", nonce=0)
            self.put(hello)
            self.step()
            self.put(hello)
            self.put(self.frame(FrameType.HELLO, b"", nonce=0, operation=other))
            self.operation = (self.operation + other) & 0xFFFF_FFFF
            self.step()
