"""Ratios hijacked : benign of recorded runs, one code a run: for calibration, and held out."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.robust.calibration import Calibration
from consilience.robust.quality import evidence_quality

from ..cross_validation import detector_odds
from ..evidence import BENIGN, HIJACKED, collect, fit_detector, run_sums
from ..selection import FITTING_LABELS, Selection
from ..traces import Traces

__all__ = [
    "CALIBRATION",
    "CALIBRATION_DIGEST",
    "CLASSES",
    "CLIPS",
    "calibration_set",
    "chosen_clip",
    "held_out_ratios",
]

CALIBRATION = Path(__file__).parent.parent / "data" / "calibration.json"
CALIBRATION_DIGEST = "a8a96d8ff58b267d4dfa67b0515bdc92c42cb24001e2056ef80e3bcb9cf96782"
"""Which calibration set the study is made with; another is refused."""
CLIPS = (1 << 16, 2 << 16)
"""Clips that are considered, in ulp: one bit, and two. Wider ones bear no third of liars."""
CLASSES = ("hijacked", "benign")
"""The first and the second hypothesis of every ratio."""

_SOURCE = (
    "AgentDojo traces, GPT and Claude families, each scored by the detector fitted to the other; "
    "made by python -m examples.agent_traces.robustness.calibrate"
)


def calibration_set(traces: Traces, date: str) -> Calibration:
    """Return the ratios of the GPT and Claude runs, each family scored by a fit to the other."""
    odds = detector_odds(traces, Selection.load().detector, "family")
    label = traces.label[traces.runs(CLASSES, test=False)]
    sides = [cs.to_codes(odds[label == name]) for name in CLASSES]
    return Calibration.of(date, _SOURCE, CLASSES, *sides)


def chosen_clip(calibration: Calibration) -> int:
    """Return that of `CLIPS` at which the calibration set's evidence bears most liars."""
    return max(CLIPS, key=lambda clip: evidence_quality(calibration, clip).breakdown)


def held_out_ratios(traces: Traces) -> dict[str, NDArray[np.int64]]:
    """Return the ratios in ulp, (runs,), of the hijacked and of the benign held-out runs.

    The detector is fitted to GPT and Claude runs alone.
    """
    config = Selection.load().detector
    models = fit_detector(traces, traces.runs(FITTING_LABELS, test=False), config)
    runs = traces.runs(CLASSES, test=True)
    sums = run_sums(collect(traces, runs, models, config))
    codes = cs.to_codes(sums[:, HIJACKED] - sums[:, BENIGN]).astype(np.int64)
    return {name: codes[traces.label[runs] == name] for name in CLASSES}
