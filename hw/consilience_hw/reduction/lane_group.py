"""A few lanes of a beat to one partial state: the part that a wide engine repeats."""

from amaranth.hdl import Module, Value, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..exp2.exp2 import Exp2
from ..primitives.pipeline import any_by_fours, delayed, flow
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .beat import beat_layout
from .highest_bin import HighestBin, key_bits
from .tree_reducer import TreeReducer
from .window import window_layout

__all__ = ["LaneGroup"]

_MANY = 8
"""Above so many lanes, wires are long: what crosses the group has cycles of its own."""


class LaneGroup(wiring.Component):
    """The exact sum of a beat's codes, cut at the window under the highest of them.

    Each lane has an `Exp2`; beside them `HighestBin` finds the top; `TreeReducer` follows. The
    quicker of the two is delayed: codes before `Exp2`, or the highest bin after. Many lanes are
    registered first.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        Codes per beat.

    Members
    -------
    i : flow of `beat_layout`
        ``last`` is not read: a state is of one beat. In a cycle without a beat the state is absent.
    highest : flow of `highest_bin.bin_key`
        The state's top and presence, `lead` cycles before it.
    o : flow of `window_layout` for as many codes
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        check_count("lanes", lanes)
        self.fmt = fmt
        self.lanes = lanes
        self._many = int(lanes > _MANY)
        # Many lanes lie far from their tables, on either side of them.
        self.exp2 = Exp2(fmt, lanes, to_tables=self._many, from_tables=1)
        self.reducer = TreeReducer(fmt, lanes)
        self.highest_bin = HighestBin(fmt, lanes, late=1 + self._many)
        super().__init__(
            {
                "i": In(flow(beat_layout(fmt, lanes))),
                "highest": Out(flow(unsigned(key_bits(fmt)))),
                "o": Out(flow(window_layout(fmt, lanes))),
            }
        )

    @property
    def lead(self) -> int:
        """Cycles from `highest` to `o`."""
        return self.latency - self.top_latency

    @property
    def top_latency(self) -> int:
        """Cycles from a beat to `highest`."""
        return self._many + self.highest_bin.latency

    @property
    def latency(self) -> int:
        """Cycles from a beat to its state."""
        return self._many + self._ready + self.reducer.latency

    @property
    def _ready(self) -> int:
        return max(self.exp2.latency, self.highest_bin.latency)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.exp2 = exp2 = self.exp2
        m.submodules.highest_bin = highest = self.highest_bin
        m.submodules.reducer = reducer = self.reducer
        wait = self._ready - exp2.latency
        for lane in range(self.lanes):
            code = delayed(m, self.i.p.codes[lane], self._many, f"code_{lane}")
            present = self._present(m, lane)
            term = reducer.i.p.terms[lane]
            m.d.comb += [
                highest.i.p[lane].code.eq(code),
                highest.i.p[lane].present.eq(present),
                exp2.i.p[lane].code.eq(delayed(m, code, wait, f"late_{lane}")),
                term.mantissa.eq(exp2.o.p[lane].mantissa),
                term.position.eq(exp2.o.p[lane].position),
                # It goes round `Exp2`, as it is known later than the code.
                term.present.eq(delayed(m, present, self._ready - highest.late, f"present_{lane}")),
            ]
        late = delayed(m, highest.o.p, self._ready - highest.latency, "highest")
        valid = delayed(m, self.i.valid, self._many, "valid", reset=True)
        m.d.comb += [
            highest.i.valid.eq(valid),
            self.highest.p.eq(highest.o.p),
            self.highest.valid.eq(highest.o.valid),
            exp2.i.valid.eq(delayed(m, valid, wait, "late_valid", reset=True)),
            reducer.i.p.highest.eq(late),
            reducer.i.valid.eq(exp2.o.valid),
            self.o.p.eq(reducer.o.p),
            self.o.valid.eq(reducer.o.valid),
        ]
        return m

    def _present(self, m: Module, lane: int) -> Value:
        """Return whether a lane has a finite code, 1 cycle after it comes, or 3 with many lanes."""
        others = self.i.p.codes[lane].as_unsigned() ^ (1 << self.fmt.code_bits - 1)
        if not self._many:
            half = self.fmt.code_bits // 2
            low = delayed(m, others[:half].any(), 1, f"low_{lane}")
            high = delayed(m, others[half:].any(), 1, f"high_{lane}")
            return delayed(m, self.i.p.keep[lane], 1, f"keep_{lane}") & (low | high)
        some = any_by_fours(m, others, 2, f"some_{lane}").any()
        keep = delayed(m, self.i.p.keep[lane], 2, f"keep_{lane}")
        return delayed(m, keep & some, 1, f"present_{lane}")
