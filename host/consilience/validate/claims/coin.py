"""Agents that behave, with increments for which the promise is exact: a fair coin, doubled or lost.

Heads bring one bit, tails the log of zero. The e-value's mean is exactly 1, and nothing is lost in
rounding: so `once` alarms ever with probability 2**-A and not less, and `restart` has the mean
delay that is worked out here. A threshold one bit too low doubles the first and halves the other.
"""

from fractions import Fraction

import numpy as np

from consilience.monitor.monitor import Monitor
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.statistics import lower_share
from consilience_hw.spec.log_format import Q16_16

__all__ = ["BEYOND", "claims"]

BEYOND = Fraction(1, 1_000)
"""A promise that is kept is refuted with this probability at most, were the seed another."""
_BITS = 6
_SEED = 101
_LOST = Q16_16.log_of_zero
_BIT = Q16_16.fractions
_METHOD = "99.9 %, one-sided, Clopper-Pearson in integers"


def claims() -> list[Claim]:
    """Return two claims of the promise where it is tight."""
    return [
        Claim(
            "promise.once.tight",
            "of agents that behave no more than the share that was chosen ever alarms (M1), where "
            "the increments leave no slack",
            _ever,
            2.0,
        ),
        Claim(
            "promise.restart.tight",
            "agents that behave alarm no more often than once in the ARL that was chosen (M2), "
            "where the increments leave no slack",
            _within,
            2.0,
        ),
    ]


def _ever(bench: Bench) -> Finding:
    agents = bench.of_scale(100_000, 1_000_000, 4_000_000)
    monitor = bench.device(CPU).monitor(
        1, mode="once", false_alarm=Fraction(1, 1 << _BITS), source="asserted"
    )
    # After A tosses all that has not alarmed is lost for ever, so that this is "ever".
    alarmed = _alarmed(bench, monitor, agents, _BITS + 2)
    low = lower_share(alarmed, agents, BEYOND)
    allowed = Fraction(1, 1 << _BITS)
    return Finding(
        f"{agents:,} agents, a false alarm allowed with probability 1/{1 << _BITS}, {_BITS + 2} "
        f"tosses each, of which A decide (seed {_SEED})",
        agents,
        int(low > allowed),
        worst=f"{alarmed:,} alarmed, a share of {alarmed / agents:.6f}, at least {float(low):.6f}",
        bound=f"the lower limit at most {float(allowed):.6f}",
        interval=_METHOD,
    )


def _within(bench: Bench) -> Finding:
    agents, arl = bench.of_scale(100_000, 1_000_000, 4_000_000), 1 << _BITS
    monitor = bench.device(CPU).monitor(1, mode="restart", arl=arl, source="asserted")
    tosses = 2 * _BITS
    alarmed = _alarmed(bench, monitor, agents, tosses)
    low = lower_share(alarmed, agents, BEYOND)
    # R after k heads is 2**(k + 1) - 2: the k-th head in a row alarms from 2**A on, k = A.
    exact = _share_with_a_row(_BITS, tosses)
    return Finding(
        f"{agents:,} agents, an ARL of {arl}, {tosses} tosses each (seed {_SEED})",
        agents,
        int(low > exact) + int(exact > Fraction(tosses, arl)),
        worst=f"{alarmed:,} alarmed, a share of {alarmed / agents:.6f}, at least {float(low):.6f}",
        bound=f"the lower limit at most {float(exact):.6f}, which {_BITS} heads in a row have; "
        f"promised {tosses}/{arl}",
        interval=_METHOD,
    )


def _alarmed(bench: Bench, monitor: Monitor, agents: int, tosses: int) -> int:
    """Return how many agents alarm within so many tosses."""
    rng, names = np.random.default_rng(_SEED), np.arange(agents)
    found = np.zeros(agents, np.bool_)
    for _ in bench.steps(tosses):
        heads = rng.integers(0, 2, agents, dtype=np.bool_)
        increments = np.where(heads, _BIT, _LOST).astype(np.int32)
        found[monitor.update(names, increments).alarms] = True
    return int(found.sum())


def _share_with_a_row(heads: int, tosses: int) -> Fraction:
    """Return the probability of so many heads in a row within so many tosses."""
    ways = [0] * heads  # of tosses so far without such a row, by the heads at their end
    ways[0] = 1
    for _ in range(tosses):
        ways = [sum(ways), *ways[:-1]]
    return 1 - Fraction(sum(ways), 1 << tosses)
