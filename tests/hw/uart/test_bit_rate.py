"""`BitRate`: fractions in lowest terms, and no bit too short to be sampled."""

import pytest

from consilience_hw.uart.bit_clock import BitClock
from consilience_hw.uart.bit_rate import BitRate


@pytest.mark.parametrize(
    ("clock_hz", "baud", "step", "period"),
    [
        (12_000_000, 3_000_000, 1, 4),
        (25_000_000, 3_000_000, 3, 25),
        (27_000_000, 3_000_000, 1, 9),
        (12_000_000, 115_200, 6, 625),
    ],
)
def test_lowest_terms(clock_hz, baud, step, period):
    rate = BitRate(clock_hz, baud)
    assert (rate.step, rate.period) == (step, period)
    # A tick half a bit after the edge, to less than a cycle.
    cycles = -(-(period - rate.at_edge) // step)
    assert abs(cycles + 0.5 - period / step / 2) <= 1


@pytest.mark.parametrize(("clock_hz", "baud"), [(12_000_000, 3_000_001), (12_000_000, 0)])
def test_too_fast(clock_hz, baud):
    with pytest.raises(ValueError, match="a bit needs at least 4 cycles"):
        BitRate(clock_hz, baud)


def test_phase_outside_a_bit():
    with pytest.raises(ValueError, match=r"to must be in 0\.\.3, not 4"):
        BitClock(BitRate(4, 1), 4)
