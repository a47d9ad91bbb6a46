"""The attacker who knows the judge and its threshold, and pads: how many harmless calls hide a run.

He makes every call of the recorded run in its order, and may put any number of calls that benign
runs of the suite make between them, before and behind. A run alarms if one of its calls does, and
a call's score depends on the last few calls alone, so the least number of calls that he needs is a
shortest path: states are (calls made, last calls that the chains know), inserted calls cost 1. Last
calls that no chain has counted are all the same to it, so that there are few states; the search
is exact, and where it finds no path no padding hides the run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import END, START, UNSEEN, Context, count

from ..selection import FITTING_LABELS
from ..traces import Traces
from .run_judge import RunJudge

__all__ = ["Attacker", "Ground", "grounds"]

Int = NDArray[np.int64]
_ONE = 1 << 16


@dataclass(frozen=True)
class Ground:
    """What an attacker knows of a suite.

    Parameters
    ----------
    contexts : set of Context
        Every run of last calls that a chain may have counted; with one its ends, too.
    harmless : tuple of int
        Symbols of the calls of benign runs, failed ones included.
    order : int
        Length of the longest contexts.
    """

    contexts: frozenset[Context]
    harmless: tuple[int, ...]
    order: int

    def after(self, context: Context, symbol: int, alphabet: Iterable[int]) -> Context:
        """Return the longest known context at the end of one more call."""
        longer = (*context, symbol if symbol in alphabet else UNSEEN)[-self.order :]
        while longer and longer not in self.contexts:
            longer = longer[1:]
        return longer


def grounds(judge: RunJudge, recorded: Traces) -> Mapping[str, Ground]:
    """Return what the runs that the judge was fitted on tell an attacker, by suite."""
    order = max(1, judge.ratios.longest)
    fitting = recorded.runs(FITTING_LABELS, test=False)
    found = {}
    for suite in judge.ratios.orders[0]:
        here = fitting[recorded.suite[fitting] == suite]
        symbols = {int(run): recorded.sequence(int(run), errors=True) for run in here}
        contexts = count(((one, 1.0) for one in symbols.values()), order)
        benign = here[recorded.label[here] == "benign"]
        calls = {symbol for run in benign.tolist() for symbol in symbols[run]} - {END}
        found[suite] = Ground(frozenset(contexts), tuple(sorted(calls)), order)
    return found


@dataclass
class Attacker:
    """Attacks runs of one suite and user task.

    Parameters
    ----------
    judge : RunJudge
    suite, task : str
    ground : Ground
    """

    judge: RunJudge
    suite: str
    task: str
    ground: Ground
    _scores: dict[Context, dict[int, int]] = field(default_factory=dict)

    def scores(self, context: Context, symbols: Iterable[int]) -> dict[int, int]:
        """Return the score of each next call alone, behind a known context."""
        known = self._scores.setdefault(context, {})
        new = [symbol for symbol in symbols if symbol not in known]
        if new:
            # What stands before a context of later calls is behind a call that hides it.
            before = context[1:] if context[:1] == (START,) else (UNSEEN, *context)
            ratios = self.judge.ratios
            bits = np.stack([ratios.bits(self.suite, self.task, (*before, one))[-1] for one in new])
            part = self.judge.part(self.suite, self.task)
            odds = part.odds(part.suspicion(bits), self.suite)
            known.update(zip(new, np.floor(odds * _ONE).astype(np.int64).tolist(), strict=True))
        return known

    def calls_needed(self, symbols: tuple[int, ...], threshold: int) -> int | None:
        """Return the least number of harmless calls with which a run's score is below a threshold.

        Parameters
        ----------
        symbols : tuple of int
            The run, `END` last.
        threshold : int
            A run alarms if its score is not below.

        Returns
        -------
        int or None
            None: no number of them hides the run.
        """
        alphabet = self.judge.ratios.orders[0][self.suite].benign.alphabet
        start = (0, (START,))
        level, seen, calls = {start}, {start}, 0
        while level:
            waiting = list(level)
            while waiting:
                made, context = waiting.pop()
                symbol = symbols[made]
                if self.scores(context, (symbol,))[symbol] >= threshold:
                    continue
                if made + 1 == len(symbols):
                    return calls
                state = (made + 1, self.ground.after(context, symbol, alphabet))
                if state not in seen:
                    seen.add(state)
                    level.add(state)
                    waiting.append(state)
            padded = set()
            for made, context in level:
                scores = self.scores(context, self.ground.harmless)
                for symbol in self.ground.harmless:
                    if scores[symbol] < threshold:
                        state = (made, self.ground.after(context, symbol, alphabet))
                        if state not in seen:
                            seen.add(state)
                            padded.add(state)
            level, calls = padded, calls + 1
        return None
