"""The clocks of a network board from its oscillator, by the PLL of an ECP5."""

from amaranth.hdl import Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..spec.network import NETWORK_CLOCK_HZ

__all__ = ["PllEcp5", "engine_clock_hz"]

COMPARED_HZ = 25_000_000
"""Frequency at which the PLL compares phases; the oscillator must be a multiple of it."""

NETWORK_DIVIDER = 5
"""Of the PLL's own oscillator at 625 MHz, in the middle of its range of 400 to 800 MHz."""

PLL_HZ = NETWORK_CLOCK_HZ * NETWORK_DIVIDER
EIGHTHS = 8
"""Fine phase steps of an output in a period of the PLL's oscillator."""


def engine_clock_hz(divider: int) -> int:
    """Return the clock of the engine in Hz, rounded down."""
    return PLL_HZ // divider


class PllEcp5(wiring.Component):
    """An EHXPLLL: 125 MHz, 125 MHz late by a phase, and 625 MHz by a whole number.

    The first output is fed back, so that phases count from it.
    Source: Lattice FPGA-TN-02200 (sysCLOCK PLL of the ECP5).

    Parameters
    ----------
    oscillator_hz : int
        A multiple of 25 MHz.
    late_degrees : int
        Phase of the second output, 0..359, a multiple of 9.
    engine_divider : int
        Of the third, 5..128: 13 is 48.08 MHz.

    Members
    -------
    oscillator : in
    network, late, engine : out
        The clocks.
    locked : out
        They are right.
    """

    def __init__(self, oscillator_hz: int, late_degrees: int, engine_divider: int) -> None:
        if oscillator_hz <= 0 or oscillator_hz % COMPARED_HZ:
            raise ValueError(
                f"oscillator_hz must be a multiple of {COMPARED_HZ:,}, not {oscillator_hz:,}"
            )
        step = 360 // (NETWORK_DIVIDER * EIGHTHS)
        if not 0 <= late_degrees < 360 or late_degrees % step:
            raise ValueError(
                f"late_degrees must be a multiple of {step} in 0..359, not {late_degrees}"
            )
        if not NETWORK_DIVIDER <= engine_divider <= 128:
            raise ValueError(f"engine_divider must be in 5..128, not {engine_divider}")
        self.oscillator_hz, self.engine_divider = oscillator_hz, engine_divider
        self.late_degrees = late_degrees
        clocks = dict.fromkeys(("network", "late", "engine"), Out(1))
        super().__init__({"oscillator": In(1), **clocks, "locked": Out(1)})

    @property
    def parameters(self) -> dict[str, int | str]:
        """Parameters of the EHXPLLL."""
        first = NETWORK_DIVIDER // 2  # the phase from which those of the outputs count
        late, fine = divmod(self.late_degrees * NETWORK_DIVIDER * EIGHTHS // 360, EIGHTHS)
        return {
            "PLLRST_ENA": "DISABLED",
            "INTFB_WAKE": "DISABLED",
            "STDBY_ENABLE": "DISABLED",
            "DPHASE_SOURCE": "DISABLED",
            "OUTDIVIDER_MUXA": "DIVA",
            "OUTDIVIDER_MUXB": "DIVB",
            "OUTDIVIDER_MUXC": "DIVC",
            "OUTDIVIDER_MUXD": "DIVD",
            "FEEDBK_PATH": "CLKOP",
            "CLKI_DIV": self.oscillator_hz // COMPARED_HZ,
            "CLKFB_DIV": NETWORK_CLOCK_HZ // COMPARED_HZ,
            "CLKOP_ENABLE": "ENABLED",
            "CLKOP_DIV": NETWORK_DIVIDER,
            "CLKOP_CPHASE": first,
            "CLKOP_FPHASE": 0,
            "CLKOS_ENABLE": "ENABLED",
            "CLKOS_DIV": NETWORK_DIVIDER,
            "CLKOS_CPHASE": first + late,
            "CLKOS_FPHASE": fine,
            "CLKOS2_ENABLE": "ENABLED",
            "CLKOS2_DIV": self.engine_divider,
            "CLKOS2_CPHASE": first,
            "CLKOS2_FPHASE": 0,
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        low, high = Const(0, 1), Const(1, 1)
        m.submodules.pll = Instance(
            "EHXPLLL",
            # The filter of the control loop, as Lattice's tool sets it for these frequencies.
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            **{f"p_{name}": value for name, value in self.parameters.items()},
            i_CLKI=self.oscillator,
            i_CLKFB=self.network,
            i_RST=low,
            i_STDBY=low,
            i_PHASESEL0=low,
            i_PHASESEL1=low,
            i_PHASEDIR=high,
            i_PHASESTEP=high,
            i_PHASELOADREG=high,
            i_PLLWAKESYNC=low,
            i_ENCLKOP=low,
            o_CLKOP=self.network,
            o_CLKOS=self.late,
            o_CLKOS2=self.engine,
            o_LOCK=self.locked,
            o_CLKINTFB=Signal(name="unused_feedback"),
        )
        return m
