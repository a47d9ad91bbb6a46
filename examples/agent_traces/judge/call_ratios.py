"""Ratios hijacked : benign of single calls, by chains of the suite and of the user's own task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import Chain

from ..detector_config import DetectorConfig
from ..evidence import BENIGN, HIJACKED, count_label, fit_detector
from ..traces import Traces

__all__ = ["KINDS", "CallRatios", "JudgeConfig", "SuiteChains", "fit_call_ratios"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Symbols = tuple[int, ...]

KINDS = 3
"""Ratios of a call and chain order; the first alone needs no known task."""


@dataclass(frozen=True)
class JudgeConfig:
    """What is chosen by cross-validation.

    Parameters
    ----------
    orders : tuple of int
        Longest contexts of the chains, in calls.
    resisted : float
        Weight of resisted runs as benign ones.
    concentration : float
        Pseudo-counts with which a task's chain backs off to its suite's.
    """

    orders: tuple[int, ...]
    resisted: float
    concentration: float

    def chains(self, base: DetectorConfig) -> tuple[DetectorConfig, ...]:
        """Return the suites' chains, which are `base` at each order."""
        return tuple(
            replace(base, order=order, errors=True, resisted=self.resisted) for order in self.orders
        )


@dataclass(frozen=True)
class SuiteChains:
    """The chains of one suite at one order.

    Parameters
    ----------
    benign, hijacked : Chain
    tasks : dict of str to (Chain, Chain)
        The same of each user task with benign runs; they back off to those of the suite.
    """

    benign: Chain
    hijacked: Chain
    tasks: Mapping[str, tuple[Chain, Chain]]

    def bits(self, task: str, symbols: Symbols) -> Float:
        """Return log2 ratios of every symbol of a run, (symbols, `KINDS`).

        Hijacked : benign in the suite; hijacked in the suite : benign in the task; hijacked in the
        task : benign in the task. For an unknown task all three are the first.
        """
        own, own_hijacked = self.tasks.get(task, (self.benign, self.hijacked))
        chains = (self.benign, self.hijacked, own, own_hijacked)
        p = np.log2(np.array([chain.predict(symbols) for chain in chains], np.float64))
        return np.stack([p[1] - p[0], p[1] - p[2], p[3] - p[2]], axis=1)


@dataclass(frozen=True)
class CallRatios:
    """The chains of all suites, one set for each order.

    Parameters
    ----------
    orders : tuple of dict of str to SuiteChains
    longest : int
        The longest context of any chain.
    """

    orders: tuple[Mapping[str, SuiteChains], ...]
    longest: int

    @cached_property
    def _known(self) -> dict[tuple[str, str, Symbols], Float]:
        return {}

    def knows(self, suite: str, task: str) -> bool:
        """Return whether benign runs of a user task were counted."""
        return suite in self.orders[0] and task in self.orders[0][suite].tasks

    def bits(self, suite: str, task: str, symbols: Symbols) -> Float:
        """Return the ratios of every symbol of a run, (symbols, `KINDS` x orders).

        In a suite without chains nothing is evidence: zeros.
        """
        key = (suite, task, symbols)
        if key not in self._known:
            self._known[key] = (
                np.concatenate([one[suite].bits(task, symbols) for one in self.orders], axis=1)
                if suite in self.orders[0]
                else np.zeros((len(symbols), KINDS * len(self.orders)))
            )
        return self._known[key]

    def rows(self, traces: Traces, runs: Int) -> tuple[Float, Int]:
        """Return the ratios of every row of `runs` (its calls, its end), and the offsets."""
        blocks = [
            self.bits(
                str(traces.suite[run]),
                str(traces.user_task[run]),
                traces.sequence(int(run), errors=True),
            )
            for run in runs
        ]
        offsets = np.concatenate([[0], np.cumsum([len(block) for block in blocks])])
        return np.concatenate(blocks), offsets.astype(np.int64)


def _fit_tasks(
    traces: Traces,
    fitting: Int,
    suite: str,
    config: DetectorConfig,
    concentration: float,
    chains: Sequence[Chain],
) -> dict[str, tuple[Chain, Chain]]:
    benign, hijacked = chains[BENIGN], chains[HIJACKED]
    own = replace(config, concentration=concentration)
    here = fitting[traces.suite[fitting] == suite]
    found = {}
    for name in np.unique(traces.user_task[here[traces.label[here] == "benign"]]).tolist():
        of = here[traces.user_task[here] == name]
        quiet = count_label(traces, of, suite, {"benign": 1.0, "resisted": config.resisted}, config)
        loud = count_label(traces, of, suite, {"hijacked": 1.0}, config)
        found[str(name)] = (
            Chain(quiet, own, benign.alphabet, base=benign),
            Chain(loud, own, benign.alphabet, base=hijacked),
        )
    return found


def fit_call_ratios(
    traces: Traces, fitting: Int, config: JudgeConfig, base: DetectorConfig
) -> CallRatios:
    """Count the chains of `fitting` runs; `base` says how the suites' chains smooth."""
    orders = []
    for one in config.chains(base):
        orders.append(
            {
                suite: SuiteChains(
                    chains[BENIGN],
                    chains[HIJACKED],
                    _fit_tasks(traces, fitting, suite, one, config.concentration, chains),
                )
                for suite, chains in fit_detector(traces, fitting, one).items()
            }
        )
    return CallRatios(tuple(orders), max(config.orders))
