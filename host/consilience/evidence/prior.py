"""The prior as written on the command line, and its codes."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.evidence.validation import nearest
from consilience.numbers.convert import to_codes

__all__ = ["check_prior", "codes_of_prior", "parse_prior"]


def codes_of_prior(prior: Sequence[float]) -> NDArray[np.int32]:
    """Return probabilities as codes; 0 becomes the log of zero."""
    with np.errstate(divide="ignore"):
        return to_codes(np.log(np.array(prior)))


def check_prior(text: str | None) -> None:
    """Raise BadInput if no hypotheses can have this prior: a value is no probability."""
    for part in (text or "").split(",") if text is not None else ():
        name, sign, value = part.rpartition("=")
        _probability(value, name.strip() if sign else part.strip())


def parse_prior(text: str | None, hypotheses: Sequence[str]) -> tuple[float, ...]:
    """Return the prior probability of each hypothesis; they sum to 1.

    Parameters
    ----------
    text : str or None
        Comma-separated probabilities, ``0.9,0.1`` in the order of `hypotheses` or
        ``benign=0.9,hijacked=0.1`` in any order; scaled to sum to 1, 0 = impossible. None:
        uniform.
    hypotheses : sequence of str
        Names of the hypotheses.

    Raises
    ------
    BadInput
        Wrong number of values, unknown or repeated name, a value that is not a finite number of
        at least 0, or a sum that is zero or too large to divide by.
    """
    if text is None:
        return (1 / len(hypotheses),) * len(hypotheses)
    parts = [part.strip() for part in text.split(",")]
    if any("=" in part for part in parts):
        parts = _by_name(parts, hypotheses)
    if len(parts) != len(hypotheses):
        raise BadInput(
            f"--prior has {len(parts)} values for {len(hypotheses)} hypotheses; give one each "
            f"for {', '.join(hypotheses)}"
        )
    values = [_probability(part, name) for part, name in zip(parts, hypotheses, strict=True)]
    total = sum(values)
    if total == 0 or math.isinf(total):
        raise BadInput(
            f"--prior sums to {total:g} and cannot be normalised; give probabilities, as 0.9,0.1"
        )
    scaled = tuple(value / total for value in values)
    for name, value, share in zip(hypotheses, values, scaled, strict=True):
        if value > 0 and share == 0:
            raise _vanishing(f"{value:g} of {total:g}", name)
    return scaled


def _by_name(parts: Sequence[str], hypotheses: Sequence[str]) -> list[str]:
    """Return the values of ``name=value`` parts in the order of `hypotheses`."""
    values: dict[str, str] = {}
    for part in parts:
        name, sign, value = part.rpartition("=")
        name = name.strip()
        if not sign:
            raise BadInput(f"--prior mixes names and bare numbers at {part!r}; name all or none")
        if name not in hypotheses:
            hint = nearest(name, hypotheses).replace("columns", "hypotheses")
            raise BadInput(f"--prior names no hypothesis {name!r}; {hint}")
        if name in values:
            raise BadInput(f"--prior names {name!r} twice; name it once")
        values[name] = value
    missing = [name for name in hypotheses if name not in values]
    if missing:
        raise BadInput(f"--prior lacks {', '.join(missing)}; give every hypothesis a probability")
    return [values[name] for name in hypotheses]


def _probability(text: str, name: str) -> float:
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if value == 0 and any(digit in "123456789" for digit in text.lower().partition("e")[0]):
        raise _vanishing(text.strip(), name)
    if not (0 <= value < math.inf):
        raise BadInput(
            f"--prior for {name!r} is {text.strip()!r}; give a probability, a finite number >= 0"
        )
    return value


def _vanishing(value: str, name: str) -> BadInput:
    return BadInput(
        f"--prior for {name!r} is {value}, below the smallest number; give 0 if it is impossible, "
        "or a larger one"
    )
