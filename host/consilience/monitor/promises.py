"""What is promised of alarms, as thresholds and weights in codes; see docs/monitor.md."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from operator import index

from consilience.errors import BadInput
from consilience.numbers.exact_logarithms import ceil_log2, floor_log2
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MAX_COMPONENTS, MonitorMode

__all__ = [
    "Exact",
    "arl_for",
    "checked_weights",
    "equal_weights",
    "exact_number",
    "least_false_alarm",
    "threshold_for",
    "whole_number",
]

Exact = int | float | str | Fraction | Decimal
"""A number that is taken as it is written: a float by its shortest text, "1/100" and "1e-3" too."""

_BIT = Q16_16.fractions
_RUNS = (MonitorMode.RESTART, MonitorMode.CUSUM)
_WHOLE = 24
"""Fraction bits of the weights' sum."""
_MOST_DIGITS = 1_000


def exact_number(value: Exact, name: str) -> Fraction:
    """Return a number as it is written; BadInput if it is none, or has over 1,000 digits."""
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, int | Fraction):
            return Fraction(value)
        text = repr(float(value)) if isinstance(value, float) else str(value).strip()
        parts = [Decimal(part) for part in text.split("/", 1)]
        if any(abs(part.adjusted()) > _MOST_DIGITS or not part.is_finite() for part in parts):
            raise BadInput(f"{name} {value}: more than {_MOST_DIGITS} digits, or not finite")
        return Fraction(parts[0]) / (Fraction(parts[1]) if len(parts) > 1 else 1)
    except (ValueError, InvalidOperation, ZeroDivisionError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{name} {value!r} is no number; give it as 1000000, 0.01 or 1/100"
        ) from None


def whole_number(value: object, name: str) -> int:
    """Return an integer; BadInput if it is none: what is cut could favour an alarm."""
    if isinstance(value, bool):
        raise BadInput(f"{name} {value!r} is no integer; give a code")
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        raise BadInput(f"{name} {value!r} is no integer; give a code (2**-16 bit)") from None


def threshold_for(
    mode: MonitorMode,
    arl: Exact | None = None,
    false_alarm: Exact | None = None,
    threshold: int | None = None,
) -> int:
    """Return A: the least code with ``2**(A / 65536)`` at least the ARL, or 1 / the false alarms.

    Parameters
    ----------
    mode : MonitorMode
    arl : number, optional
        Average run length to a false alarm, in observations of one agent; modes RESTART and CUSUM.
    false_alarm : number, optional
        Probability of a false alarm, ever; modes ONCE and SPREAD.
    threshold : int, optional
        The code itself.

    Raises
    ------
    BadInput
        None or several of them given, or one that the mode cannot promise; an ARL of 1 or less, a
        rate of 1 or more; a threshold above the largest code.
    """
    asked = {"arl": arl, "false_alarm": false_alarm, "threshold": threshold}
    names = [name for name, value in asked.items() if value is not None]
    if len(names) != 1:
        raise BadInput(
            f"give one of arl, false_alarm and threshold, not {' and '.join(names) or 'none'}"
        )
    word = mode.name.lower()
    if threshold is not None:
        code = whole_number(threshold, "threshold")
        if not 0 < code <= Q16_16.max_code:
            raise BadInput(f"threshold {code}: a code from 1 (2**-16 bit) to {Q16_16.max_code}")
        return code
    if arl is not None:
        if mode not in _RUNS:
            raise BadInput(f"mode {word} promises no ARL; give false_alarm, or mode restart")
        wanted = exact_number(arl, "arl")
        if wanted <= 1:
            raise BadInput(f"arl {arl}: an average run length is above 1, as 1000000")
    else:
        assert false_alarm is not None
        if mode in _RUNS:
            raise BadInput(
                f"mode {word} alarms some time for certain, so no probability holds for ever; give "
                "arl, or mode spread"
            )
        rate = exact_number(false_alarm, "false_alarm")
        if not 0 < rate < 1:
            raise BadInput(f"false_alarm {false_alarm}: a probability is between 0 and 1, as 1/100")
        wanted = 1 / rate
    code = ceil_log2(wanted.numerator, wanted.denominator)
    if code > Q16_16.max_code:
        raise BadInput("so rare an alarm is beyond the largest code, 32,768 bits")
    return code


def arl_for(per_day: Exact, agents: int, runs_per_day: Exact) -> Fraction:
    """Return the ARL of each agent at which a fleet has so many false alarms a day, on average.

    Parameters
    ----------
    per_day : number
        False alarms of the whole fleet in a day.
    agents : int
    runs_per_day : number
        Observations of one agent in a day.
    """
    alarms = exact_number(per_day, "false alarms per day")
    runs = exact_number(runs_per_day, "runs per day")
    if alarms <= 0 or runs <= 0 or agents < 1:
        raise BadInput("false alarms per day, agents and runs per day are all above 0")
    return agents * runs / alarms


def least_false_alarm(threshold: int) -> str:
    """Return ``2**-A`` in words: the promise of a threshold."""
    whole, part = divmod(threshold, _BIT)
    return f"2^-{whole}" if not part else f"2^-{threshold / _BIT:.3f}"


def equal_weights(components: int) -> tuple[int, ...]:
    """Return the largest equal weights of K components whose sum is at most 1."""
    if not 1 <= components <= MAX_COMPONENTS:
        raise BadInput(f"components {components}: 1 to {MAX_COMPONENTS} bets side by side")
    return (-ceil_log2(components),) * components


def checked_weights(weights: Sequence[int]) -> tuple[int, ...]:
    """Return weights, codes of log2 of the components' shares; BadInput if their sum is above 1.

    Each share is rounded up to 2**-24 before they are summed, in integers.
    """
    codes = tuple(whole_number(one, "weight") for one in weights)
    if not 1 <= len(codes) <= MAX_COMPONENTS:
        raise BadInput(f"{len(codes)} weights: 1 to {MAX_COMPONENTS} components")
    low = Q16_16.log_of_zero
    if bad := [one for one in codes if not low < one <= 0]:
        raise BadInput(
            f"weight {bad[0]}: the log2 of a share as a code, at most 0, not log of zero"
        )
    total = sum(_share_above(one) for one in codes)
    if total > 1 << _WHOLE:
        raise BadInput(
            f"the weights sum to {total / (1 << _WHOLE):.7f}, above 1, and the promise would not "
            f"hold; leave weights out for {equal_weights(len(codes))[0]} each"
        )
    return codes


def _share_above(weight: int) -> int:
    """Return ``ceil(2**24 * 2**(weight / 65536))``: the least n whose log2 is at least its own."""
    exponent = weight + _WHOLE * _BIT
    if exponent <= 0:
        return 1
    low, high = 1, 1 << _WHOLE
    while low < high:
        middle = (low + high) // 2
        if floor_log2(middle) >= exponent:
            high = middle
        else:
            low = middle + 1
    return low
