"""``python -m consilience.validate.shard_process DIR SHARD SHARDS``: one shard, told what to do.

Each line on stdin is an order: ``take``, the next part of its evidence goes into its log and its
state; ``say``, nothing but to publish. After each the pieces of its state go to stdout, with their
lengths (u32, little-endian), and a length of 0 behind them.
"""

import asyncio
import struct
import sys
from pathlib import Path

import numpy as np

from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience_hw.spec.log_format import Q16_16

__all__ = ["EPOCH", "HYPOTHESES", "LENGTH", "main", "part_of"]

EPOCH = 1
HYPOTHESES = ("benign", "hijacked")
LENGTH = struct.Struct("<I")
_PAYLOAD = 512
_AGENTS = 40


def part_of(shard: int, number: int) -> EvidenceSums:
    """Return a part of a shard's evidence: 1 to 60 rows, of agents that other shards have too."""
    rng = np.random.default_rng([shard, number])
    rows = int(rng.integers(1, 61))
    codes = rng.integers(-(20 << 16), 0, (rows, len(HYPOTHESES))).astype(np.int32)
    codes[rng.random(codes.shape) < 0.02] = Q16_16.log_of_zero
    weight = rng.integers(0, 65_537, rows).astype(np.uint32)
    return EvidenceSums(HYPOTHESES).add(rng.integers(0, _AGENTS, rows), codes, weight)


async def _obey(folder: Path, shard: int, shards: int) -> None:
    pubsub, out = InProcessPubsub(_PAYLOAD), sys.stdout.buffer

    def say(piece: bytes) -> None:
        out.write(LENGTH.pack(len(piece)) + piece)

    await pubsub.listen("consilience", say)
    with WriteAheadLog(folder) as log:
        publisher = ShardPublisher(pubsub, shard, shards, EPOCH, HYPOTHESES, log)
        for order in sys.stdin:
            if order == "take\n":
                part = part_of(shard, number := log.frames(EPOCH))
                log.accept(EPOCH, number, bytes(part))
                publisher.take(part)
            await publisher.publish()
            out.write(LENGTH.pack(0))
            out.flush()


def main() -> None:
    """Obey until stdin ends."""
    asyncio.run(_obey(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
