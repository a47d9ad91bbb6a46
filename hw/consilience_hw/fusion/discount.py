"""Age to weight: how much the last known state of a shard still counts."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..exp2.exp2 import Exp2
from ..primitives.pipeline import delayed, flow
from ..spec.log_format import Q16_16
from ..spec.number_formats import AGE_BITS, WEIGHT_BITS

__all__ = ["Discount", "age_layout"]

_WHOLE_BITS = 5
"""Integer bits of q. The weight is 0 long before 2**5 half-lives."""
_QUOTIENT_BITS = _WHOLE_BITS + Q16_16.fraction_bits
_DROPPED = Q16_16.mantissa_bits - WEIGHT_BITS
"""Bits of a mantissa at position 0 below the last bit of a weight."""


def age_layout() -> data.StructLayout:
    """Return the layout of an age and its policy, all unsigned integers in ms.

    ``age``: an upper bound. ``grace``: up to this age the weight is 1. ``half_life``: not 0.
    ``max_age``: from this age on the weight is 0.
    """
    fields = ("age", "grace", "half_life", "max_age")
    return data.StructLayout(dict.fromkeys(fields, unsigned(AGE_BITS)))


class Discount(wiring.Component):
    """``w = round_half_up(2**16 * 2**-q)``, ``q = floor((age - grace) * 2**16 / half_life)``.

    q has units of 2**-16, as a code has: `Exp2` gives 2**-q as ``M[f] * 2**(e - 24)`` for the code
    -q, and w is this number, rounded once. q is 0 up to `grace`, w is 0 from `max_age` on. So w is
    65536 exactly when q is 0, never rises with age, and is 0 from 17.00002 half-lives on.

    The unit is a restoring divider, one row of subtractors per quotient bit, then `Exp2`, then a
    shift. Every beat brings its own policy.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Members
    -------
    i : flow of `age_layout`
    o : flow of unsigned(17)
        The weight, 0 .. 65536.
    """

    latency = 3 + _QUOTIENT_BITS + 1 + Exp2.latency + 3

    def __init__(self) -> None:
        super().__init__(
            {"i": In(flow(age_layout())), "o": Out(flow(unsigned(WEIGHT_BITS + 1)))},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.exp2 = exp2 = Exp2(Q16_16, 1)
        policy = self.i.p
        beyond_q1 = delayed(m, policy.age - policy.grace, 1, "beyond")
        late_q1 = delayed(m, policy.age >= policy.max_age, 1, "late")
        in_grace_q1 = beyond_q1[-1]
        excess_q2 = delayed(m, beyond_q1[:AGE_BITS] & ~in_grace_q1.replicate(AGE_BITS), 1, "excess")
        half_life_q2 = delayed(m, policy.half_life, 2, "half_life")
        # If not far, the quotient fits: the upper bits of the dividend are below the divisor.
        far_q3 = delayed(m, excess_q2[_WHOLE_BITS:] >= half_life_q2, 1, "far")
        present_q3 = ~(far_q3 | delayed(m, late_q1, 2, "late_q1"))

        q = self._quotient(m, excess_q2, half_life_q2)
        term = exp2.o.p[0]
        m.d.comb += [
            exp2.i.p[0].code.eq(delayed(m, -q, 1, "code")),
            exp2.i.p[0].present.eq(delayed(m, present_q3, _QUOTIENT_BITS + 1, "present")),
            exp2.i.valid.eq(
                delayed(m, self.i.valid, self.latency - exp2.latency - 3, "i_valid", reset=True)
            ),
        ]

        # Drop all bits below the weight except one, and one more per half-life; add half a unit.
        places = (-term.position)[: _WHOLE_BITS + 1]
        near = delayed(m, term.mantissa[_DROPPED - 1 :] >> places[:3], 1, "near")
        wide = delayed(m, places[3:], 1, "wide")
        twice = delayed(m, near >> (wide << 3), 1, "twice")
        rounded = (twice + 1)[1 : WEIGHT_BITS + 2]
        present = delayed(m, term.present, 2, "present_late")
        m.d.comb += [
            self.o.p.eq(delayed(m, Mux(present, rounded, 0), 1, "weight")),
            self.o.valid.eq(delayed(m, exp2.o.valid, 3, "o_valid", reset=True)),
        ]
        return m

    def _quotient(self, m: Module, excess: Value, half_life: Value) -> Signal:
        """Return ``(excess << 16) // half_life`` in `_QUOTIENT_BITS` bits, after 1 cycle more."""
        low = delayed(m, excess[:_WHOLE_BITS], 1, "low")
        rest = delayed(m, excess[_WHOLE_BITS:], 1, "rest_0")
        divisor = delayed(m, half_life, 1, "divisor_0")
        quotient = Signal(0)
        for step in range(1, _QUOTIENT_BITS + 1):
            raised = Cat(low[-1] if len(low) else 0, rest)
            trial = Signal(signed(AGE_BITS + 2), name=f"trial_{step}")
            m.d.comb += trial.eq(raised - divisor)
            fits = ~trial[-1]
            # Either way the rest is less than the divisor.
            rest = delayed(m, Mux(fits, trial[:AGE_BITS], raised[:AGE_BITS]), 1, f"rest_{step}")
            quotient = delayed(m, Cat(fits, quotient), 1, f"quotient_{step}")
            divisor = delayed(m, divisor, 1, f"divisor_{step}")
            low = delayed(m, low[:-1], 1, f"low_{step}") if len(low) > 1 else ()
        return quotient
