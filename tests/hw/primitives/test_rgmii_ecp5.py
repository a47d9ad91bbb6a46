"""RGMII's delays; what it does at the pins is tested on the routed netlist, which has the cells."""

import pytest

from consilience_hw.primitives.rgmii_ecp5 import delay_taps


def test_a_delay_that_a_cell_has_not():
    """128 taps would be 0 taps, without a word of the tools."""
    assert (delay_taps(0), delay_taps(2000), delay_taps(3199)) == (0, 80, 127)
    for delay in (-1, 3200):
        with pytest.raises(ValueError, match=rf"a delay must be in 0\.\.3199 ps, not {delay}"):
            delay_taps(delay)
