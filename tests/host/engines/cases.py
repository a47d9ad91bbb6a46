"""Codes and groups that tests of engines share."""

from functools import cache

import numpy as np
import pyarrow as pa

from consilience.exact.log_sum import LogSum

__all__ = ["GROUPS", "grouped_codes", "log_sums"]

GROUPS = 12


@cache
def grouped_codes() -> pa.Table:
    """6,000 codes in 12 groups of scales from 1 ulp to the whole range, and special ones."""
    draw = np.random.default_rng(20)
    grp = draw.integers(0, GROUPS, 6_000)
    wide = draw.normal(size=len(grp)) * 2.0 ** (3 * grp)
    code = np.rint(wide).clip(-(2**31) + 1, 2**31 - 1).astype(np.int32)
    special = [-(2**31), -(2**31) + 1, 2**31 - 1, 0, -1, 65535, 65536, -65536, 7 << 16, 8 << 16]
    places = draw.integers(0, len(grp), 300)
    code[places] = draw.choice(special, len(places))
    code[grp == 0] = -(2**31)
    return pa.table({"grp": grp, "code": code})


@cache
def log_sums() -> dict[int, bytes]:
    """Return the bytes of the exact sum of each group."""
    grp, code = (grouped_codes()[name].to_numpy() for name in ("grp", "code"))
    return {group: bytes(LogSum.of(code[grp == group])) for group in range(GROUPS)}
