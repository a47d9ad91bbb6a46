"""What an `Engine` has to give for the evidence of one agent."""

from collections.abc import Sequence
from dataclasses import dataclass

from log_sum_exp_model import scaled

from consilience_hw.spec.log_format import LogFormat

__all__ = ["ExpectedPosterior"]


@dataclass(frozen=True)
class ExpectedPosterior:
    """The posterior of one agent.

    Parameters
    ----------
    prior : tuple of int
    rows : tuple of (weight, codes)
        The evidence, for messages.
    codes : tuple of int
        The posterior, a code per hypothesis.
    status : int
        `ResultStatus` flags and the number of clamped values.
    fmt : LogFormat
        Number format.
    """

    prior: tuple[int, ...]
    rows: tuple[tuple[int, tuple[int, ...]], ...]
    codes: tuple[int, ...]
    status: int
    fmt: LogFormat

    @property
    def words(self) -> int:
        """Words of the result on the link."""
        return len(self.codes) + 1

    def judge(self, codes: Sequence[int], status: int) -> str | None:
        """Return what is wrong with the codes and the status word, or None."""
        if (tuple(codes), status) == (self.codes, self.status):
            return None
        return "\n".join(
            [
                "wrong posterior",
                f"  expected {self._codes(self.codes)} status {self.status:#x}",
                f"  observed {self._codes(codes)} status {status:#x}",
                f"  prior    {self._codes(self.prior)}",
                *(f"  row {weight:5} {self._codes(row)}" for weight, row in self.rows[:20]),
                f"  {len(self.rows)} rows in all",
            ]
        )

    def _codes(self, codes: Sequence[int]) -> str:
        return ", ".join(scaled(self.fmt, code) for code in codes)
