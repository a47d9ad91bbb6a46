"""`Admission`: nobody reads what is still to be written, nothing overflows, order stays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amaranth.hdl import Assert, Assume, Cat, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import data

from consilience_hw.monitor.admission import Admission
from consilience_hw.monitor.monitor_beat import MonitorOperation
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["admitted_order", "small_admission"]

HOLD, RENEWAL_HOLD, DRAIN, DEPTH = 4, 6, 7, 4

Ports = Mapping[str, Signal]
DOES = MonitorOperation


def small_admission(kind: type[Admission] = Admission) -> Admission:
    """Return one of 4 agents and short holds: more only repeats the same."""
    return kind(1, 4, hold=HOLD, renewal_hold=RENEWAL_HOLD, drain=DRAIN, depth=DEPTH)


def admitted_order(folder: Path, unit: Any = None, cycles: int = 0) -> Outcome:
    """Prove for ever, whatever comes and at whatever pace.

    - No beat enters within `hold` cycles of one of its agent that changes the agent, nor within
      `renewal_hold` of one that can renew it; what a sweep gives, neither.
    - No more results are inside than there is room for.
    - What was taken enters once, in order, unchanged: one beat, marked at an arbitrary time.

    Without resets after the first. With `cycles`, look for a counterexample of so many alone.
    """
    unit = unit or small_admission()
    netlist = flat_netlist(unit, folder)
    shows = ["sweeping", "scans", "in_first", "in_second", "first", "second", "sweeps", "asks"]
    shows += ["inside", "quiet", "room", "drained", "held", "place"]
    for age in range(1, RENEWAL_HOLD - 2):
        shows += [f"agent_{age}", f"renews_{age}"]
        shows += [f"writes_{age}"] if age < HOLD - 2 else []
    for name, hold in (("written", HOLD), ("renewed", RENEWAL_HOLD)):
        shows += [f"{name}_{age}_on_first" for age in range(1, hold - 1)]
        shows += [f"{name}_{age}_on_second" for age in range(1, hold - 1)]
    for name in shows:
        netlist.show(name, netlist.net(name))
    mark = Signal()
    layout = unit.i.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        def beat_of(bits: Value) -> data.View:
            return data.View(layout, bits)

        m.d.comb += Assume(~ResetSignal())
        entering = beat_of(ports["o__payload"])
        operation = entering.operation
        valid = ports["o__valid"]
        anew = (operation == DOES.RENEW) | (operation == DOES.BEGIN)
        updates = operation == DOES.UPDATE
        changes = anew | updates | (operation == DOES.WRITE) | (operation == DOES.ACKNOWLEDGE)
        renews = anew | (updates & ports["renewing"])
        answered = updates | (operation == DOES.PROVISIONAL) | (operation == DOES.READ)

        # What entered in the cycles before.
        past: list[tuple[Value, Value, Value, Value]] = [
            (entering.agent, valid, valid & changes, valid & renews)
        ]
        for age in range(1, DRAIN + 1):
            kinds = zip(("agent", "valid", "changes", "renews"), past[-1], strict=True)
            now = tuple(Signal(len(one), name=f"past_{kind}_{age}") for kind, one in kinds)
            m.d.sync += [register.eq(value) for register, value in zip(now, past[-1], strict=True)]
            past.append(now)
        for age in range(1, RENEWAL_HOLD):
            agent, _, changed, renewed = past[age]
            same = valid & (agent == entering.agent)
            m.d.comb += Assert(~(same & renewed))
            if age < HOLD:
                m.d.comb += Assert(~(same & changed))

        # The invariant: the unit's own memory of it.
        first, second = beat_of(ports["first"]), beat_of(ports["second"])
        waits = ports["in_first"] & ~ports["sweeps"]
        all_bears = []
        for age in range(1, RENEWAL_HOLD):
            agent, was_valid, changed, renewed = past[age]
            if age < RENEWAL_HOLD - 2:
                m.d.comb += [
                    Assert(ports[f"agent_{age}"] == agent),
                    Assert(ports[f"renews_{age}"] == renewed),
                ]
            if age < HOLD - 2:
                m.d.comb += Assert(ports[f"writes_{age}"] == changed)
            for name, flag, ages in (
                ("written", changed, HOLD),
                ("renewed", renewed, RENEWAL_HOLD),
            ):
                if age >= ages:
                    continue
                for place, beat, there in (
                    ("first", first, waits),
                    ("second", second, ports["in_second"]),
                ):
                    net = f"{name}_{age}_on_{place}"
                    if net in ports:
                        right = ports[net] == (flag & (agent == beat.agent))
                        m.d.comb += Assert(~there | right)
                    if place == "second":
                        all_bears.append(flag & (agent == beat.agent))
            # A sweep finds nothing inside, and has given the agents before its own.
            m.d.comb += [
                Assert(was_valid | ~changed),
                Assert(changed | ~renewed),
                Assert(~was_valid | (ports["quiet"] < age)),
                Assert(~(was_valid & ports["sweeping"]) | (agent < ports["place"])),
            ]
        sweep = (first.operation == DOES.SCAN) | (first.operation == DOES.BEGIN)
        gets = second.operation
        asks = (gets == DOES.UPDATE) | (gets == DOES.PROVISIONAL) | (gets == DOES.READ)
        m.d.comb += [
            *(Assert(~past[age][1] | (ports["quiet"] < age)) for age in (RENEWAL_HOLD, DRAIN)),
            Assert(ports["quiet"] <= DRAIN),
            Assert(ports["sweeping"] | (ports["place"] == 0)),
            Assert(~ports["drained"] | (ports["quiet"] == DRAIN)),
            Assert(~ports["in_first"] | (ports["sweeps"] == sweep)),
            Assert(~ports["in_second"] | (ports["asks"] == asks)),
            Assert(~ports["in_second"] | (gets != DOES.SCAN) & (gets != DOES.BEGIN)),
            Assert(~ports["in_second"] | (ports["held"] == Cat(*all_bears).any())),
            Assert(~ports["sweeping"] | ~(ports["in_first"] | ports["in_second"])),
        ]

        # Room.
        inside = Signal(range(DEPTH + 2))
        m.d.sync += inside.eq(inside + (valid & answered) - ports["taken"])
        m.d.comb += [
            Assume(~ports["taken"] | (inside != 0)),
            Assert(ports["inside"] == inside),
            Assert(inside <= DEPTH),
            Assert(~ports["room"] | (inside < DEPTH)),
        ]

        # Order.
        comes = ports["i__valid"] & ports["i__ready"]
        enters = valid & ~ports["sweeping"]
        marked, ahead, value = Signal(), Signal(), Signal(len(ports["first"]))
        taken = beat_of(ports["i__payload"]).operation
        swept = (taken == DOES.SCAN) | (taken == DOES.BEGIN)
        with m.If(comes & mark & ~marked & ~swept):
            before = (ports["in_first"] + ports["in_second"] - enters)[:2]
            m.d.sync += [marked.eq(1), value.eq(ports["i__payload"]), ahead.eq(before)]
            m.d.comb += Assert(before < 2)
        with m.Elif(marked & enters):
            m.d.sync += [marked.eq(ahead), ahead.eq(0)]
            m.d.comb += Assert(ahead | (ports["o__payload"] == value))
        in_second = ports["in_second"] & ~ahead
        lies = Mux(in_second, ports["second"], ports["first"])
        m.d.comb += [
            Assert(~marked | (lies == value)),
            Assert(~marked | in_second | waits),
            Assert(~(marked & ahead) | ports["in_second"]),
        ]

    question = Monitor(netlist, body).question(folder, mark)
    return question.bounded(cycles) if cycles else question.for_ever(1)
