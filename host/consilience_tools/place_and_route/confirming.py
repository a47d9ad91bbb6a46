"""Committed figures confirmed by synthesis alone."""

from typing import Any

from consilience_tools.place_and_route.configurations import Configuration
from consilience_tools.place_and_route.measurement import versions
from consilience_tools.place_and_route.synthesis import synthesised
from consilience_tools.place_and_route.tools import Working

__all__ = ["differs"]


def differs(one: Configuration, figures: dict[str, Any] | None, working: Working) -> str | None:
    """Return in words why committed figures are not those of the code as it is; None if they are.

    The same netlist, seeds, part and tools give the same figures, to the bit: so a change that left
    the netlist as it was needs no place and route, which takes most of the time.

    Parameters
    ----------
    one : Configuration
    figures : dict or None
        The committed ones, if there are any.
    working : Working
        Shows the synthesis.

    Raises
    ------
    ToolMissing
    ConsilienceError
        Yosys failed.
    """
    if figures is None:
        return "it has no committed figures"
    asked = (one.target.part, [str(seed) for seed in one.seeds], versions(one.target))
    if (figures["part"], sorted(figures["fmax_mhz"]), figures["tools"]) != asked:
        return "part, seeds or tools are others"
    with working(f"{one.name}: synthesis of the unit in its bench"):
        netlist = synthesised(one.bench, one.target, name=one.name).sha256
    return None if netlist == figures["netlist_sha256"] else "its netlist is another"
