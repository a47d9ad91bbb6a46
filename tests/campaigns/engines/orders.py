"""The same codes in many orders, pieces and numbers of threads: how many results there are."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

import consilience as cs
from consilience.engines.state_codes import final
from consilience.engines.state_rows import log_sums_of
from tests.campaigns.engines.adapters import ENGINES

__all__ = ["BATCHES", "CODES", "GROUPS", "SHUFFLES", "THREADS", "Found", "drawn", "tried", "wanted"]

CODES = 200_000
GROUPS = 20
SHUFFLES = 12
BATCHES = (1 << 20, 30_011, 4_096)
"""Rows of a piece: all in one, and two that divide nothing."""
THREADS = (1, 2, 4)


class Found(NamedTuple):
    """Distinct results of one engine.

    Parameters
    ----------
    states : set of str
        Digests of the exact states and their codes, of all groups together.
    floats : set of str
        Digests of the engine's own sums.
    runs : int
    """

    states: set[str]
    floats: set[str]
    runs: int


def drawn(codes: int = CODES) -> pa.Table:
    """Return codes around 0, 8 bits wide as most evidence is; a group in 20 spans the range."""
    draw = np.random.default_rng(1)
    grp = draw.integers(0, GROUPS, codes)
    scale = np.where(grp == 0, 2.0**29, 2.0**19)
    code = np.rint(draw.normal(size=codes) * scale).clip(-(2**31), 2**31 - 1).astype(np.int32)
    return pa.table({"grp": grp, "code": code})


def tried(
    name: str,
    table: pa.Table,
    threads: int,
    shuffles: int = SHUFFLES,
    batches: tuple[int, ...] = BATCHES,
) -> Found:
    """Return the distinct results of an engine with so many threads."""
    states: set[str] = set()
    floats: set[str] = set()
    runs = 0
    for shuffle in range(shuffles):
        order = np.random.default_rng(shuffle).permutation(table.num_rows)
        shuffled = table.take(order)
        for batch in batches:
            engine = ENGINES[name](shuffled, threads, batch)
            rows = engine.partial(["grp"])
            values = engine.float_sums("grp").sort_by("grp")["value"]
            states.add(_digest(rows))
            floats.add(hashlib.sha256(np.asarray(values.to_numpy()).tobytes()).hexdigest())
            runs += 1
    return Found(states, floats, runs)


def wanted(table: pa.Table, urls: tuple[str, ...] = ("cpu", "sim")) -> Iterator[tuple[str, str]]:
    """Yield the digest that a device gives: states of the library, and codes of the device."""
    grp, code = (table[name].to_numpy() for name in ("grp", "code"))
    order = np.argsort(grp, kind="stable")
    groups = np.unique(grp)
    offsets = np.searchsorted(grp[order], np.append(groups, groups[-1] + 1))
    for url in urls:
        with cs.open(url) as device:
            codes = device.reduce(code[order], offsets)
        hashed = hashlib.sha256()
        for group, found in zip(groups.tolist(), codes.tolist(), strict=True):
            state = cs.LogSum.of(code[grp == group])
            hashed.update(bytes(state) + found.to_bytes(4, "little", signed=True))
        yield url, hashed.hexdigest()


def _digest(rows: pa.Table) -> str:
    states = log_sums_of(rows, ["grp"])
    codes = final(rows, ["grp"])
    hashed = hashlib.sha256()
    for group, code in zip(codes["grp"].to_pylist(), codes["code"].to_pylist(), strict=True):
        hashed.update(bytes(states[group,]) + code.to_bytes(4, "little", signed=True))
    return hashed.hexdigest()
