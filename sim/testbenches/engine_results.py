"""What an `Engine` has to give for the evidence of one agent."""

from collections.abc import Sequence
from dataclasses import dataclass

from log_sum_exp_model import scaled

from consilience_hw.spec.log_format import LogFormat
from consilience_sim import golden

__all__ = ["ExpectedPosterior", "Rows"]

Rows = Sequence[tuple[int, Sequence[int]]]
"""Evidence of one agent: weight and codes of each row."""


@dataclass(frozen=True)
class ExpectedPosterior:
    """The posterior of one agent.

    Parameters
    ----------
    prior : sequence of int
    rows : Rows
        The evidence, for messages.
    codes : sequence of int
        The posterior, a code per hypothesis.
    status : int
        `ResultStatus` flags and the number of clamped values.
    fmt : LogFormat
        Number format.
    """

    prior: Sequence[int]
    rows: Rows
    codes: Sequence[int]
    status: int
    fmt: LogFormat

    @classmethod
    def of(cls, prior: Sequence[int], rows: Rows, fmt: LogFormat) -> "ExpectedPosterior":
        """Return what the golden model says of an agent."""
        weights, codes = [weight for weight, _ in rows], [codes for _, codes in rows]
        return cls(prior, rows, *golden.posterior(codes, weights, prior, fmt), fmt)

    @property
    def words(self) -> int:
        """Words of the result on the link."""
        return len(self.codes) + 1

    def judge(self, codes: Sequence[int], status: int) -> str | None:
        """Return what is wrong with the codes and the status word, or None."""
        if (list(codes), status) == (list(self.codes), self.status):
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
