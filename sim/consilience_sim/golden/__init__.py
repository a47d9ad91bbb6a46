"""The golden model: the contract of the numbers in integers, sharing no code with what it judges.

`log_sum` and `posterior` are the specification in plain Python integers, to be read; `log_sums`
and `posteriors` are the same, vectorised, to be run on millions of codes and tested against them.
"""

from consilience_sim.golden.borders import is_near_border, log2_rounded
from consilience_sim.golden.discount import age_decay, age_weight
from consilience_sim.golden.leave_one_out import leave_one_out
from consilience_sim.golden.live import LiveModel, LiveReading
from consilience_sim.golden.log_sum import (
    codes_for_sum,
    finish,
    hard_to_round,
    log_sum,
    log_sums,
)
from consilience_sim.golden.mantissas import mantissas
from consilience_sim.golden.posterior import posterior, posteriors
from consilience_sim.golden.robust import binned_ratio, robust, robust_pairs
from consilience_sim.golden.staleness import (
    ShardReading,
    StaleEstimate,
    stale_estimate,
    unseen_agents,
)
from consilience_sim.golden.window import WindowState, log2_of_window, merge_windows, window

__all__ = [
    "LiveModel",
    "LiveReading",
    "ShardReading",
    "StaleEstimate",
    "WindowState",
    "age_decay",
    "age_weight",
    "binned_ratio",
    "codes_for_sum",
    "finish",
    "hard_to_round",
    "is_near_border",
    "leave_one_out",
    "log2_of_window",
    "log2_rounded",
    "log_sum",
    "log_sums",
    "mantissas",
    "merge_windows",
    "posterior",
    "posteriors",
    "robust",
    "robust_pairs",
    "stale_estimate",
    "unseen_agents",
    "window",
]
