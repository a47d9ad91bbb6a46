"""The certified interval of robust fusion, for evidence that is out of date in part."""

from dataclasses import dataclass

from consilience.errors import BadInput
from consilience.robust.decision import decide
from consilience_hw.spec.number_formats import CLIP_BIN, Decision

__all__ = ["CertifiedInterval"]


@dataclass(frozen=True)
class CertifiedInterval:
    """Where the honest reporters' sum lies, whoever of at most f of all reporters lies.

    Parameters
    ----------
    low, high : int
        In units of `unit` ulp, about the binned values.
    unit : int
        k.
    """

    low: int
    high: int
    unit: int

    def __post_init__(self) -> None:
        if self.unit < 1:
            raise BadInput(f"unit must be at least 1 ulp, not {self.unit}")
        if self.low > self.high:
            raise BadInput(f"an interval from {self.low} to {self.high} is empty")

    def moved(self, unseen: int) -> "CertifiedInterval":
        """Return the interval of this moment, from that of the histogram held.

        At most `unseen` reporters, over all shards, changed unseen. Each moved any sum that it is
        part of by at most 2c, and by c if it was not heard of yet: low and high are the least and
        the largest sum without some f reporters, and no such sum moved by more than 2c times
        `unseen`. Weights play no part.
        """
        margin = 2 * CLIP_BIN * unseen
        return CertifiedInterval(self.low - margin, self.high + margin, self.unit)

    def decision(self, threshold: int) -> Decision:
        """Return the decision for a threshold in ulp, of any size."""
        return decide(self.low * self.unit, self.high * self.unit, threshold)
