"""The public names, with all that they need: imported when one of them is first used."""

from consilience.devices.device import Device, DeviceInfo, PosteriorResult
from consilience.devices.logsumexp import logsumexp
from consilience.devices.opening import open_device as open  # noqa: A004  (its name in the API)
from consilience.exact.log_sum import LogSum
from consilience.exact.window_sum import WindowSum
from consilience.live.groups import GroupTree, Moved
from consilience.live.live import Live, LiveResults
from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.lying_reports import dependent_reports, independent_reports
from consilience.monitor.model_increments import ModelIncrements
from consilience.monitor.monitor import Monitor
from consilience.monitor.weighting import weighted_increments
from consilience.numbers.convert import from_codes, quantise, to_codes
from consilience.robust.robust_histogram import RobustHistogram, RobustResult

__all__ = [
    "ConformalRanks",
    "Device",
    "DeviceInfo",
    "FrozenTable",
    "GroupTree",
    "Live",
    "LiveResults",
    "LogSum",
    "ModelIncrements",
    "Monitor",
    "Moved",
    "PosteriorResult",
    "RobustHistogram",
    "RobustResult",
    "WindowSum",
    "dependent_reports",
    "from_codes",
    "independent_reports",
    "logsumexp",
    "open",
    "quantise",
    "to_codes",
    "weighted_increments",
]
