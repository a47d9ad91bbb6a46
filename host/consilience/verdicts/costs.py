"""What a wrong decision costs, as a user writes it: exact numbers."""

from dataclasses import dataclass
from fractions import Fraction

from consilience.errors import BadInput
from consilience.monitor.promises import exact_number

__all__ = ["Costs", "parse_costs"]

_NAMES = {"false-alarm": True, "miss": True, "review": False}
"""The costs, and which of them are needed."""
_MOST = 10**18
_FORM = "give it as false-alarm=1,miss=20,review=0.5"


@dataclass(frozen=True)
class Costs:
    """Costs of the ways to decide, in any one unit; exact.

    Parameters
    ----------
    false_alarm : Fraction
        An agent that is benign is taken for another.
    miss : Fraction
        An agent that is not is taken for benign.
    review : Fraction or None
        Somebody looks, and then knows. None: nobody can.
    """

    false_alarm: Fraction
    miss: Fraction
    review: Fraction | None = None

    def __str__(self) -> str:
        parts = [f"false-alarm={self.false_alarm}", f"miss={self.miss}"]
        return ",".join(parts + ([] if self.review is None else [f"review={self.review}"]))


def parse_costs(text: str) -> Costs:
    """Return the costs of ``false-alarm=1,miss=20,review=0.5``; review may be left out.

    Raises
    ------
    BadInput
        Another name, one that is missing or given twice; a cost that is no number of at least
        0; all of false-alarm and miss 0.
    """
    found: dict[str, Fraction] = {}
    for part in text.split(","):
        name, sign, value = (one.strip() for one in part.partition("="))
        if not sign or name not in _NAMES:
            raise BadInput(f"--cost {part.strip()!r} is none of {', '.join(_NAMES)}; {_FORM}")
        if name in found:
            raise BadInput(f"--cost names {name} twice; name it once")
        # Decimal would take 1_0 for 10.
        found[name] = exact_number(value.replace("_", "?"), f"--cost {name}")
        if not 0 <= found[name] <= _MOST:
            raise BadInput(f"--cost {name} is {value}; a cost is a number from 0 to 10^18")
    missing = [name for name, needed in _NAMES.items() if needed and name not in found]
    if missing:
        raise BadInput(f"--cost lacks {' and '.join(missing)}; {_FORM}")
    costs = Costs(found["false-alarm"], found["miss"], found.get("review"))
    if not costs.false_alarm and not costs.miss:
        raise BadInput("--cost has false-alarm and miss 0: nothing can go wrong; " + _FORM)
    return costs
