"""Which observations count: their agent and bin exist, and their number is new."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from ..primitives.deep_memory import DeepMemory
from ..spec.counts import check_count, check_power_of_two
from ..spec.observations import SEQUENCE_BITS
from .observation_reader import observation_layout

__all__ = ["ObservationChecks", "checked_layout"]

_STAGES = 3
"""Cycles from an address to the decision that may write there."""


def checked_layout(agents: int, bins: int) -> data.StructLayout:
    """Return the layout of an observation whose agent and bin exist."""
    return data.StructLayout(
        {
            "agent": unsigned(exact_log2(agents)),
            "bin": unsigned(ceil_log2(bins)),
            "sequence": unsigned(SEQUENCE_BITS),
        }
    )


class ObservationChecks(wiring.Component):
    """Hands on each observation once; skips, and tells, all that do not count.

    Of each agent the highest number so far is kept. An observation counts if its number is above
    that, by less than 2**15 modulo 2**16, or is the agent's first. So a datagram that comes twice
    counts once, whoever sent it, as long as fewer than 2**15 observations of each of its agents are
    taken in between: with 14 million a second spread over 2**14 agents 38 s, all of one agent
    2.3 ms. What comes behind a later one of its agent is skipped, too: no window is kept, which
    would take four block RAMs for each one here.

    Whether an observation counts depends on agents, numbers and whether its bin exists, never on
    which bin it is. One whose agent or bin does not exist leaves its agent's number as it was.

    An observation waits until one of the same agent before it has been decided: `hold` cycles.
    Nothing is taken in the `agents` cycles after a reset and after `forget`.

    Latency: `latency` cycles. Throughput: one observation per cycle of different agents.

    Parameters
    ----------
    agents : int
        A power of two.
    bins : int
        2 to 2**16.

    Members
    -------
    i : stream of `observation_layout`
    o : stream of `checked_layout`
    inside : out
        An observation is inside.
    forget : in
        Strobe, only while nothing is inside or offered: forget the numbers of all agents.
    taken, other_agent, other_bin, not_above : out
        Strobes: what becomes of an observation.
    missing : out
        How many numbers one that is taken passed over; else 0.
    """

    latency = _STAGES
    hold = _STAGES + 1

    def __init__(self, agents: int, bins: int) -> None:
        check_power_of_two("agents", agents)
        check_count("bins", bins, 2, 1 << 16)
        self.agents, self.bins = agents, bins
        super().__init__(
            {
                "i": In(stream.Signature(observation_layout())),
                "o": Out(stream.Signature(checked_layout(agents, bins))),
                "inside": Out(1),
                "forget": In(1),
                "taken": Out(1),
                "other_agent": Out(1),
                "other_bin": Out(1),
                "not_above": Out(1),
                "missing": Out(SEQUENCE_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o = self.i, self.o
        word = data.StructLayout({"numbered": 1, "number": unsigned(SEQUENCE_BITS)})
        numbers = DeepMemory(m, platform, "numbers", word.size, self.agents)

        # What does not exist is skipped at the entrance.
        agent = i.p.agent[: exact_log2(self.agents)]
        no_agent = i.p.agent[exact_log2(self.agents) :].any()
        no_bin = i.p.bin >= self.bins

        # Stage n holds what entered n cycles ago; all stand still together.
        rows = [Signal(o.p.shape(), name=f"row_{n + 1}", reset_less=True) for n in range(_STAGES)]
        valids = [Signal(name=f"valid_{n + 1}") for n in range(_STAGES)]
        moves, clearing, enters = Signal(), Signal(init=1), Signal()
        same: Value = Const(0)
        for row, valid in zip(rows, valids, strict=True):
            same = same | (valid & (row.agent == agent))
        above = Signal()
        m.d.comb += [
            moves.eq(o.ready | ~o.valid),
            i.ready.eq(moves & ~clearing & (no_agent | no_bin | ~same)),
            enters.eq(i.valid & i.ready & ~no_agent & ~no_bin),
            self.other_agent.eq(i.valid & i.ready & no_agent),
            self.other_bin.eq(i.valid & i.ready & ~no_agent & no_bin),
            self.inside.eq(Cat(valids).any()),
        ]
        stored = word(numbers.read_when(m, moves, agent))
        distance = Signal(SEQUENCE_BITS)
        passed = Signal(SEQUENCE_BITS, reset_less=True)
        m.d.comb += distance.eq(rows[1].sequence - stored.number)
        with m.If(moves):
            m.d.sync += [
                valids[0].eq(enters),
                rows[0].agent.eq(agent),
                rows[0].bin.eq(i.p.bin),
                rows[0].sequence.eq(i.p.sequence),
                above.eq(~stored.numbered | ((distance != 0) & ~distance[-1])),
                passed.eq(Mux(stored.numbered, distance - 1, 0)),
            ]
            for n in range(1, _STAGES):
                m.d.sync += [valids[n].eq(valids[n - 1]), rows[n].eq(rows[n - 1])]

        # The decision, and its write.
        decided = Signal()
        place = Signal(range(self.agents))
        kept = Signal(word)
        m.d.comb += [
            o.valid.eq(valids[-1] & above),
            o.p.eq(rows[-1]),
            decided.eq(valids[-1] & moves),
            self.taken.eq(decided & above),
            self.not_above.eq(decided & ~above),
            self.missing.eq(Mux(self.taken, passed, 0)),
            kept.numbered.eq(~clearing),
            kept.number.eq(rows[-1].sequence),
        ]
        written = Mux(clearing, place, rows[-1].agent)
        numbers.write(m, written, kept.as_value(), clearing | self.taken)
        with m.If(clearing):
            m.d.sync += [place.eq(place + 1), clearing.eq(place != self.agents - 1)]
        with m.If(self.forget):
            m.d.sync += clearing.eq(1)
        return m
