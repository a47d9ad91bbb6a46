"""Packets of codes through a simulated `LogSumExp`: millions of them, packed with NumPy."""

import numpy as np
from numpy.typing import NDArray

from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import unit_design
from consilience_sim.compiled.stream_simulation import StreamSimulation

__all__ = ["log_sum_exp_design", "log_sum_exp_simulation", "log_sums_of", "packed_beats"]

_CODE_BYTES = 4
_MORE_BEATS = 3
"""Most beats beyond those needed, if the codes of a packet are scattered."""
_TRIES = 8
"""Draws of a step that has to be prime to the number of places; 1 in the end."""


def log_sum_exp_simulation(lanes: int) -> StreamSimulation:
    """Return a simulated ``LogSumExp(lanes=lanes)`` in Q16.16.

    The first time it is compiled: 4 s with 1 lane, 10 s with 8, 25 s with 16, 60 s with 64.

    Raises
    ------
    CompilerMissing, BuildFailed
    """
    return StreamSimulation(log_sum_exp_design(lanes), name=f"LogSumExp with {lanes} lanes")


def log_sum_exp_design(lanes: int) -> Design:
    """Return ``LogSumExp(lanes=lanes)`` in Q16.16 as a design."""
    return unit_design(f"LogSumExp(lanes={lanes})", lambda: LogSumExp(lanes=lanes))


def log_sums_of(
    simulation: StreamSimulation,
    lanes: int,
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    *,
    scatter: int | None = None,
    gaps: float = 0.0,
    stalls: float = 0.0,
    seed: int = 0,
    pause: int = 0,
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return what a simulated `LogSumExp` in Q16.16 gives for every packet.

    Parameters
    ----------
    simulation : StreamSimulation
        With nothing inside: it has given a result for every packet before.
    lanes : int
        Lanes of the simulated unit.
    codes : int32 array, shape (n,)
    offsets : int64 array, shape (packets + 1,)
        Packet k is ``codes[offsets[k]:offsets[k + 1]]``; from 0 to n, never decreasing.
    scatter : int, optional
        See `packed_beats`.
    gaps, stalls : float
        See `StreamSimulation.run`.
    seed : int
        Seed of garbage, gaps and stalls.
    pause : int
        Cycles for which the unit may take nothing after a packet: those of a `SerialLogSumExp`.

    Returns
    -------
    (int32 array, uint32 array), shape (packets,)
        Codes and `ResultStatus` flags, HARD_TO_ROUND among them.

    Raises
    ------
    RuntimeError
        A result is missing or one too many, or a stream rule is broken.
    ValueError
        Another number of lanes, or offsets that do not fit.
    """
    if simulation.input_bits != (8 * _CODE_BYTES + 1) * lanes + 1:
        raise ValueError(f"the {simulation.name} has not {lanes} lanes in Q16.16")
    beats = packed_beats(lanes, codes, offsets, scatter=scatter, seed=seed)
    packets = len(offsets) - 1
    results, _, _ = simulation.run(
        beats,
        packets,
        gaps=gaps,
        stalls=stalls,
        seed=seed,
        max_cycles=1_000
        + packets * pause
        + 4 * int(len(beats) / (1 - gaps) + packets / (1 - stalls)),
        # A result too many would come right behind, as a packet's does.
        extra_cycles=1,
    )
    found = np.ascontiguousarray(results[:, :_CODE_BYTES]).view("<i4")[:, 0]
    status = results[:, _CODE_BYTES].astype(np.uint32)
    return found.astype(np.int32), status


def packed_beats(
    lanes: int,
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    *,
    scatter: int | None = None,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return packets as beats of `beat.beat_layout`; unused lanes hold garbage.

    Parameters
    ----------
    lanes : int
        W.
    codes : int32 array, shape (n,)
    offsets : int64 array, shape (packets + 1,)
        An empty packet is one beat of unused lanes.
    scatter : int, optional
        A seed: not lane after lane from lane 0 up, but in any lane of one to three beats more than
        needed, from a random place on with random steps, so that order and lanes of a packet vary.
    seed : int
        Seed of garbage.

    Returns
    -------
    uint8 array, shape (beats, bytes of a payload)

    Raises
    ------
    ValueError
        The offsets do not fit the codes.
    """
    offsets = np.asarray(offsets, dtype=np.int64)
    sizes = np.diff(offsets)
    if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != len(codes) or sizes.min(initial=0) < 0:
        raise ValueError(f"offsets must go from 0 to {len(codes)} and never decrease")
    counts = np.maximum(-(-sizes // lanes), 1)
    places = None if scatter is None else np.random.default_rng(scatter)
    if places is not None:
        counts += places.integers(1, _MORE_BEATS + 1, len(counts))
    ends = np.cumsum(counts)
    beats = int(ends[-1]) if len(ends) else 0
    place = np.arange(len(codes)) - np.repeat(offsets[:-1], sizes)
    if places is not None:
        place = _scattered(place, sizes, counts * lanes, places)
    place += np.repeat((ends - counts) * lanes, sizes)

    low, high = np.iinfo(np.int32).min, np.iinfo(np.int32).max
    cells = np.random.default_rng(seed).integers(
        low, high, beats * lanes, dtype="<i4", endpoint=True
    )
    cells[place] = codes
    flags = np.zeros((beats, lanes + 1), dtype=np.uint8)  # keep, last
    kept = np.zeros(beats * lanes, dtype=np.uint8)
    kept[place] = 1
    flags[:, :lanes] = kept.reshape(beats, lanes)
    flags[ends - 1, lanes] = 1
    data = cells.view(np.uint8).reshape(beats, _CODE_BYTES * lanes)
    return np.hstack([data, np.packbits(flags, axis=1, bitorder="little")])


def _scattered(
    rank: NDArray[np.int64],
    sizes: NDArray[np.int64],
    places: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Return a place in its packet for each code, given its rank there; no two are the same."""
    start = random.integers(places)
    step = np.ones_like(places)
    for _ in range(_TRIES):
        drawn = random.integers(1, np.maximum(places, 2))
        step = np.where((step == 1) & (np.gcd(drawn, places) == 1), drawn, step)
    return (np.repeat(start, sizes) + rank * np.repeat(step, sizes)) % np.repeat(places, sizes)
