"""The digest on what synthesis makes of the gateware, gate by gate."""

from functools import partial

import numpy as np

from consilience.exact.log_sum import LogSum
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun, Scale
from consilience_hw.spec.flags import ResultStatus
from consilience_sim.reference.vectors import (
    FULL_DIGEST,
    PACKETS,
    SHORT,
    SHORT_DIGEST,
    results_digest,
    vector_set,
)

__all__ = ["claims"]

_LANES = 1
_FAMILIES = {"ice40": "iCE40", "ecp5": "ECP5"}
_AT_ONCE = 500


def claims() -> list[Claim]:
    """Return a claim for each family of parts."""
    return [
        Claim(
            f"correctness.netlist.{family}",
            f"the netlist of the log sum for {name} parts, simulated from its cells, gives for the "
            "fixed set of packets (in all but a full run its first 2,000) the bits that all "
            f"implementations share, SHA-256 {SHORT_DIGEST}",
            partial(_digest, family=family),
            60.0,
        )
        for family, name in _FAMILIES.items()
    ]


def _digest(bench: Bench, family: str) -> Finding:
    if bench.scale is Scale.QUICK and family != "ice40":
        raise NotRun("one netlist is enough for a quick run; leave out --quick")
    from consilience.devices.sim import build_errors_told
    from consilience_sim.compiled import StreamSimulation, log_sums_of
    from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
    from consilience_sim.netlists import Family, netlist_of

    codes, offsets = vector_set()
    packets = bench.of_scale(SHORT, SHORT, PACKETS)
    pinned = FULL_DIGEST if packets == PACKETS else SHORT_DIGEST
    name = f"LogSumExp with {_LANES} lane"
    with build_errors_told():
        netlist = netlist_of(log_sum_exp_design(_LANES), Family(family), name=name)
        simulation = StreamSimulation(netlist.design, name=f"netlist for {family} of {name}")
    results, status = np.empty(packets, np.int32), np.empty(packets, np.uint32)
    decided = 0
    with simulation:
        for first in bench.steps(packets, _AT_ONCE):
            last = min(first + _AT_ONCE, packets)
            bounds = offsets[first : last + 1]
            part = codes[bounds[0] : bounds[-1]]
            got, flags = log_sums_of(simulation, _LANES, part, bounds - bounds[0])
            for place in np.flatnonzero(flags & ResultStatus.HARD_TO_ROUND):
                # As the driver does: one of two neighbours, decided from the exact state.
                state = LogSum.of(codes[bounds[place] : bounds[place + 1]])
                decided += 1
                if abs(int(got[place]) - state.code) <= 1:
                    got[place], flags[place] = state.code, int(state.status)
            results[first:last], status[first:last] = got, flags
    found = results_digest(results, status)
    area = ", ".join(f"{count} {part}" for part, count in netlist.area.items())
    return Finding(
        f"{packets:,} packets of {offsets[packets]:,} codes on a netlist of {area}; {decided} "
        "marked next to a border and decided as the driver does",
        packets,
        int(found != pinned),
        worst=found,
        bound=pinned,
    )
