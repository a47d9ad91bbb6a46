"""Simulated roll-outs: recorded runs as reporters, liars, and the product's own rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

import consilience as cs
from consilience.coverage.asking import Asked, CoverageOptions, asked_of
from consilience.coverage.evidence_law import read_evidence
from consilience.coverage.increments import reports_of, table_of
from consilience.coverage.stages import TENTHS, Chance, chance_of
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience.robust.calibration import Calibration
from consilience.robust.robust_counts import BIN_VALUES, bins_of, robust_sums
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import CLIP_BIN, RATIO_BINS
from consilience_sim import golden

__all__ = ["CASES", "LEVEL", "Case", "Row", "compared", "roll_outs"]

LEVEL = 0.999
"""Of each Clopper-Pearson interval; and one row in a thousand may miss by chance."""
_ZERO = Q16_16.log_of_zero
_AT_ONCE = 1 << 22
"""Reports that are drawn at a time."""


@dataclass(frozen=True)
class Case:
    """A roll-out that is simulated.

    Parameters
    ----------
    reporters, liars : int
    threshold_bits : int
        Of one decision.
    arl : int or None
        Of a monitor; then a verdict is an alarm `within` so many runs.
    within : int
    """

    reporters: int
    liars: int
    threshold_bits: int = 0
    arl: int | None = None
    within: int = 1

    @property
    def words(self) -> str:
        asked = f"threshold {self.threshold_bits} bits" if self.arl is None else f"ARL {self.arl:,}"
        asked += "" if self.arl is None else f", within {self.within} runs"
        return f"{self.reporters} reporters, {self.liars} liars, {asked}"


CASES = (
    Case(60, 0),
    Case(60, 6),
    Case(60, 12),
    Case(60, 6, threshold_bits=7),
    Case(400, 60),
    Case(60, 0, arl=1_000_000, within=5),
    Case(60, 3, arl=1_000_000, within=5),
    Case(100, 8, arl=1_000, within=10),
)


class Row(NamedTuple):
    """One truth at one tenth.

    Parameters
    ----------
    case : Case
    truth : str
    taking_part : int
    chance : Chance
        Predicted, with what the evidence's band allows.
    trials, verdicts, wrong : int
        Trials; those with a verdict; verdicts that are not the honest reporters' own.
    """

    case: Case
    truth: str
    taking_part: int
    chance: Chance
    trials: int
    verdicts: int
    wrong: int

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's, of `LEVEL`."""
        hits, rest, tail = self.verdicts, self.trials - self.verdicts, (1 - LEVEL) / 2
        low = float(beta.ppf(tail, hits, rest + 1)) if hits else 0.0
        high = float(beta.ppf(1 - tail, hits + 1, rest)) if rest else 1.0
        return low, high

    @property
    def agrees(self) -> bool:
        """Whether the prediction for exactly these runs is in the interval."""
        low, high = self.interval
        return low <= self.chance.predicted <= high

    @property
    def is_allowed(self) -> bool:
        """Whether the band of predictions, which is for all such runs, meets the interval."""
        low, high = self.interval
        return low <= self.chance.most and self.chance.least <= high


