"""What the datasheet says: ports, rules, latency, and what has been routed."""

from dataclasses import dataclass

from consilience.devices.device import ERROR_BOUND_ULP
from consilience_hw.spec.log_format import Q16_16
from consilience_tools.export.core import Core
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import PUBLISHED

__all__ = ["Routed", "error_bound", "routed_figures"]


@dataclass(frozen=True)
class Routed:
    """Figures of the unit, without the wrapper, on a part."""

    part: str
    lanes: int
    fmax_mhz: float
    lut4: int
    carry: int
    flip_flops: int
    block_rams: int


def routed_figures(core: Core) -> list[Routed]:
    """Return what was measured of this kind of unit with as many lanes; only of Q16.16."""
    if core.fmt != Q16_16:
        return []
    baseline = read_baseline()
    found = []
    for one in PUBLISHED:
        figures = baseline.get(one.name)
        if figures is None or one.small != core.small or one.lanes != core.lanes:
            continue
        unit = figures["unit"]
        found.append(
            Routed(
                figures["part"],
                one.lanes,
                figures["fmax_median_mhz"],
                unit["LUT4"],
                unit["carry"],
                unit["FF"],
                unit["BRAM"],
            )
        )
    return found


def error_bound(core: Core) -> str:
    """Return in words how far a code may be from the true log sum."""
    if core.fmt == Q16_16:
        return f"at most {ERROR_BOUND_ULP} ulp, for up to 2^32 codes (proved: docs/numerics.md)"
    return (
        "the exact sum of mantissas of "
        f"{core.fmt.mantissa_bits} fraction bits, rounded once; no bound is derived for this format"
    )
