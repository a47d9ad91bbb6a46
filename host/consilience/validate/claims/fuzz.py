"""Bytes that nobody meant, at every parser: refused in a line, or taken for what they are."""

import random
from collections.abc import Callable

import numpy as np

from consilience.distributed.state_message import Piece, StateMessage
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import ConsilienceError
from consilience.exact.log_sum import LogSum
from consilience.exact.window_sum import WindowSum
from consilience.link.frames import REPLY_FIELDS, FrameDecoder, encode_frame
from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.monitor.monitor import Monitor
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.shard_process import part_of

__all__ = ["PARSERS", "claims", "spoilt"]

_SEED = 151
_RANKS_SEED = 5

PARSERS: dict[str, Callable[[bytes], bytes]] = {
    "LogSum": lambda data: bytes(LogSum.from_bytes(data)),
    "WindowSum": lambda data: bytes(WindowSum.from_bytes(data)),
    "EvidenceSums": lambda data: bytes(EvidenceSums.from_bytes(data)),
    "Monitor": lambda data: bytes(Monitor.from_bytes(data)),
    "ConformalRanks": lambda data: bytes(ConformalRanks.from_bytes(data, _RANKS_SEED)),
    "piece of a state": lambda data: _piece(data),
    "frames of the link": lambda data: _frames(data),
}
"""Bytes to the canonical bytes of what they were taken for."""


def claims() -> list[Claim]:
    """Return the claim of the parsers."""
    return [
        Claim(
            "security.parsers",
            "bytes that are damaged, cut short, joined or made up are refused in one line by each "
            "parser of states and frames, or have the canonical form of what they are taken for: "
            "no traceback, no hang",
            _parsed,
            5.0,
        )
    ]


def _parsed(bench: Bench) -> Finding:
    each = bench.of_scale(300, 3_000, 100_000)
    choose, broken, refused = random.Random(_SEED), [], 0
    good = _good(bench)
    for number in bench.steps(each * len(PARSERS)):
        name = list(PARSERS)[number % len(PARSERS)]
        data = spoilt(good[name], choose)
        try:
            if PARSERS[name](data) != data:
                broken.append(f"{name}: taken for something else: {data.hex()[:80]}")
        except ConsilienceError as error:
            refused += 1
            if "\n" in str(error):
                broken.append(f"{name}: more than a line: {error}")
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}: {data.hex()[:80]}")
    return Finding(
        f"{each:,} times spoilt bytes at each of {', '.join(PARSERS)} (seed {_SEED}); {refused:,} "
        "were refused",
        each * len(PARSERS),
        len(broken) + (refused == 0),
        worst=broken[0] if broken else "0 tracebacks, 0 taken for something else",
        bound="0 and 0",
    )


def spoilt(good: bytes, choose: random.Random) -> bytes:
    """Return bytes that are not those, in one of several ways; now and then they are."""
    data = bytearray(good)
    kind = choose.randrange(7)
    place = choose.randrange(len(data))
    if kind == 0:
        for _ in range(choose.choice((1, 1, 2, 8))):
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    elif kind == 1:
        del data[place:]
    elif kind == 2:
        data += data[:place]
    elif kind == 3:
        data[place : place + choose.choice((1, 2, 4, 8))] = b"\xff" * choose.choice((1, 4, 8))
    elif kind == 4:
        data = bytearray(choose.randbytes(place))
    elif kind == 5:
        data[place : place + 8] = bytes(8)
    return bytes(data)


def _good(bench: Bench) -> dict[str, bytes]:
    """Return bytes that each parser takes."""
    codes = np.random.default_rng(_SEED).integers(-(1 << 22), 0, (40, 2)).astype(np.int32)
    monitor = bench.device(CPU).monitor(arl=1_000, enrolled=50)
    agents = np.arange(40) % 7
    monitor.update(agents, codes, sequence=np.arange(40))
    ranks = ConformalRanks(n0=50, seed=_RANKS_SEED)
    ranks.increments(np.zeros(60, np.int64), np.arange(60), np.arange(60) * 7 % 11)
    message = StateMessage(1, 2, 4, 3, 9, True, False, bytes(part_of(2, 0)))
    log_sum = LogSum.of(codes[:, 0])
    return {
        "LogSum": bytes(log_sum),
        "WindowSum": bytes(log_sum.window()),
        "EvidenceSums": bytes(part_of(1, 0)),
        "Monitor": bytes(monitor),
        "ConformalRanks": bytes(ranks),
        "piece of a state": message.pieces(512)[0],
        "frames of the link": encode_frame(3, 7, bytes(range(40))),
    }


def _piece(data: bytes) -> bytes:
    Piece.of(data)
    return data


def _frames(data: bytes) -> bytes:
    """Feed a decoder, and see that a good frame behind whatever came is found."""
    decoder = FrameDecoder(REPLY_FIELDS.size)
    decoder.feed(data + b"\0")
    found = decoder.feed(encode_frame(1, 2, bytes(REPLY_FIELDS.size)))
    if [one[:2] for one in found] != [(1, 2)]:
        raise ValueError("a good frame behind damage was not found")
    return data
