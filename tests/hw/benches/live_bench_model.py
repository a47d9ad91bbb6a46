"""What the bench of a `LiveLogSum` is fed."""

from collections.abc import Iterator

import numpy as np

from tests.hw.benches.wide_bench_model import bench_words

__all__ = ["beats_of_live_bench"]

_AGENTS = 256


def beats_of_live_bench(rounds: int) -> Iterator[tuple[str, int]]:
    """Yield the beats of `live_bench.LiveSource`, ("add", "remove" or "read", code), by rounds."""
    codes = (bench_words() & 0xFFFF_FFFF).astype(np.uint32).view(np.int32).tolist()
    for number in range(rounds):
        yield "add", codes[number % len(codes)]
        yield "read", 0
        if number < _AGENTS:
            yield "read", 0
        else:
            yield "remove", codes[(number - _AGENTS) % len(codes)]
        yield "read", 0
