"""All kinds of calls, and how many of each a campaign makes."""

from tests.campaigns.differential.conversions import FromCodes, ToCodes
from tests.campaigns.differential.evidence import Ages, Evidence, StaleReads
from tests.campaigns.differential.groups import Groups
from tests.campaigns.differential.kind import Kind
from tests.campaigns.differential.live import LiveSums
from tests.campaigns.differential.log_sum_exps import LogSumExp
from tests.campaigns.differential.monitors import Monitors
from tests.campaigns.differential.posteriors import Posterior
from tests.campaigns.differential.robust import Histogram, Robust
from tests.campaigns.differential.states import LogSums, WindowSums
from tests.campaigns.differential.sums import LeaveOneOut, Reduce

__all__ = ["KINDS", "kind_of"]

KINDS: dict[Kind, int] = {
    Reduce(): 18,
    LeaveOneOut(): 14,
    Posterior(): 14,
    Robust(): 8,
    LogSumExp(): 8,
    LiveSums(): 12,
    Evidence(): 3,
    ToCodes(): 4,
    FromCodes(): 3,
    LogSums(): 5,
    WindowSums(): 4,
    Groups(): 3,
    Histogram(): 2,
    Monitors(): 6,
    Ages(): 1,
    StaleReads(): 1,
}
"""Shares of the calls on the cpu; of these, what is not of a device is made there alone."""


def kind_of(name: str) -> Kind:
    """Return the kind of a name."""
    return next(kind for kind in KINDS if kind.name == name)
