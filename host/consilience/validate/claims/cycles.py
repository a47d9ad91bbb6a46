"""Cycles do not depend on data: the gateware's log sum, fed alike with codes of all kinds."""

from collections.abc import Callable

import numpy as np

from consilience.numbers.arrays import Codes
from consilience.validate.bench import SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience_hw.spec.log_format import Q16_16

__all__ = ["KINDS", "claims"]

_SEED = 139
_LANES = 1
_LONGEST = 40
_STALLED = {"gaps": 0.2, "stalls": 0.3, "seed": _SEED}

KINDS: dict[str, Callable[[np.random.Generator, int], Codes]] = {
    "zeros": lambda _rng, n: np.zeros(n, np.int32),
    "logs of zero": lambda _rng, n: np.full(n, Q16_16.log_of_zero, np.int32),
    "the largest": lambda _rng, n: np.full(n, Q16_16.max_code, np.int32),
    "ascending": lambda _rng, n: np.linspace(Q16_16.min_code, Q16_16.max_code, n).astype(np.int32),
    "descending": lambda _rng, n: np.linspace(Q16_16.max_code, Q16_16.min_code, n).astype(np.int32),
    "ends in turn": lambda _rng, n: np.where(
        np.arange(n) % 2, Q16_16.min_code, Q16_16.max_code
    ).astype(np.int32),
    "random": lambda rng, n: rng.integers(Q16_16.min_code, Q16_16.max_code, n).astype(np.int32),
}
"""Codes of which a unit whose time depends on data would show it."""


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return the claim of the simulated gateware."""
    if SIM not in devices:
        return []
    return [
        Claim(
            "timing.cycles",
            "the gateware gives each result in the same cycle whatever the codes are, at full "
            "speed and with pauses on both sides",
            _compared,
            12.0,
        )
    ]


def _compared(bench: Bench) -> Finding:
    from consilience.devices.sim import build_errors_told
    from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_simulation, packed_beats

    packets = bench.of_scale(500, 5_000, 100_000)
    rng = np.random.default_rng(_SEED)
    offsets = np.append(0, np.cumsum(rng.integers(0, _LONGEST, packets)))
    beats = int(np.maximum(np.diff(offsets), 1).sum())
    with build_errors_told():
        simulation = log_sum_exp_simulation(_LANES)
    first: list[object] = []
    differ = 0
    with simulation:
        for place in bench.steps(2 * len(KINDS)):
            kind = list(KINDS)[place // 2]
            codes = KINDS[kind](rng, int(offsets[-1]))
            simulation.reset()
            _, _, produced = simulation.run(
                packed_beats(_LANES, codes, offsets),
                packets,
                max_cycles=1_000 + 10 * (beats + packets),
                extra_cycles=1,
                **(_STALLED if place % 2 else {}),  # type: ignore[arg-type]
            )
            cycles = np.asarray(produced).tolist()
            if place < 2:
                first.append(cycles)
            differ += cycles != first[place % 2]
    return Finding(
        f"{packets:,} packets of 0 to {_LONGEST - 1} codes of each kind ({', '.join(KINDS)}), at "
        f"full speed and with pauses (seed {_SEED}): the cycle of each result",
        2 * len(KINDS) * packets,
        differ,
        worst=f"{differ} of {2 * len(KINDS)} runs have another cycle for some result",
        bound="0",
    )
