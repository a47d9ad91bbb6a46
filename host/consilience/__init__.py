"""Exact Bayesian evidence fusion: the same bits on gateware, in its simulation and on a CPU.

>>> import consilience as cs
>>> with cs.open("cpu") as dev:
...     code = dev.reduce(cs.to_codes([-1.0, -2.0, -3.0]))
>>> s = cs.LogSum.of(cs.to_codes([-1.0, -2.0])).add(cs.to_codes(-3.0))
>>> s.code == int(code[0])
True
"""

from importlib.metadata import version

from consilience.devices.device import Device, DeviceInfo, PosteriorResult
from consilience.devices.opening import open_device as open  # noqa: A004  (its name in the API)
from consilience.exact.log_sum import LogSum
from consilience.exact.window_sum import WindowSum
from consilience.live.groups import GroupTree, Moved
from consilience.live.live import Live, LiveResults
from consilience.logsumexp import logsumexp
from consilience.numbers.convert import from_codes, quantise, to_codes
from consilience.robust.robust_histogram import RobustHistogram, RobustResult

__version__ = version("consilience")

__all__ = [
    "Device",
    "DeviceInfo",
    "GroupTree",
    "Live",
    "LiveResults",
    "LogSum",
    "Moved",
    "PosteriorResult",
    "RobustHistogram",
    "RobustResult",
    "WindowSum",
    "from_codes",
    "logsumexp",
    "open",
    "quantise",
    "to_codes",
]
