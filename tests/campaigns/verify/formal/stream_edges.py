"""Streams at the outputs of units: nothing offered is withdrawn or changed until it is taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from amaranth.hdl import Assert, Assume, Cat, Module, Signal, Value
from amaranth.lib import wiring

from consilience_hw.engine.jobs import Jobs
from consilience_hw.engine.posterior_job import PosteriorJob
from consilience_hw.engine.reduce_job import ReduceJob
from consilience_hw.fusion.posterior import Posterior
from consilience_hw.link.cobs_decoder import CobsDecoder
from consilience_hw.link.cobs_encoder import CobsEncoder
from consilience_hw.link.frame_receiver import FrameReceiver
from consilience_hw.link.frame_sender import FrameSender
from consilience_hw.link.message_reader import MessageReader
from consilience_hw.link.reply_store import ReplyStore
from consilience_hw.live.live_log_sum import LiveLogSum
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.primitives.stream_register import ReadyRegister, StreamRegister
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.buffered_results import counters_agree, show_counters
from tests.campaigns.verify.formal.influence import cone_of
from tests.campaigns.verify.formal.netlist import Netlist, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome
from tests.campaigns.verify.formal.timed_units import LIVE_CODES, LIVE_FORMAT, MONITOR

__all__ = ["EDGES", "StreamUnit", "ready_in_valid", "rules_outcome", "stream_rule"]

Ports = Mapping[str, Signal]


@dataclass(frozen=True)
class StreamUnit:
    """A unit with streams.

    Parameters
    ----------
    name : str
        For the report.
    build : callable
        Returns the component.
    inputs, outputs : tuple of str
        Its streams, as the prefix of their ports' names.
    cycles : int
        Over so many the induction goes.
    environment : callable, optional
        Adds what the unit may expect beyond streams that keep the rules.
    show : callable, optional
        Makes ports of inner nets, for `invariants`.
    invariants : callable, optional
        What is true in every reachable state, proved along with the rule.
    """

    name: str
    build: Callable[[], wiring.Component]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cycles: int = 1
    environment: Callable[[Module, Ports], None] | None = None
    show: Callable[[Netlist], None] | None = None
    invariants: Callable[[Ports], list[Value]] | None = None

    def netlist(self, folder: Path) -> Netlist:
        """Return the unit, flat."""
        netlist = flat_netlist(self.build(), folder)
        if self.show is not None:
            self.show(netlist)
        return netlist


def stream_rule(m: Module, ports: Ports, stream: str) -> Value:
    """Return whether a stream keeps the rule in this cycle: what was refused is offered again."""
    valid, ready = ports[f"{stream}__valid"], ports[f"{stream}__ready"]
    payload = Cat(ports[name] for name in sorted(ports) if name.startswith(f"{stream}__payload"))
    refused = Signal(name=f"{stream}_refused")
    offered = Signal(len(payload), name=f"{stream}_offered")
    m.d.sync += [refused.eq(valid & ~ready), offered.eq(payload)]
    return ~refused | (valid & (payload == offered))


def rules_outcome(unit: StreamUnit, netlist: Netlist, folder: Path, cycles: int = 0) -> Outcome:
    """Prove for ever that all output streams keep the rule, if all input streams do.

    With `cycles` only so many from reset.
    """

    def body(m: Module, ports: Ports) -> None:
        m.d.comb += [Assume(stream_rule(m, ports, stream)) for stream in unit.inputs]
        if unit.environment is not None:
            unit.environment(m, ports)
        if unit.invariants is not None:
            m.d.comb += [Assert(value) for value in unit.invariants(ports)]
        m.d.comb += [Assert(stream_rule(m, ports, stream)) for stream in unit.outputs]

    question = Monitor(netlist, body).question(folder)
    return question.bounded(cycles) if cycles else question.for_ever(unit.cycles)


def ready_in_valid(unit: StreamUnit, netlist: Netlist) -> list[str]:
    """Return the output streams whose valid depends on their own ready in the same cycle."""
    return [
        stream
        for stream in unit.outputs
        if cone_of(netlist, netlist.outputs[f"{stream}__valid"], in_cycle=True).touches(
            netlist.inputs[f"{stream}__ready"]
        )
    ]


def _one_job(m: Module, ports: Ports) -> None:
    """The type of the job does not change, and no message is given up, while words are offered."""
    chosen = Signal()
    begun = Signal()
    m.d.sync += [chosen.eq(ports["port__posterior"]), begun.eq(1)]
    m.d.comb += [
        Assume(~ports["port__clear"]),
        Assume(~begun | (ports["port__posterior"] == chosen)),
    ]


def _no_resync(m: Module, ports: Ports) -> None:
    """The decoder is not told to give the frame up."""
    m.d.comb += Assume(~ports["resync"])


def _one_fragment(m: Module, ports: Ports) -> None:
    """A job stops only after a word it took; the buffer keeps a word that is offered."""
    held, word = Signal(), Signal(32)
    waits = ports["o__valid"] & ~ports["o__ready"]
    m.d.sync += [held.eq(waits), word.eq(ports["word"])]
    m.d.comb += [
        Assume(~held | (~ports["stop"] & (ports["word"] == word))),
        Assume(~ports["busy"] | ~(ports["begin"] | ports["clear"])),
    ]


def _show_phases(netlist: Netlist) -> None:
    """Make ports of the registers that `_offered_early` speaks of."""
    for name in ("offered", "phase", "filling", "ending"):
        netlist.show(name, netlist.net(name))


def _offered_early(ports: Ports) -> list[Value]:
    """A word is offered in the first two phases of its round only."""
    in_time = ports["busy"] & ~ports["filling"] & ~ports["ending"] & ~ports["phase"][1]
    return [~ports["offered"] | in_time, ~(ports["filling"] & ports["ending"])]


SMALL = EngineConfig(lanes=2, hypotheses=2, credits=2, largest_payload=256)

EDGES = (
    StreamUnit(
        "LogSumExp",
        partial(LogSumExp, Q16_16, 2),
        ("i",),
        ("o",),
        show=partial(show_counters, inside="results."),
        invariants=counters_agree,
    ),
    StreamUnit(
        "LiveLogSum",
        partial(LiveLogSum, LIVE_FORMAT, LIVE_CODES),
        ("i",),
        ("o",),
        show=partial(show_counters, inside="results."),
        invariants=counters_agree,
    ),
    StreamUnit("BinIncrements", MONITOR[-2].build, ("i",), ("o",)),
    StreamUnit(
        "Monitor",
        MONITOR[-1].build,
        ("i",),
        ("o",),
        show=partial(show_counters, inside="results."),
        invariants=counters_agree,
    ),
    StreamUnit("Posterior", partial(Posterior, Q16_16, 4), ("i", "total"), ("o", "terms")),
    StreamUnit(
        "ReduceJob", partial(ReduceJob, Q16_16, 4), ("port__i", "sums"), ("beats", "port__o")
    ),
    StreamUnit(
        "PosteriorJob",
        lambda: PosteriorJob(Posterior(Q16_16, 4)),
        ("port__i", "posteriors"),
        ("evidence", "port__o"),
        cycles=4,
    ),
    StreamUnit(
        "Jobs",
        partial(Jobs, SMALL),
        ("port__i",),
        ("port__o",),
        3,
        _one_job,
        show=partial(show_counters, inside="log_sum_exp.results."),
        invariants=counters_agree,
    ),
    StreamUnit("StreamRegister", partial(StreamRegister, 8), ("i",), ("o",)),
    StreamUnit("ReadyRegister", partial(ReadyRegister, 8), ("i",), ("o",)),
    StreamUnit("CobsDecoder", CobsDecoder, ("i",), ("o",), environment=_no_resync),
    StreamUnit("CobsEncoder", CobsEncoder, ("i",), ("o",)),
    StreamUnit("FrameReceiver", partial(FrameReceiver, 256), ("i",), ("frame__next", "drop"), 2),
    StreamUnit("FrameSender", partial(FrameSender, 4, 256), ("reply__next",), ("o",)),
    StreamUnit(
        "MessageReader",
        partial(MessageReader, 8),
        (),
        ("o",),
        2,
        _one_fragment,
        show=_show_phases,
        invariants=_offered_early,
    ),
    StreamUnit("ReplyStore", partial(ReplyStore, 4, 256), (), ("read__next",)),
)
