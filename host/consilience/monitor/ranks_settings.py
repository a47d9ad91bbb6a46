"""What all histories of scores share, checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from consilience.errors import BadInput
from consilience.monitor.rank_terms import checked_kappas

__all__ = ["DEFAULT_KAPPAS", "RanksSettings"]

DEFAULT_KAPPAS = "1/4", "1/2"
_LEAST_N0 = 50
_TIES = "seeded", "full"
_HISTORIES = "agent", "group"
_MOST = 1 << 63


@dataclass(frozen=True)
class RanksSettings:
    """See `ConformalRanks`; `of` takes what that takes.

    Parameters
    ----------
    kappas : tuple of Fraction
    n0 : int
    seeded : bool
        Ties are broken by chance.
    contaminated : int
    deadline : int or None
    grouped : bool
        A history for each group.
    binning : str
    """

    kappas: tuple[Fraction, ...]
    n0: int
    seeded: bool
    contaminated: int
    deadline: int | None
    grouped: bool
    binning: str

    def __post_init__(self) -> None:
        if self.n0 < _LEAST_N0:
            raise BadInput(f"n0 {self.n0}: at least {_LEAST_N0} runs, or no rank can mean much")
        deadline = self.deadline
        if not 0 <= self.contaminated < self.n0 or not (deadline is None or 0 < deadline < _MOST):
            raise BadInput("contaminated is at least 0 and below n0; a deadline is above 0")

    @classmethod
    def of(
        cls,
        kappas: Sequence[str | Fraction | float] = DEFAULT_KAPPAS,
        n0: int = 100,
        ties: str = _TIES[0],
        contaminated: int = 0,
        deadline: int | None = None,
        history: str = _HISTORIES[0],
        binning: str = "",
    ) -> Self:
        """Return settings from words; BadInput where they cannot be."""
        if ties not in _TIES or history not in _HISTORIES:
            raise BadInput(f"ties is {' or '.join(_TIES)}, history {' or '.join(_HISTORIES)}")
        grouped = history == "group"
        bets = checked_kappas(kappas)
        return cls(bets, n0, ties == "seeded", contaminated, deadline, grouped, binning)
