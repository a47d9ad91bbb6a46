"""Contents of nextpnr's report and log: clock, cells used, slowest path, cause of a failure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "ROUTED_BUT",
    "CriticalPath",
    "clocks",
    "critical_path",
    "fmax_mhz",
    "ignored_clocks",
    "only_late",
    "over_full",
    "used",
    "why_it_failed",
]

_CARRY_INPUTS = ("CIN", "FCI")
_CELL_PART = re.compile(
    r"(_(TRELLIS|LUT\d|CCU2C|PFUMX|L6MUX|DPR16|DP16KD|SB_|DFF|ALU|MUX2|RAM16|SDP|pROM).*|\$.*)$"
)
"""Suffixes that yosys and nextpnr append to a signal's name to name its cells."""

_USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%$", re.MULTILINE)
ROUTED_BUT = "routed, but"
"""How `why_it_failed` begins where another seed may do better."""
_SLOW = re.compile(
    r"^ERROR: Max frequency .*?: ([\d.]+) MHz \(FAIL at ([\d.]+) MHz\)", re.MULTILINE
)

_HOLD = re.compile(r"^Info: (\d+) Hold/min time violations", re.MULTILINE)


_IGNORED = re.compile(r"net '([^']*)' does not exist in design, ignoring clock constraint")


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path from a register to a register.

    Parameters
    ----------
    start, end : str
        The registers (or memories) as `unit.signal` of the gateware.
    logic_ns, routing_ns : float
        Delay in cells, clock to output and setup included, and in wires.
    levels : int
        Look-up tables and multiplexers on the path; a carry chain counts once.
    carries : int
        Steps along carry chains.
    """

    start: str
    end: str
    logic_ns: float
    routing_ns: float
    levels: int
    carries: int

    @property
    def words(self) -> str:
        """The path as a sentence."""
        total = self.logic_ns + self.routing_ns
        chain = f", {self.carries} steps of carry" if self.carries else ""
        way = f"within {self.start}" if self.start == self.end else f"{self.start} to {self.end}"
        return (
            f"{way}: {total:.2f} ns, of which {self.logic_ns:.2f} in {self.levels} levels of logic"
            f"{chain} and {self.routing_ns:.2f} in wires"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the path in words and its figures."""
        return {"in_words": self.words, **asdict(self)}


def fmax_mhz(report: Mapping[str, Any], clock: str | None = None) -> float:
    """Return the frequency that a clock of a routed design reaches, or the slowest, in MHz."""
    return float(report["fmax"][_named(report, clock)]["achieved"])


def _named(report: Mapping[str, Any], clock: str | None) -> str:
    """Return nextpnr's name of a clock, or of the slowest one."""
    reached = {str(name): float(one["achieved"]) for name, one in report["fmax"].items()}
    if clock is None:
        return min(reached, key=lambda name: reached[name])
    (name,) = [name for name in reached if _plain(name) == clock]
    return name


def _plain(clock: str) -> str:
    """Return the name in the design of a clock: nextpnr adds the net, the buffer and the pin."""
    inner = clock.removeprefix("$glbnet$").removeprefix("$PACKER_GBUF_")
    return inner.removesuffix("$TRELLIS_IO_IN")


def clocks(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what was required of each clock of a routed design, and what it reaches."""
    return {
        _plain(name): {
            "required_mhz": round(float(clock["constraint"]), 2),
            "reached_mhz": round(float(clock["achieved"]), 2),
        }
        for name, clock in report["fmax"].items()
    }


def used(report: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of used cells of each kind, without unused kinds."""
    cells = {name: int(cell["used"]) for name, cell in report["utilization"].items()}
    return {name: count for name, count in cells.items() if count}


def critical_path(report: Mapping[str, Any], clock: str | None = None) -> CriticalPath:
    """Return the slowest path of a clock, or of the slowest one."""
    edge = f"posedge {_named(report, clock)}"
    (path,) = [
        entry["path"]
        for entry in report["critical_paths"]
        if entry["from"] == edge and entry["to"] == edge
    ]
    wires = sum(step["delay"] for step in path if step["type"] == "routing")
    inside = [step for step in path if step["type"] == "logic"]
    carries = sum(step["from"]["port"] in _CARRY_INPUTS for step in inside)
    return CriticalPath(
        start=_signal(path[0]["from"]["cell"]),
        end=_signal(path[-1]["to"]["cell"]),
        logic_ns=round(sum(step["delay"] for step in path) - wires, 3),
        routing_ns=round(wires, 3),
        levels=len(inside) - carries,
        carries=carries,
    )


def over_full(log: str) -> list[str]:
    """Return each kind of cell that the part has too few of, with figures, from nextpnr's log."""
    return [
        f"{name} {int(wanted):,} of {int(there):,} ({100 * int(wanted) / int(there):.0f} %)"
        for name, wanted, there in _USED.findall(log)
        if int(wanted) > int(there)
    ]


def ignored_clocks(log: str) -> list[str]:
    """Return the nets whose frequency nextpnr was given and ignored.

    It only warns of them, and checks their clocks against the frequency of all others, or against
    12 MHz.
    """
    return _IGNORED.findall(log)


def only_late(log: str) -> bool:
    """Return whether all that a design lacks after routing is speed, from nextpnr's log."""
    return bool(_SLOW.search(log)) and not (_HOLD.search(log) or ignored_clocks(log))


def why_it_failed(log: str) -> str | None:
    """Return why nextpnr's result does not count, in words; None if its log has no cause.

    It gave up, or ignored a clock (`ignored_clocks`).
    """
    ignored = ignored_clocks(log)
    if ignored:
        return (
            f"the clock constraint of {', '.join(ignored)} is ignored, as no net has that name; "
            "constrain the port that the clock comes in by"
        )
    missing = over_full(log)
    if missing:
        return f"does not fit: {', '.join(missing)}"
    slow = _SLOW.findall(log)
    if slow:
        reached, required = slow[-1]
        return f"{ROUTED_BUT} reaches {reached} MHz of the {required} MHz required"
    hold = _HOLD.findall(log)
    if hold:
        return f"{ROUTED_BUT} with {hold[-1]} violations of hold times"
    errors = re.findall(r"^ERROR: (.*)$", log, re.MULTILINE)
    return f"nextpnr: {errors[0]}" if errors else None


def _signal(cell: str) -> str:
    """Return the gateware's signal in a cell's name."""
    return _CELL_PART.sub("", cell)
