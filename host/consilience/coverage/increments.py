"""Recorded ratios as increments of the monitor: e-values by a frozen table, cut to floored bins."""

import numpy as np

from consilience.coverage.evidence_law import EvidenceLaw, law_of_bins
from consilience.errors import BadInput
from consilience.monitor.frozen_bytes import LEAST_RUNS
from consilience.monitor.frozen_table import FrozenTable
from consilience.numbers.arrays import Codes
from consilience.robust.calibration import Calibration
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["floored_law", "reports_of", "table_of"]

_BINS = 16
_KAPPA = "1/2"


def table_of(evidence: Calibration) -> FrozenTable:
    """Return the table of increments, one bet, higher ratios more suspect.

    Bins are quantiles of the runs of the first hypothesis, so that those of the second, which the
    limits are counted on, have no part in them.

    Raises
    ------
    BadInput
        Under 1,000 runs of the second hypothesis, or ratios that are all alike.
    """
    runs = len(evidence.second)
    if runs < LEAST_RUNS:
        raise BadInput(
            f"{runs:,} runs of {evidence.names[1]}: {LEAST_RUNS - runs:,} more are needed for "
            "increments that promise something; give --quality, or a --threshold for one decision"
        )
    places = [len(evidence.first) * part // _BINS for part in range(1, _BINS)]
    edges = np.unique(evidence.first[places].astype(np.int64))
    if len(edges) < 2:
        raise BadInput(f"ratios of {evidence.names[0]} are nearly all equal; nothing can be told")
    return FrozenTable.fit_scores(evidence.second.astype(np.int64), edges, (_KAPPA,))


def reports_of(table: FrozenTable, ratios: Codes) -> Codes:
    """Return the increments of runs, (runs,) codes."""
    return table.increments(table.bins(ratios.astype(np.int64)))[:, 0]


def floored_law(reports: Codes, clip: int) -> EvidenceLaw:
    """Return the law of reports as `independent_reports` bins them."""
    bins = np.clip(reports.astype(np.int64) // (clip // CLIP_BIN), -CLIP_BIN, CLIP_BIN)
    return law_of_bins(bins)
