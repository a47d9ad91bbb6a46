"""T of a monitor: the log of the weighted sum of its components."""

from amaranth.hdl import Cat, Module, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow, tree_depth
from ..spec.log_format import Q16_16
from .code_sum import CODE_SUM_LATENCY, code_sum
from .log_add import LogAdd, log_added_layout

__all__ = ["Statistic"]

_CODE = signed(Q16_16.code_bits)


class Statistic(wiring.Component):
    """A balanced tree of L over ``weight (+) component``, in order; an odd last one passes.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    components : int
        K.

    Members
    -------
    i : flow of ArrayLayout(signed(32), components)
        The components.
    weights : in
        pi_k, codes of at most 0; constant while a beat is inside.
    o : flow of `log_add.log_added_layout`
        ``code``: T. ``cut``: an L was cut at the highest code.
    """

    def __init__(self, components: int) -> None:
        self.components = components
        codes = data.ArrayLayout(_CODE, components)
        super().__init__(
            {"i": In(flow(codes)), "weights": In(codes), "o": Out(flow(log_added_layout()))}
        )

    @property
    def latency(self) -> int:
        """Cycles from components to their statistic."""
        return CODE_SUM_LATENCY + LogAdd.latency * tree_depth(self.components)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        codes: list[Value] = []
        for k in range(self.components):
            weighted, _ = code_sum(m, self.i.p[k], self.weights[k], f"weighted_{k}")
            codes.append(weighted)
        cuts: list[Value] = []
        level = 0
        while len(codes) > 1:
            level += 1
            pairs = len(codes) // 2
            m.submodules[f"level_{level}"] = adds = LogAdd(pairs)
            passed = codes[2 * pairs :]
            cuts = [delayed(m, Cat(*cuts).any(), LogAdd.latency, f"cut_{level}")] if cuts else []
            for pair in range(pairs):
                m.d.comb += [
                    adds.i.p[pair].a.eq(codes[2 * pair]),
                    adds.i.p[pair].b.eq(codes[2 * pair + 1]),
                ]
                cuts.append(adds.o.p[pair].cut)
            codes = [adds.o.p[pair].code for pair in range(pairs)]
            codes += [delayed(m, one, LogAdd.latency, f"passed_{level}") for one in passed]
        m.d.comb += [
            self.o.p.code.eq(codes[0]),
            self.o.p.cut.eq(Cat(*cuts).any()),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m