def compared(
    evidence: Path, case: Case, drawn: Calibration, trials: int, seed: int, fewer: int = 0
) -> Iterator[Row]:
    """Yield every truth at every tenth, predicted from a file and simulated with `drawn` runs.

    Parameters
    ----------
    evidence : str
        The file that the predictions are made from.
    case : Case
    drawn : Calibration
        The runs that reporters are, drawn with replacement.
    trials, seed : int
    fewer : int
        A planted fault: so many liars fewer in the prediction.
    """
    asked = _asked(evidence, case, case.liars - fewer)
    table = table_of(read_evidence(evidence)) if case.arl else None
    ratios = dict(zip(drawn.names, (drawn.first, drawn.second), strict=True))
    for number, (truth, (law, limit)) in enumerate(asked.laws.items()):
        for tenth in range(1, TENTHS + 1):
            count = max(case.reporters * tenth // TENTHS, 1)
            chance = chance_of(asked.question, law, limit, count)
            if count <= 3 * case.liars:
                yield Row(case, truth, count, chance, 0, 0, 0)
                continue
            rng = np.random.default_rng([seed, case.reporters, case.liars, number, tenth])
            if table is None:
                found = _decisions(rng, asked, case, ratios[truth], number, count, trials)
            else:
                reports = reports_of(table, ratios[truth])
                found = _alarms(rng, asked, case, reports, count, trials), 0
            verdicts, wrong = found
            yield Row(case, truth, count, chance, trials, verdicts, wrong)


def roll_outs(
    evidence: Path, drawn: Calibration, trials: int, seed: int, cases: tuple[Case, ...] = CASES
) -> Iterator[Row]:
    """Yield all rows of all cases."""
    for case in cases:
        yield from compared(evidence, case, drawn, trials, seed)


def _asked(path: Path, case: Case, liars: int) -> Asked:
    return asked_of(
        CoverageOptions(
            reporters=case.reporters,
            evidence=path,
            liars=str(liars),
            threshold=None if case.arl else str(case.threshold_bits),
            arl=str(case.arl) if case.arl else None,
            within=case.within,
        )
    )


def _decisions(
    rng: np.random.Generator,
    asked: Asked,
    case: Case,
    ratios: NDArray[np.int32],
    number: int,
    count: int,
    trials: int,
) -> tuple[int, int]:
    """Return how many trials decide for the truth, and how many decide what honest ones do not."""
    clip, faulty = asked.question.clip, case.liars
    unit, limit = clip // CLIP_BIN, case.threshold_bits << 16
    shares = np.bincount(bins_of(ratios.astype(np.int64), unit), minlength=RATIO_BINS) / len(ratios)
    honest = rng.multinomial(count - faulty, shares, size=trials).astype(np.int64)
    said = honest.copy()
    said[:, 0 if number == 0 else -1] += faulty
    sums = robust_sums(said, faulty)
    _same_on_a_device(rng, ratios, number, count, case, clip)
    own = honest @ BIN_VALUES * unit
    above, below = sums.low * unit > limit, sums.high * unit < limit
    wrong = np.count_nonzero((above & (own <= limit)) | (below & (own >= limit)))
    return int(np.count_nonzero(above if number == 0 else below)), int(wrong)


def _same_on_a_device(
    rng: np.random.Generator,
    ratios: NDArray[np.int32],
    number: int,
    count: int,
    case: Case,
    clip: int,
) -> None:
    """Check one trial ratio by ratio: `Device.robust` and the golden model."""
    lie = -Q16_16.max_code if number == 0 else Q16_16.max_code
    drawn = rng.choice(ratios, count - case.liars).astype(np.int64)
    reports = np.concatenate([drawn, np.full(case.liars, lie)])
    limit = case.threshold_bits << 16
    with cs.open("cpu") as device:
        found = device.robust(reports.astype(np.int32), case.liars, clip, limit)
    expected = golden.robust(reports.tolist(), case.liars, clip // CLIP_BIN, limit)
    assert expected == (*found[:4], found.decision), (expected, found)


def _alarms(
    rng: np.random.Generator,
    asked: Asked,
    case: Case,
    reports: NDArray[np.int32],
    count: int,
    trials: int,
) -> int:
    """Return how many monitors alarm in time, each fed by so many reporters at every run."""
    alarmed = 0
    at_once = max(_AT_ONCE // count, 1)
    for begun in range(0, trials, at_once):
        rows = min(at_once, trials - begun)
        agents, seen = np.arange(rows), np.zeros(rows, np.bool_)
        settings = monitor_settings(1, threshold=asked.question.limit, source="asserted")
        mon = Monitor(settings)
        for _ in range(case.within):
            said = rng.choice(reports, (rows, count))
            said[:, : case.liars] = _ZERO
            x = cs.independent_reports(said, case.liars, asked.question.clip)
            seen[mon.update(agents, x[:, np.newaxis]).alarms] = True
        alarmed += int(np.count_nonzero(seen))
    return alarmed
