"""Fitted tables: right wherever there are any, and None where there are none."""

import numpy as np
import pytest

from consilience_hw.exp2.exp2_fit import fitted_group
from consilience_hw.exp2.exp2_rom import exp2_rom
from consilience_hw.spec.exp2_table import GUARD_BITS, exp2_powers, mantissa_table
from consilience_hw.spec.log_format import Q16_16, LogFormat


def group_of(fmt, fine, intervals, steps):
    """The first intervals of a format: the curve in units of ``2**-fine``, and the mantissas."""
    count = intervals * steps
    shift = GUARD_BITS - fmt.mantissa_bits - fine
    powers = exp2_powers(fmt.fraction_bits)[:count]
    curve = np.array([power >> shift for power in powers], dtype=np.int64)
    return curve, mantissa_table(fmt)[:count].astype(np.int64).reshape(intervals, steps)


def mantissas_of(tables, steps, coarse, fine):
    """What the words give, by the formula of `exp2_rom`."""
    found = []
    for base, slope in zip(tables.base, tables.slope, strict=True):
        for b in range(steps):
            bend = tables.bend[min(b, steps - 1 - b)]
            found.append((base << fine - coarse) + slope * b - (bend << fine - coarse) >> fine)
    return found


@pytest.mark.parametrize(
    ("fmt", "intervals", "steps", "coarse", "fine"),
    [
        (Q16_16, 32, 64, 7, 10),
        (LogFormat(mantissa_bits=21), 8, 64, 7, 10),
        (LogFormat(fraction_bits=12), 32, 4, 4, 5),
        (LogFormat(fraction_bits=12), 1, 2, 3, 3),
    ],
    ids=str,
)
def test_words_that_are_found_are_right(fmt, intervals, steps, coarse, fine):
    curve, mantissas = group_of(fmt, fine, intervals, steps)
    tables = fitted_group(curve, mantissas, coarse, fine)
    assert (len(tables.base), len(tables.slope)) == (intervals, intervals)
    assert len(tables.bend) == steps // 2
    assert mantissas_of(tables, steps, coarse, fine) == mantissas.reshape(-1).tolist()


def test_none_where_a_mantissa_is_out_of_reach():
    curve, mantissas = group_of(Q16_16, 10, 4, 64)
    assert fitted_group(curve, mantissas, 7, 10) is not None
    # A step up at one place and a step down beside it: no chord and no symmetric bend has both.
    mantissas[1, 20] += 3
    mantissas[1, 21] -= 3
    assert fitted_group(curve, mantissas, 7, 10) is None


def test_none_where_the_words_are_too_coarse():
    """Bends of whole units, shared by many intervals: the sums miss by more than they may."""
    curve, mantissas = group_of(Q16_16, 0, 32, 64)
    assert fitted_group(curve, mantissas, 0, 0) is None


@pytest.mark.parametrize(
    "fmt",
    [
        LogFormat(fraction_bits=12),
        LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16),
        LogFormat(mantissa_bits=30),
        LogFormat(fraction_bits=11, mantissa_bits=30),
    ],
    ids=lambda fmt: f"{fmt}-P{fmt.mantissa_bits}",
)
def test_every_format_gets_tables(fmt):
    assert (exp2_rom(fmt).mantissas() == mantissa_table(fmt)).all()
