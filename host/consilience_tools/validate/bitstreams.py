"""The digest on a bitstream: unpacked from its bits, and driven through its pins."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import consilience as cs
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun, Scale
from consilience_sim.reference.vectors import SHORT, SHORT_DIGEST, results_digest, vector_set

__all__ = ["BOARD", "claims"]

BOARD = "icebreaker"
"""Of which the bits themselves can be read back."""
_AT_ONCE = 50
"""Packets of a call."""


def claims() -> list[Claim]:
    """Return the claim of the board's bitstream."""
    return [
        Claim(
            f"correctness.bitstream.{BOARD}",
            f"the bitstream for {BOARD}, unpacked from its bits and simulated at its pins, gives "
            f"through the driver for the first {SHORT:,} packets of the fixed set the bits that "
            f"all implementations share, SHA-256 {SHORT_DIGEST}",
            _digest,
            60.0,
        )
    ]


def _digest(bench: Bench) -> Finding:
    if bench.scale is Scale.QUICK:
        raise NotRun("takes minutes; leave out --quick")
    from consilience_tools.boards.building import find_build
    from consilience_tools.boards.catalogue import board_named
    from consilience_tools.boards.simulated import simulated_board

    if bench.scale is not Scale.FULL and find_build(board_named(BOARD)) is None:
        raise NotRun(
            f"no bitstream of this code is built here: run `consilience build {BOARD}`, which "
            "takes some minutes, or give --full"
        )
    codes, offsets = vector_set()
    results, status = np.empty(SHORT, np.int32), np.empty(SHORT, np.uint32)
    with simulated_board(BOARD, _working) as board:
        manifest = board.built.manifest
        with cs.open(board.url) as device:
            build = device.info.build
            for first in bench.steps(SHORT, _AT_ONCE):
                last = min(first + _AT_ONCE, SHORT)
                bounds = offsets[first : last + 1]
                found = device.reduce_with_status(codes[bounds[0] : bounds[-1]], bounds - bounds[0])
                results[first:last], status[first:last] = found
        broken = board.broken
        sent, received = board.traffic
    found_digest = results_digest(results, status)
    other = int(build != manifest["build"])
    return Finding(
        f"{SHORT:,} packets of {offsets[SHORT]:,} codes through the driver and the pins of "
        f"{manifest['bitstream']['file']}, SHA-256 {manifest['bitstream']['sha256']}",
        SHORT,
        int(found_digest != SHORT_DIGEST) + other + broken,
        worst=f"{found_digest}; build {build}; {broken} bytes without a start or stop bit",
        bound=f"{SHORT_DIGEST}; build {manifest['build']}; 0 bytes",
        measured={"bytes sent": sent, "bytes received": received},
    )


@contextmanager
def _working(_text: str) -> Iterator[None]:
    yield
