"""Two copies of a unit, the same control, arbitrary different data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from amaranth.hdl import Assert, Assume, Elaboratable, Module, Signal, Value

from tests.campaigns.verify.formal.influence import cone_of, register_bits
from tests.campaigns.verify.formal.netlist import Netlist
from tests.campaigns.verify.formal.proof import CLOCKS, Question, instance_of

__all__ = ["Assumption", "Composition", "Invariant", "Ports", "control_registers"]

STATE = "control_state"

Ports = dict[str, Signal]
Assumption = Callable[[Ports, Ports], list[Value]]
"""From the ports of both copies by name: values that are 1 in every cycle."""
Invariant = Callable[[Ports], list[Value]]
"""The same of one copy."""


def control_registers(netlist: Netlist, handshakes: Iterable[str]) -> list[int]:
    """Return the register bits in the cone of influence of some outputs."""
    outputs = [bit for name in handshakes for bit in netlist.outputs[name]]
    return sorted(cone_of(netlist, outputs).bits & register_bits(netlist))


@dataclass
class Composition:
    """What is asked: are the handshakes of two copies of a netlist equal in every cycle?

    The registers in the cone of the handshakes are the invariant: equal at reset, and if equal in
    one cycle then in the next, whatever the data registers, the memories and the data hold.

    Parameters
    ----------
    netlist : Netlist
        With its data inputs as ports of their own.
    data : set of str
        Inputs that are arbitrary and different in the copies; all others are arbitrary and equal.
    handshakes : list of str
        Outputs that are to be equal.
    assumptions : callable, optional
        What relates the data of the two copies.
    invariants : callable, optional
        What holds in every reachable state of the unit, proved along with the equality: it rules
        out states that only the induction would begin in.
    """

    netlist: Netlist
    data: set[str]
    handshakes: list[str]
    assumptions: Assumption | None = None
    invariants: Invariant | None = None

    def question(self, folder: Path, *, invariant: bool) -> Question:
        """Return the question, with the equality of control registers as a claim too, or not."""
        if invariant:
            self.netlist.show(STATE, control_registers(self.netlist, self.handshakes))
        harness = _Pair(self, invariant)
        return Question(
            harness, folder, netlists={"unit": self.netlist}, ports=tuple(harness.inputs)
        )


class _Pair(Elaboratable):
    """The two copies and the assertions."""

    def __init__(self, composition: Composition, invariant: bool) -> None:
        self.composition = composition
        self.equal = [*composition.handshakes, *([STATE] if invariant else [])]
        netlist = composition.netlist
        names = [name for name in netlist.inputs if name not in CLOCKS]
        widths = {name: len(bits) for name, bits in (netlist.inputs | netlist.outputs).items()}
        self.copies: list[Ports] = [{}, {}]
        shared = {
            name: Signal(widths[name], name=f"both_{name}")
            for name in names
            if name not in composition.data
        }
        for letter, copy in zip("ab", self.copies, strict=True):
            copy |= shared
            for name in [*(n for n in names if n in composition.data), *netlist.outputs]:
                copy[name] = Signal(widths[name], name=f"{letter}_{name}")
        self.inputs = {
            id(copy[name]): copy[name] for copy in self.copies for name in names
        }.values()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for letter, copy in zip("ab", self.copies, strict=True):
            m.submodules[letter] = instance_of(self.composition.netlist, copy)
        a, b = self.copies
        if self.composition.assumptions is not None:
            m.d.comb += [Assume(value) for value in self.composition.assumptions(a, b)]
        if self.composition.invariants is not None:
            m.d.comb += [
                Assert(value) for copy in self.copies for value in self.composition.invariants(copy)
            ]
        m.d.comb += [Assert(a[name] == b[name]) for name in self.equal]
        return m
