"""One step of a monitor's components: each takes its increment."""

from amaranth.hdl import Cat, Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow
from ..spec.log_format import Q16_16
from .code_sum import CODE_SUM_LATENCY, code_sum
from .log_add import LogAdd

__all__ = ["Recurrence", "step_layout", "stepped_layout"]

_CODE = signed(Q16_16.code_bits)


def step_layout(components: int) -> data.StructLayout:
    """Return the layout of a step.

    ``components``: R. ``increments``: x. ``other``: what each R is added to. ``absent``: take each
    R for the log of zero. ``plain``: take the greater of both instead of their log sum.
    """
    return data.StructLayout(
        {
            "components": data.ArrayLayout(_CODE, components),
            "increments": data.ArrayLayout(_CODE, components),
            "other": _CODE,
            "absent": 1,
            "plain": 1,
        }
    )


def stepped_layout(components: int) -> data.StructLayout:
    """Return the layout of its outcome: ``components``, and ``cut``, if one was cut at the top."""
    return data.StructLayout({"components": data.ArrayLayout(_CODE, components), "cut": 1})


class Recurrence(wiring.Component):
    """``R <- x (+) L(R, other)`` for each component, or with ``max`` in place of L.

    Every mode of a monitor is this with an `other` of its own (`agent_counts.AgentCounts`).

    Latency: `latency` cycles for all data. Throughput: one step per cycle.

    Parameters
    ----------
    components : int
        K.

    Members
    -------
    i : flow of `step_layout`
    o : flow of `stepped_layout`
    """

    latency = LogAdd.latency + CODE_SUM_LATENCY

    def __init__(self, components: int) -> None:
        self.components = components
        super().__init__(
            {
                "i": In(flow(step_layout(components))),
                "o": Out(flow(stepped_layout(components))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.bases = bases = LogAdd(self.components)
        step = self.i.p
        cuts = []
        m.d.comb += bases.i.valid.eq(self.i.valid)
        for k in range(self.components):
            m.d.comb += [
                bases.i.p[k].a.eq(step.components[k]),
                bases.i.p[k].b.eq(step.other),
                bases.i.p[k].absent.eq(step.absent),
                bases.i.p[k].plain.eq(step.plain),
            ]
            increment = delayed(m, step.increments[k], LogAdd.latency, f"increment_{k}")
            code, above = code_sum(m, bases.o.p[k].code, increment, f"sum_{k}")
            m.d.comb += self.o.p.components[k].eq(code)
            cuts += [above, delayed(m, bases.o.p[k].cut, CODE_SUM_LATENCY, f"base_cut_{k}")]
        m.d.comb += [
            self.o.p.cut.eq(Cat(*cuts).any()),
            self.o.valid.eq(delayed(m, bases.o.valid, CODE_SUM_LATENCY, "valid", reset=True)),
        ]
        return m
