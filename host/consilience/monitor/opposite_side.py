"""Scores that are far to the good side of their history: perhaps low ones are the bad ones.

Each agent has a second statistic, of bets on the lowest ranks. It is a Shiryaev-Roberts sum of
e-values, so that it reaches 2^A within n good runs with probability n 2^-A at most. It is a
warning, no promise: floating point, and only of the runs of this start.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import log2
from typing import NamedTuple

from consilience.monitor.agent_index import AgentId
from consilience.monitor.run_ranking import RankedRun

__all__ = ["FarOff", "OppositeSide"]

_RARE = 100
"""Of so many watches whose agents behave one says that an agent is far off, at most."""
_LARGEST = 2.0**900


class FarOff(NamedTuple):
    """An agent far to the good side.

    Parameters
    ----------
    agent : int, str or bytes
    bits : float
        The highest that its statistic was; by chance with 2^-bits a run at most.
    """

    agent: AgentId
    bits: float


class OppositeSide:
    """The statistics of the other side.

    Parameters
    ----------
    kappas : sequence of Fraction
        Bets, as on high ranks.
    """

    def __init__(self, kappas: Sequence[Fraction]) -> None:
        self._kappas = [float(one) for one in kappas]
        self._states: dict[AgentId, tuple[float, float]] = {}
        self._runs = 0

    def note(self, run: RankedRun) -> None:
        """Take a run that was judged."""
        self._runs += 1
        now, highest = self._states.get(run.agent, (0.0, 0.0))
        rank = run.ranks + 1 - run.rank
        bets = [
            (rank**kappa - (rank - 1) ** kappa) * run.ranks ** (1 - kappa) for kappa in self._kappas
        ]
        now = min((now + 1) * sum(bets) / len(bets), _LARGEST)
        self._states[run.agent] = now, max(now, highest)

    def far_off(self) -> list[FarOff]:
        """Return the agents that are far to the good side, the farthest first."""
        least = _RARE * self._runs
        found = [
            FarOff(agent, log2(highest))
            for agent, (_, highest) in self._states.items()
            if highest > least
        ]
        return sorted(found, key=lambda one: (-one.bits, repr(one.agent)))
